import { type ChildProcess, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ig } from '../../test/support/cli.js';
import { fixture, jsonLines, linesOf, namespaceId } from '../../test/support/live.js';

interface Endpoint {
	readonly addr: string;
	readonly port: number;
	readonly proto: string;
	readonly version: number;
}

interface SocketEntry {
	readonly src: Endpoint;
	readonly dst: Endpoint;
	readonly state: number;
	readonly ino: number;
	readonly netns_id: number;
}

interface Action {
	readonly fd: number;
	readonly port: number;
	readonly result: number;
}

/** Starts the actions; resolves when they are done and their sockets open. */
async function open(actions: readonly string[], through: readonly string[] = []): Promise<{ child: ChildProcess; done: Action[] }> {
	const [program = '', ...args] = [...through, fixture('sockets'), ...actions, 'wait'];
	const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
	let text = '';
	await new Promise<void>((resolve) => {
		child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
			text += chunk;
			if (text.split('\n').length > actions.length) resolve();
		});
	});
	return { child, done: linesOf<Action>(text) };
}

async function snapshot(): Promise<SocketEntry[]> {
	const result = await ig(['run', 'snapshot_socket', '-o', 'json']);
	expect(result.code).toBe(0);
	return jsonLines<SocketEntry[]>(result).flat();
}

const ESTABLISHED = 1;
const TIME_WAIT = 6;
const UNCONNECTED = 7;
const LISTEN = 10;

test('sockets appear once, with every field right', async () => {
	const { child, done } = await open([
		...['socket,4,tcp', 'bind,0,127.0.0.1,0', 'listen,0', 'socket,4,tcp', 'connect,1,127.0.0.1,@0', 'accept,0'],
		...['socket,6,udp', 'bind,3,::1,0'],
	]);
	const rows = await snapshot();
	const inode = (fd: number | undefined) => Number(/\d+/.exec(readlinkSync(`/proc/${child.pid}/fd/${fd}`))?.[0]);
	const end = (addr: string, port: number | undefined, proto: string, version: number) => ({ addr, port, proto, version });
	const [server, client] = [end('127.0.0.1', done[1]?.port, 'TCP', 4), end('127.0.0.1', done[4]?.port, 'TCP', 4)];
	const common = { netns_id: namespaceId('net') };
	const of = (src: object, state: number) =>
		rows.filter((row) => row.state === state && JSON.stringify(row.src.port) === JSON.stringify((src as Endpoint).port));
	expect(of(server, LISTEN)).toMatchObject([{ src: server, dst: end('0.0.0.0', 0, 'TCP', 4), ino: inode(done[0]?.fd), ...common }]);
	expect(of(client, ESTABLISHED)).toMatchObject([{ src: client, dst: server, ino: inode(done[3]?.fd), ...common }]);
	expect(of(server, ESTABLISHED)).toMatchObject([{ src: server, dst: client, ino: inode(done[5]?.result), ...common }]);
	const udp = end('::1', done[7]?.port, 'UDP', 6);
	expect(of(udp, UNCONNECTED)).toMatchObject([{ src: udp, dst: end('::', 0, 'UDP', 6), ino: inode(done[6]?.fd), ...common }]);
	child.stdin?.end('\n');
});

test('a connection that waits after its end has no inode', async () => {
	const { child, done } = await open([
		...['socket,4,tcp', 'bind,0,127.0.0.1,0', 'listen,0', 'socket,4,tcp', 'connect,1,127.0.0.1,@0', 'accept,0', 'close,1', 'close,2'],
	]);
	const rows = (await snapshot()).filter(({ src }) => src.port === done[4]?.port);
	expect(rows).toMatchObject([{ state: TIME_WAIT, ino: 0, dst: { port: done[1]?.port } }]);
	child.stdin?.end('\n');
});

test("sockets of other network namespaces are there, with their namespace's number", async () => {
	const actions = ['socket,4,tcp', 'bind,0,0.0.0.0,0', 'listen,0', 'socket,6,udp', 'bind,1,::,0'];
	const { child, done } = await open(actions, ['unshare', '--net']);
	const netns_id = Number(/\d+/.exec(readlinkSync(`/proc/${child.pid}/ns/net`))?.[0]);
	const rows = await snapshot();
	expect(netns_id).not.toBe(namespaceId('net'));
	// Each namespace once, however many processes are in it.
	expect(rows.filter((row) => row.netns_id === netns_id).sort((a, b) => a.state - b.state)).toMatchObject([
		{ src: { addr: '::', port: done[4]?.port, proto: 'UDP' }, state: UNCONNECTED },
		{ src: { addr: '0.0.0.0', port: done[1]?.port, proto: 'TCP' }, state: LISTEN },
	]);
	child.stdin?.end('\n');
});
