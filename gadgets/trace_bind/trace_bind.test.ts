import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { filtersTest, fixture, type Identity, identity, igDuring, jsonLines, linesOf } from '../../test/support/live.js';

interface BindEvent extends Identity {
	readonly addr: {
		readonly addr: string;
		readonly port: number;
		readonly proto: string;
		readonly proto_raw: number;
		readonly version: number;
	};
	readonly error: string;
	readonly error_raw: number;
	readonly opts: string;
	readonly opts_raw: number;
	readonly bound_dev_if: number;
}

interface Action {
	readonly pid: number;
	readonly tid: number;
	readonly port: number;
}

const sockets = fixture('sockets');

async function trace(flags: readonly string[], ...actions: string[]): Promise<{ events: BindEvent[]; done: Action[] }> {
	let done: Action[] = [];
	const result = await igDuring(['trace_bind', '-o', 'json', '--comm', 'sockets', ...flags], () => {
		done = linesOf<Action>(execFileSync(sockets, actions, { encoding: 'utf8' }));
	});
	expect(result.code).toBe(0);
	return { events: jsonLines<BindEvent>(result), done };
}

test('a bind appears once, with every field right', async () => {
	const { events, done } = await trace([], 'socket,4,tcp', 'bind,0,127.0.0.1,0');
	expect(events).toMatchObject([
		{
			addr: { addr: '127.0.0.1', port: done[1]?.port, proto: 'TCP', proto_raw: 6, version: 4 },
			...{ error: '', error_raw: 0, opts: '', opts_raw: 0, bound_dev_if: 0, ...identity('sockets', done[1]) },
		},
	]);
	expect(Math.abs(Date.parse(events[0]?.timestamp ?? '') - Date.now())).toBeLessThan(60_000);
});

test('IPv6 and UDP are seen', async () => {
	const { events, done } = await trace([], 'socket,6,udp', 'bind,0,::1,0', 'socket,4,udp', 'bind,1,0.0.0.0,0');
	expect(events.map(({ addr }) => addr)).toMatchObject([
		{ addr: '::1', port: done[1]?.port, proto: 'UDP', proto_raw: 17, version: 6 },
		{ addr: '0.0.0.0', port: done[3]?.port, proto: 'UDP', version: 4 },
	]);
});

test('options and the interface of the socket are shown', async () => {
	const options = ['reuseaddr', 'reuseport', 'freebind', 'noport', 'device'].map((name) => `option,0,${name}`);
	const { events } = await trace([], 'socket,4,tcp', ...options, 'bind,0,127.0.0.1,0');
	expect(events).toMatchObject([{ opts: 'FREEBIND|BIND_ADDRESS_NO_PORT|REUSEADDRESS|REUSEPORT', opts_raw: 0b11101, bound_dev_if: 1 }]);
});

test('failed calls are shown only when asked for, with the address that was wanted', async () => {
	const actions = ['socket,4,tcp', 'bind,0,192.0.2.1,1234', 'socket,6,tcp', 'bind,1,2001:db8::1,4321', 'bind,1,::1,0'];
	const quiet = await trace([], ...actions);
	expect(quiet.events).toMatchObject([{ addr: { addr: '::1' } }]);
	const { events } = await trace(['--ignore-errors=false'], ...actions);
	expect(events).toMatchObject([
		{ addr: { addr: '192.0.2.1', port: 1234 }, error: 'EADDRNOTAVAIL', error_raw: 99 },
		{ addr: { addr: '2001:db8::1', port: 4321 }, error: 'EADDRNOTAVAIL' },
		{ addr: { addr: '::1' }, error: '' },
	]);
});

filtersTest<BindEvent>('trace_bind', sockets, ['socket,4,tcp', 'bind,0,127.0.0.1,0']);
