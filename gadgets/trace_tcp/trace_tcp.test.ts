import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { filtersTest, fixture, type Identity, identity, igDuring, jsonLines, linesOf, namespaceId } from '../../test/support/live.js';

interface Endpoint {
	readonly addr: string;
	readonly port: number;
	readonly proto: string;
	readonly proto_raw: number;
	readonly version: number;
}

interface TcpEvent extends Identity {
	readonly netns_id: number;
	readonly src: Endpoint;
	readonly dst: Endpoint;
	readonly type: string;
	readonly type_raw: number;
	readonly error: string;
	readonly error_raw: number;
	readonly fd: number;
	readonly accept_fd: number;
}

interface Action {
	readonly pid: number;
	readonly tid: number;
	readonly fd: number;
	readonly port: number;
	readonly result: number;
}

const sockets = fixture('sockets');

async function trace(flags: readonly string[], ...actions: string[]): Promise<{ events: TcpEvent[]; done: Action[] }> {
	let done: Action[] = [];
	const result = await igDuring(['trace_tcp', '-o', 'json', '--comm', 'sockets', ...flags], () => {
		done = linesOf<Action>(execFileSync(sockets, actions, { encoding: 'utf8' }));
	});
	expect(result.code).toBe(0);
	return { events: jsonLines<TcpEvent>(result), done };
}

/** A connection from socket 1 to socket 0, accepted as socket 2, and closed on both sides. */
const connection = (family: 4 | 6, address: string): string[] => [
	...[`socket,${family},tcp`, `bind,0,${address},0`, 'listen,0', `socket,${family},tcp`, `connect,1,${address},@0`, 'accept,0'],
	...['close,1', 'close,2'],
];

test.each([
	[4, '127.0.0.1'],
	[6, '::1'],
] as const)('a connection over IPv%i is made, accepted and closed, with every field right', async (version, addr) => {
	const { events, done } = await trace([], ...connection(version, addr));
	const end = (port: number | undefined) => ({ addr, port, proto: 'TCP', proto_raw: 6, version });
	const [server, client] = [end(done[0 + 1]?.port), end(done[4]?.port)];
	const common = { error: '', error_raw: 0, netns_id: namespaceId('net'), ...identity('sockets', done[0]) };
	expect(events).toMatchObject([
		{ type: 'connect', type_raw: 0, src: client, dst: server, fd: done[3]?.fd, accept_fd: -1, ...common },
		{ type: 'accept', type_raw: 1, src: server, dst: client, fd: done[0]?.fd, accept_fd: done[5]?.result, ...common },
		{ type: 'close', type_raw: 2, src: client, dst: server, fd: -1, accept_fd: -1, ...common },
		{ type: 'close', type_raw: 2, src: server, dst: client, fd: -1, accept_fd: -1, ...common },
	]);
	expect(Math.abs(Date.parse(events[0]?.timestamp ?? '') - Date.now())).toBeLessThan(60_000);
});

/** A bound socket that nobody listens at. */
const refused = ['socket,4,tcp', 'bind,0,127.0.0.1,0', 'socket,4,tcp', 'connect,1,127.0.0.1,@0'];

test('a refused connection has its error', async () => {
	const { events, done } = await trace([], ...refused);
	expect(events).toMatchObject([
		{
			type: 'connect',
			error: 'ECONNREFUSED',
			error_raw: 111,
			dst: { port: done[1]?.port },
			fd: done[2]?.fd,
			...identity('sockets', done[0]),
		},
	]);
});

test('what is left to the end of the process is closed by it', async () => {
	const { events } = await trace([], ...connection(4, '127.0.0.1').slice(0, -2));
	expect(events.map(({ type }) => type)).toEqual(['connect', 'accept', 'close', 'close']);
});

test('a connection that the other end resets is closed, too', async () => {
	// What is closed with something unread is reset.
	const { events, done } = await trace([], ...connection(4, '127.0.0.1').slice(0, -2), 'send,1,unread', 'close,2', 'close,1');
	expect(events.slice(2)).toMatchObject([
		{ type: 'close', src: { port: done[1]?.port }, ...identity('sockets', done[0]) },
		{ type: 'close', dst: { port: done[1]?.port }, ...identity('sockets', done[0]) },
	]);
});

test('--connect-only, --accept-only and --failure-only', async () => {
	const actions = [...connection(4, '127.0.0.1'), 'socket,4,tcp', 'bind,3,127.0.0.1,0', 'socket,4,tcp', 'connect,4,127.0.0.1,@3'];
	const types = async (...flags: string[]) => (await trace(flags, ...actions)).events.map(({ type, error }) => `${type} ${error}`.trim());
	expect(await types('--connect-only')).toEqual(['connect', 'connect ECONNREFUSED']);
	expect(await types('--accept-only')).toEqual(['accept']);
	expect(await types('--failure-only')).toEqual(['connect ECONNREFUSED']);
});

filtersTest<TcpEvent>('trace_tcp', sockets, connection(4, '127.0.0.1'));
