/** Filters in the kernel, judged by libpcap itself: both must take the same packets. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { openLibrary } from '../../host/ebpf/native.js';
import { BpfObject } from '../../host/ebpf/object.js';
import { compilePacketFilter } from '../../host/ebpf/pcap.js';
import { built } from '../../host/root.js';
import { Random } from '../fuzz/random.js';
import { errorOf } from '../support/errors.js';
import { ACK, arp, ether, icmp, ip, ip6, SYN, tag, tcp, text, udp } from './build.js';
import { expressions } from './expressions.js';

const library = openLibrary(['libpcap.so.1', 'libpcap.so.0.8', 'libpcap.so']);
if (library === undefined) throw new Error('the tests need libpcap: scripts/setup.sh test installs it');
const openDead = library('void *pcap_open_dead(int, int)') as (link: number, length: number) => bigint;
const compile = library('int pcap_compile(void *, void *, const char *, int, uint32_t)') as (
	...args: [pcap: bigint, program: Uint8Array, expression: string, optimize: number, netmask: number]
) => number;
const offline = library('int pcap_offline_filter(void *, void *, void *)') as (...args: Uint8Array[]) => number;
const handles = { ethernet: openDead(1, 262144), raw: openDead(12, 262144) };

const many = new Array<number>(1400).fill(0x61);
const get = tcp(40000, 80, ACK, text('GET / HTTP/1.1\r\n'));
const packets: readonly number[][] = [
	ether(0x0800, ip(6, tcp(40000, 80, SYN))),
	ether(0x0800, ip(6, get)),
	ether(0x0800, ip(6, tcp(443, 40000, SYN | ACK), '10.1.2.3', '10.1.2.4')),
	ether(0x0800, ip(6, tcp(22, 5000, ACK, many), '198.51.100.7')),
	ether(0x0800, ip(6, tcp(8080, 80, ACK), undefined, undefined, { options: [1, 1, 1, 0] })),
	ether(0x0800, ip(17, udp(5353, 53, text('hello')))),
	ether(0x0800, ip(17, udp(53, 5353, text('hello')), undefined, '224.0.0.251')),
	ether(0x0800, ip(17, udp(53, 53), undefined, undefined, { fragment: 100 })),
	ether(0x0800, ip(1, icmp(8))),
	ether(0x0800, ip(1, icmp(3, 1))),
	ether(0x0800, ip(47, [0, 0, 8, 0, 1, 2, 3, 4])),
	ether(0x0806, arp('192.0.2.1', '192.0.2.2'), undefined, [255, 255, 255, 255, 255, 255]),
	ether(0x86dd, ip6(6, tcp(40000, 80, SYN))),
	ether(0x86dd, ip6(17, udp(53, 5353, text('hello')), '2001:db8:1::1')),
	ether(0x86dd, ip6(58, icmp(128))),
	ether(0x86dd, ip6(0, [17, 0, 1, 4, 0, 0, 0, 0, ...udp(53, 1)])),
	ether(0x86dd, ip6(44, [6, 0, 0, 1, 0, 0, 0, 1, ...tcp(1, 80, ACK)])),
	tag(5, 0x0800, ip(6, tcp(40000, 80, SYN))),
	tag(7, 0x0800, ip(17, udp(53, 53))),
	tag(9, 0x8100, [0, 5, 8, 0, ...ip(6, tcp(40000, 80, SYN))], 0x88a8),
	ether(0x8847, [0, 1, 1, 64, ...ip(6, get)]),
	ether(0x88cc, [2, 7, 4, 2, 0, 0, 0, 0, 1], undefined, [1, 0x80, 0xc2, 0, 0, 0xe]),
	ether(0x0800, many),
];
const random = new Random(20260821);
const samples = packets.flatMap((packet) => {
	const bytes = Uint8Array.from(packet);
	const changed = Array.from({ length: 12 }, () => random.mutate(bytes, Uint8Array.from(random.pick(packets))));
	// The kernel's test runs want a whole header of IPv6 behind its type.
	return [bytes, ...changed].filter(({ length }, i) => i === 0 || (length >= 54 && length < 3000));
});

const object = readFileSync(built('test/ebpf/fixtures/packet_filter.bpf.o'));
const open: BpfObject[] = [];
afterAll(() => {
	for (const one of open) one.close();
});

/** The fixture's programs with a filter in them. */
function load(filter: string, expression: string): BpfObject {
	const loaded = BpfObject.open(object, { name: 'packet_filter' });
	open.push(loaded);
	loaded.replaceFunction(`gadget_pf_${filter}`, compilePacketFilter('pf', expression));
	loaded.load();
	return loaded;
}

/** What libpcap says; it never takes a packet for an expression that has no meaning for the link. */
function judge(link: bigint, expression: string): (packet: Uint8Array) => boolean {
	const program = new Uint8Array(16);
	if (compile(link, program, expression, 1, 0xffffffff) !== 0) return () => false;
	return (packet) => {
		// struct pcap_pkthdr
		const header = new Uint8Array(24);
		new DataView(header.buffer).setUint32(16, packet.length, true);
		new DataView(header.buffer).setUint32(20, packet.length, true);
		return offline(program, header, packet) !== 0;
	};
}

function differing(
	name: string,
	loaded: BpfObject,
	wanted: (packet: Uint8Array) => boolean,
	wire = (packet: Uint8Array): Uint8Array => packet,
): string[] {
	const program = loaded.program(name);
	return samples
		.filter((packet) => (program.testRun(1, packet).value === 1) !== wanted(wire(packet)))
		.map((packet) => `${name}: ${Buffer.from(packet).toString('hex')}`);
}

const withTag = (packet: Uint8Array): Uint8Array => Uint8Array.from([...packet.subarray(0, 12), 0x81, 0, 0x20, 5, ...packet.subarray(12)]);
const isTagged = (packet: Uint8Array): boolean => packet[12] === 0x81 && packet[13] === 0;

describe.each(expressions)('%s', (expression) => {
	test('takes what libpcap takes', () => {
		const loaded = load('', expression);
		const ethernet = judge(handles.ethernet, expression);
		expect(differing('frame', loaded, ethernet)).toEqual([]);
		expect(differing('raw', loaded, judge(handles.raw, expression))).toEqual([]);
		// A second tag would go into the packet.
		const plain = differing('tagged', loaded, ethernet, withTag).filter((hex) => !isTagged(Buffer.from(hex.split(' ')[1] ?? '', 'hex')));
		expect(plain).toEqual([]);
		const taken = samples.filter(ethernet).length;
		if (expression !== 'len / ip[1] = 1') expect(taken).toBeGreaterThan(0);
		expect(taken).toBeLessThan(samples.length);
		loaded.close();
	});
});

test('a filter of its own name looks at the packet that it is given', () => {
	const loaded = load('inner', 'tcp port 80');
	const wanted = judge(handles.ethernet, 'tcp port 80');
	const wrapped = (packet: Uint8Array): Uint8Array => Uint8Array.from([...new Array<number>(8).fill(9), ...packet]);
	const wrong = samples.filter((packet) => (loaded.program('wrapped').testRun(1, wrapped(packet)).value === 1) !== wanted(packet));
	expect(wrong).toEqual([]);
	// The other one takes every packet.
	expect(loaded.program('frame').testRun(1, samples[0]).value).toBe(1);
});

test('without a filter every packet is taken', () => {
	const loaded = BpfObject.open(object, { name: 'packet_filter' });
	open.push(loaded);
	loaded.load();
	for (const program of ['frame', 'raw', 'tagged', 'wrapped']) expect(loaded.program(program).testRun(1, samples[0]).value).toBe(1);
});

test('what libpcap does not understand is an error in its words', () => {
	const error = errorOf(() => compilePacketFilter('pf', 'tcp prot 80'));
	expect(error).toMatchObject({ code: 'IG_PARAM', message: expect.stringMatching(/'tcp prot 80' is no packet filter: .*syntax error/) });
});

test('what takes a loop is refused', () => {
	const error = errorOf(() => compilePacketFilter('pf', 'ip6 protochain 17'));
	expect(error).toMatchObject({ code: 'IG_PARAM', message: expect.stringContaining('takes a loop') });
});
