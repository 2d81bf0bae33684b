import { createSocket, type Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { realpathSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Ig } from '../../test/support/cli.js';
import { type Identity, igDuring, jsonLines, namespaceId } from '../../test/support/live.js';

interface Endpoint {
	readonly addr: string;
	readonly port: number;
}

interface DnsEvent extends Identity {
	readonly src: Endpoint;
	readonly dst: Endpoint;
	readonly nameserver: { readonly addr: string; readonly version: number };
	readonly netns_id: number;
	readonly cwd: string;
	readonly exepath: string;
	readonly pkt_type: string;
	readonly latency_ns: string;
	readonly latency_ns_raw: number;
	readonly id: string;
	readonly qr: string;
	readonly qtype: string;
	readonly name: string;
	readonly rcode: string;
	readonly num_answers: number;
	readonly addresses: string;
}

const SERVER = '127.0.0.77';
let server: Socket;

/** Answers every query: the address 192.0.2.7 (2001:db8::7 for AAAA), or that there is no such name for those that begin with no. */
function answer(query: Buffer): Buffer {
	const end = query.indexOf(0, 12) + 5;
	const question = query.subarray(12, end);
	const type = question.readUInt16BE(question.length - 4);
	const none = question[1] === 'n'.charCodeAt(0) && question[2] === 'o'.charCodeAt(0);
	const header = Buffer.from(query.subarray(0, 12));
	header[2] = 0x85;
	header[3] = none ? 0x83 : 0x80;
	header.writeUInt16BE(none ? 0 : 1, 6);
	header.writeUInt32BE(0, 8);
	const address = type === 28 ? [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7] : [192, 0, 2, 7];
	const record = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, address.length, ...address]);
	return Buffer.concat(none ? [header, question] : [header, question, record]);
}

beforeAll(async () => {
	server = createSocket('udp4');
	server.on('message', (query, from) => server.send(answer(query), from.port, from.address));
	await new Promise<void>((resolve) => server.bind(53, SERVER, resolve));
});
afterAll(() => server.close());

async function ask(name: string, type: 'A' | 'AAAA' = 'A'): Promise<void> {
	const resolver = new Resolver();
	resolver.setServers([SERVER]);
	await resolver.resolve(name, type).catch(() => {});
}

async function trace(flags: readonly string[], action: () => Promise<void>): Promise<DnsEvent[]> {
	const result = await igDuring(['trace_dns', '-o', 'json', '--pid', String(process.pid), ...flags], action);
	expect(result.code).toBe(0);
	return jsonLines<DnsEvent>(result).filter(({ nameserver }) => nameserver.addr === SERVER);
}

test('a query and its answer appear as they go out and come in, with every field right', async () => {
	const events = await trace([], () => ask('one.ig.example'));
	const [first] = events as [DnsEvent];
	const [client, here] = [
		{ addr: '127.0.0.1', port: first.src.port, proto: 'UDP', proto_raw: 17, version: 4 },
		{ addr: SERVER, port: 53, proto: 'UDP', proto_raw: 17, version: 4 },
	];
	const common = {
		...{
			netns_id: namespaceId('net'),
			nameserver: { addr: SERVER, version: 4 },
			id: first.id,
			qtype: 'A',
			qtype_raw: 1,
			cwd: '',
			exepath: '',
		},
		...{ name: 'one.ig.example.', tc: false, rd: true },
		proc: {
			pid: process.pid,
			mntns_id: namespaceId('mnt'),
			creds: { uid: 0, gid: 0, user: 'root', group: 'root' },
			parent: { pid: process.ppid },
		},
	};
	const query = {
		qr: 'Q',
		qr_raw: false,
		rcode: '',
		rcode_raw: 0,
		num_answers: 0,
		addresses: '',
		ra: false,
		src: client,
		dst: here,
		...common,
	};
	const reply = {
		...{ qr: 'R', qr_raw: true, rcode: 'Success', rcode_raw: 0, num_answers: 1, addresses: '192.0.2.7', ra: true },
		...{ src: here, dst: client, ...common },
	};
	// Both ends are this process: it sends and receives each.
	expect(events).toMatchObject([
		{ ...query, pkt_type: 'OUTGOING', pkt_type_raw: 4, latency_ns_raw: 0 },
		{ ...query, pkt_type: 'HOST', pkt_type_raw: 0, latency_ns_raw: 0 },
		{ ...reply, pkt_type: 'OUTGOING', latency_ns_raw: 0 },
		{ ...reply, pkt_type: 'HOST' },
	]);
	expect(first.id).toMatch(/^[\da-f]{4}$/);
	expect(events[3]?.latency_ns_raw).toBeGreaterThan(0);
	expect(events[3]?.latency_ns).toMatch(/^[\d.]+(ns|µs|ms|s)$/);
	expect(Math.abs(Date.parse(first.timestamp) - Date.now())).toBeLessThan(60_000);
});

test('IPv6 addresses and names that there are not', async () => {
	const events = await trace([], async () => {
		await ask('two.ig.example', 'AAAA');
		await ask('no.ig.example');
	});
	const replies = events.filter(({ qr, pkt_type }) => qr === 'R' && pkt_type === 'HOST');
	expect(replies).toMatchObject([
		{ name: 'two.ig.example.', qtype: 'AAAA', addresses: '2001:db8::7', rcode: 'Success' },
		{ name: 'no.ig.example.', qtype: 'A', addresses: '', rcode: 'NameError', rcode_raw: 3, num_answers: 0 },
	]);
});

test('--paths shows what the process is', async () => {
	const events = await trace(['--paths'], () => ask('three.ig.example'));
	expect(events[0]).toMatchObject({ cwd: process.cwd(), exepath: realpathSync(process.execPath) });
});

test('--pid, --tid, --uid, --gid and --comm filter in the kernel', async () => {
	const flags = { pid: '1', tid: '1', uid: '12345', gid: '12345', comm: 'another' };
	const running = Object.entries({ ...flags, none: '' }).map(([flag, value]) => {
		return new Ig(['run', 'trace_dns', '-o', 'json', '-v', ...(flag === 'none' ? ['--uid', '0', '--gid', '0'] : [`--${flag}`, value])]);
	});
	await Promise.all(running.map((ig) => ig.until('running...')));
	await ask('four.ig.example');
	for (const ig of running) ig.signal('SIGINT');
	const shown = await Promise.all(
		running.map(async (ig) => jsonLines<DnsEvent>(await ig.done).filter(({ name }) => name === 'four.ig.example.')),
	);
	expect(shown.map((events) => events.length > 0)).toEqual([false, false, false, false, false, true]);
});
