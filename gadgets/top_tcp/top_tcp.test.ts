import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { filtersTest, fixture, igDuring, jsonRows, linesOf, namespaceId, onceAtEnd } from '../../test/support/live.js';

interface Endpoint {
	readonly addr: string;
	readonly port: number;
}

interface TcpRow {
	readonly mntns_id: number;
	readonly pid: number;
	readonly tid: number;
	readonly src: Endpoint;
	readonly dst: Endpoint;
	readonly comm: string;
	readonly sent: string;
	readonly sent_raw: number;
	readonly received: string;
	readonly received_raw: number;
}

interface Action {
	readonly pid: number;
	readonly port: number;
}

const sockets = fixture('sockets');
const connection = (family: 4 | 6, address: string): string[] => [
	...[`socket,${family},tcp`, `bind,0,${address},0`, 'listen,0', `socket,${family},tcp`, `connect,1,${address},@0`, 'accept,0'],
	...['send,1,hello', 'send,1,world', 'receive,2', 'send,2,answer', 'receive,1'],
];

async function trace(flags: readonly string[], ...actions: string[]): Promise<{ rows: TcpRow[]; done: Action[] }> {
	let done: Action[] = [];
	const result = await igDuring(['top_tcp', '-o', 'json', '--comm', 'sockets', ...onceAtEnd('tcp'), ...flags], () => {
		done = linesOf<Action>(execFileSync(sockets, actions, { encoding: 'utf8' }));
	});
	expect(result.code).toBe(0);
	return { rows: jsonRows<TcpRow>(result).sort((a, b) => b.sent_raw - a.sent_raw), done };
}

test.each([
	[4, '127.0.0.1'],
	[6, '::1'],
] as const)('what goes over an IPv%i connection is counted on both sides, with every field right', async (family, addr) => {
	const { rows, done } = await trace([], ...connection(family, addr));
	const end = (port: number | undefined) => ({ addr, port, proto: 'TCP', proto_raw: 6, version: family });
	const [server, client] = [end(done[1]?.port), end(done[4]?.port)];
	const common = { comm: 'sockets', pid: done[0]?.pid, tid: done[0]?.pid, mntns_id: namespaceId('mnt') };
	expect(rows).toMatchObject([
		{ src: client, dst: server, sent_raw: 10, sent: '10 B', received_raw: 6, received: '6 B', ...common },
		{ src: server, dst: client, sent_raw: 6, sent: '6 B', received_raw: 10, received: '10 B', ...common },
	]);
});

test('--family shows one kind of connection', async () => {
	const both = [...connection(4, '127.0.0.1'), 'socket,6,udp'];
	expect((await trace(['--family', '4'], ...both)).rows).toHaveLength(2);
	expect((await trace(['--family', '6'], ...both)).rows).toEqual([]);
	expect((await trace(['--family', '6'], ...connection(6, '::1'))).rows).toHaveLength(2);
});

filtersTest<TcpRow>('top_tcp', sockets, connection(4, '127.0.0.1'), () => true, onceAtEnd('tcp'));
