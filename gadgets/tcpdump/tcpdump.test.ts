import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { built } from '../../host/root.js';
import { ether, ip, SYN, tag, tcp, text, udp } from '../../test/packets/build.js';
import { ig } from '../../test/support/cli.js';
import { fixture, type Identity, igDuring, jsonLines } from '../../test/support/live.js';
import { Network } from '../../test/support/network.js';

interface Packet extends Identity {
	readonly packet_type: number;
	readonly ifindex: number;
	readonly payload_len: number;
	readonly packet_size: number;
	readonly payload: string;
}

const sockets = fixture('sockets');
const frames = fixture('frames');
const folder = mkdtempSync(join(tmpdir(), 'ig-tcpdump-'));
let network: Network;

beforeAll(() => {
	network = new Network('ig-tcpdump');
	network.ip('link', 'add', 'va', 'type', 'veth', 'peer', 'name', 'vb');
	// No packets but the test's.
	for (const name of ['va', 'vb']) network.run('sh', '-c', `echo 1 >/proc/sys/net/ipv6/conf/${name}/disable_ipv6`);
	for (const name of ['va', 'vb']) network.ip('link', 'set', name, 'up');
	network.ip('tuntap', 'add', 'dev', 't0', 'mode', 'tun');
	network.ip('address', 'add', '192.0.2.1/24', 'dev', 't0');
	network.ip('link', 'set', 't0', 'up');
});
afterAll(() => {
	network.delete();
	rmSync(folder, { recursive: true });
});

const hex = (bytes: readonly number[]): string => Buffer.from(bytes).toString('hex');
const send = (...sent: readonly (readonly number[])[]): string => network.run(frames, 'va', ...sent.map(hex));

async function capture(flags: readonly string[], action: () => void): Promise<Packet[]> {
	const result = await igDuring(['tcpdump', '-o', 'json', ...flags], action, { netns: network.name });
	expect(result.stderr).not.toContain('error');
	expect(result.code).toBe(0);
	return jsonLines<Packet>(result);
}

/** What tshark reads, of each packet. */
function tshark(file: string, ...fields: readonly string[]): string[][] {
	const output = execFileSync('tshark', ['-r', file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])], {
		encoding: 'utf8',
		stdio: ['ignore', 'pipe', 'ignore'],
	});
	return output
		.split('\n')
		.slice(0, -1)
		.map((line) => line.split('\t'));
}

const syn = ether(0x0800, ip(6, tcp(40000, 80, SYN)));
const query = ether(0x0800, ip(17, udp(5353, 53, text('hello'))));
const tagged = tag(5, 0x0800, ip(17, udp(5353, 53, text('hello'))));

test('a packet is seen as it goes out and as it comes in, byte by byte', async () => {
	const packets = await capture([], () => send(syn, query));
	const [out, into] = [
		{ packet_type: 0, ifindex: network.index('va') },
		{ packet_type: 1, ifindex: network.index('vb') },
	];
	const bytes = (frame: readonly number[]): object => ({
		...{ payload: hex(frame), payload_len: frame.length, packet_size: frame.length },
		proc: { comm: '', pid: 0, parent: { pid: 0 } },
	});
	expect(packets).toMatchObject([
		{ ...out, ...bytes(syn) },
		{ ...into, ...bytes(syn) },
		{ ...out, ...bytes(query) },
		{ ...into, ...bytes(query) },
	]);
	const times = packets.map(({ timestamp_raw }) => timestamp_raw);
	expect([...times].sort((a, b) => a - b)).toEqual(times);
	for (const { timestamp, timestamp_raw } of packets) expect(Math.abs(Date.parse(timestamp) - timestamp_raw / 1e6)).toBeLessThan(2);
});

test('--snaplen cuts packets, and says how long they were', async () => {
	const packets = await capture(['--snaplen', '20'], () => send(syn));
	const cut = { payload: hex(syn.slice(0, 20)), payload_len: 20, packet_size: syn.length };
	expect(packets).toMatchObject([cut, cut]);
	expect(await capture(['--snaplen', '0'], () => send(syn))).toMatchObject([{ payload: '', payload_len: 0 }, { payload: '' }]);
});

test('--pf takes what matches, --iface what is on these interfaces', async () => {
	const packets = await capture(['--pf', 'udp port 53 and host 192.0.2.1', '--iface', 'vb'], () => send(syn, query));
	expect(packets).toMatchObject([{ packet_type: 1, payload: hex(query) }]);
});

test('a tag of a VLAN is where it was on the wire, for --pf, too', async () => {
	const packets = await capture(['--pf', 'vlan 5 and udp port 53', '--iface', 'vb'], () => send(query, tagged));
	expect(packets).toMatchObject([{ payload: hex(tagged), payload_len: tagged.length, packet_size: tagged.length }]);
	const short = await capture(['--pf', 'vlan', '--iface', 'vb', '--snaplen', '14'], () => send(tagged));
	expect(short).toMatchObject([{ payload: hex(tagged.slice(0, 14)), packet_size: tagged.length }]);
});

test('a filter sees the whole of a packet, and the packet its process', async () => {
	const data = `GET /${'x'.repeat(3000)}`;
	const actions = [
		'socket,4,tcp',
		'bind,0,127.0.0.1,0',
		'listen,0',
		'socket,4,tcp',
		'connect,1,127.0.0.1,@0',
		'accept,0',
		`send,1,${data}`,
	];
	let pid = 0;
	const packets = await capture(
		['--pf', 'tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420', '--snaplen', '65535', '--comm', 'sockets'],
		() => {
			const [first = ''] = network.run(sockets, ...actions).split('\n');
			pid = (JSON.parse(first) as { pid: number }).pid;
		},
	);
	expect(packets).toMatchObject([
		{ packet_type: 0, proc: { comm: 'sockets', pid, creds: { uid: 0, user: 'root' }, parent: { pid: process.pid } } },
		{ packet_type: 1, proc: { comm: 'sockets', pid } },
	]);
	for (const { payload, packet_size } of packets) {
		expect(payload.length / 2).toBe(packet_size);
		expect(Buffer.from(payload, 'hex').subarray(66).toString()).toBe(data);
	}
});

test('-o pcap-ng is what tshark reads: interfaces, times, lengths, directions, processes', async () => {
	const file = join(folder, 'all.pcapng');
	const before = Date.now();
	const result = await igDuring(
		['tcpdump', '-o', 'pcap-ng', '--output-file', file, '--snaplen', '40', '--pf', 'not port 1'],
		() => {
			send(syn, tagged);
			// A tunnel has no frames: its packets begin with their IP header.
			network.run(sockets, 'socket,4,udp', 'connect,0,192.0.2.2,53', 'query,0');
		},
		{ netns: network.name },
	);
	expect(result.code).toBe(0);
	const fields = ['frame.interface_name', 'frame.len', 'frame.cap_len', 'frame.p2p_dir', 'frame.protocols', 'vlan.id', 'frame.comment'];
	const read = tshark(file, ...fields);
	const wanted = [
		['va', '0'],
		['vb', '1'],
	].flatMap(([name, direction]) => [
		[name, `${syn.length}`, '40', direction, 'eth:ethertype:ip:tcp', '', ''],
		[name, `${tagged.length}`, '40', direction, 'eth:ethertype:vlan:ethertype:ip:udp', '5', ''],
	]);
	expect(read.filter(([name]) => name === 'va' || name === 'vb').sort()).toEqual(wanted.sort());
	const [tunnelled] = read.filter(([name]) => name === 't0');
	expect(tunnelled).toEqual(['t0', '48', '40', '0', 'raw:ip:udp:dns', '', '']);
	const times = tshark(file, 'frame.time_epoch').map(([time]) => Number(time) * 1000);
	for (const time of times) expect(time).toBeGreaterThan(before - 1000);
	for (const time of times) expect(time).toBeLessThan(Date.now() + 1000);
});

test('a recording can become a capture later', async () => {
	const [recording, file] = [join(folder, 'packets.igr'), join(folder, 'replayed.pcapng')];
	await capture(['--record', recording, '--pf', 'udp port 53'], () => send(query));
	const replay = await ig(['replay', recording, '-o', 'pcap-ng', '--output-file', file]);
	expect(replay).toMatchObject({ code: 0, stderr: '' });
	expect(tshark(file, 'frame.interface_name', 'frame.len')).toEqual([
		['va', `${query.length}`],
		['vb', `${query.length}`],
	]);
});

test('it can be piped, and ends when the reader has enough', () => {
	const main = built('host/cli/main.js');
	const script = `"$0" "$1" run tcpdump -o pcap-ng --iface lo --pf icmp --timeout 1s | tshark -r - -T fields -e frame.number`;
	const { status } = spawnSync('nsenter', [`--net=/run/netns/${network.name}`, 'sh', '-c', script, process.execPath, main], {
		encoding: 'utf8',
	});
	// A capture without packets is one, too.
	expect(status).toBe(0);
	const head = `"$0" "$1" run tcpdump -o pcap-ng --iface lo --pf icmp --timeout 1s | head -c 4 | od -An -tx1; exit 0`;
	const { stdout, stderr } = spawnSync('nsenter', [`--net=/run/netns/${network.name}`, 'sh', '-c', head, process.execPath, main], {
		encoding: 'utf8',
	});
	expect(stdout.trim()).toBe('0a 0d 0d 0a');
	expect(stderr).toBe('');
});

test('what cannot be is refused before anything starts', async () => {
	const wrong = await igDuring(['tcpdump', '--pf', 'tcp prot 80'], () => {}).catch((error: unknown) => String(error));
	expect(wrong).toContain("parameter 'pf': 'tcp prot 80' is no packet filter");
});
