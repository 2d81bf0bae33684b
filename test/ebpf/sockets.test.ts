import { spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { native } from '../../host/ebpf/native.js';
import { type SocketsUse, useSockets } from '../../host/ebpf/sockets.js';
import { ensureTracefs } from '../../host/ebpf/tracefs.js';
import { built } from '../../host/root.js';

const TCP = 6;
const UDP = 17;
const VALUE = 1112;

let use: SocketsUse | undefined;
const open: { close(): unknown }[] = [];

beforeEach(() => ensureTracefs({ autoMount: true }));
afterEach(() => {
	for (const one of open.splice(0)) one.close();
	use?.close();
	use = undefined;
});

interface Owner {
	readonly pid: number;
	readonly mntns: number;
	readonly deleted: boolean;
	readonly cwd: string;
	readonly exepath: string;
}

/** The owner of a local IPv4 port of this network namespace. */
function owner(protocol: number, port: number, family = 2): Owner | undefined {
	const key = new Uint8Array(12);
	const view = new DataView(key.buffer);
	view.setUint32(0, statSync('/proc/self/ns/net').ino, true);
	view.setUint16(4, family, true);
	key[6] = protocol;
	view.setUint16(8, port, true);
	const value = new Uint8Array(VALUE);
	if (use === undefined || native.bpf_map_lookup_elem(use.fd, key, value) !== 0) return undefined;
	const words = new DataView(value.buffer);
	const text = (at: number): string => new TextDecoder().decode(value.subarray(at, value.indexOf(0, at)));
	return {
		pid: words.getUint32(12, true),
		mntns: Number(words.getBigUint64(0, true)),
		deleted: words.getBigUint64(64, true) !== 0n,
		cwd: text(88),
		exepath: text(600),
	};
}

const us = {
	pid: process.pid,
	mntns: statSync('/proc/self/ns/mnt').ino,
	cwd: process.cwd(),
	exepath: readlinkSync('/proc/self/exe'),
	deleted: false,
};

async function udp(): Promise<Socket> {
	const socket = createSocket('udp4');
	open.push({ close: () => socket.close() });
	return socket;
}

async function bound(): Promise<Socket> {
	const socket = await udp();
	await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
	return socket;
}

async function listening(): Promise<number> {
	const server = createServer((socket) => socket.resume());
	open.push({ close: () => server.close() });
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return (server.address() as AddressInfo).port;
}

describe('the owner of a socket', () => {
	it('is known when the socket was there before', async () => {
		const port = (await bound()).address().port;
		const listener = await listening();
		use = useSockets();
		expect(owner(UDP, port)).toMatchObject(us);
		expect(owner(TCP, listener)).toMatchObject(us);
	});

	it('is known from bind(2) on', async () => {
		use = useSockets();
		expect(owner(UDP, (await bound()).address().port)).toMatchObject(us);
	});

	it('is known from listen(2) on', async () => {
		use = useSockets();
		expect(owner(TCP, await listening())).toMatchObject(us);
	});

	it('is known from connect(2) on, of TCP and UDP', async () => {
		const port = await listening();
		use = useSockets();
		const tcp = connect(port, '127.0.0.1');
		open.push({ close: () => tcp.destroy() });
		await new Promise((resolve) => tcp.on('connect', resolve));
		expect(owner(TCP, tcp.localPort ?? 0)).toMatchObject(us);

		const datagrams = await udp();
		await new Promise<void>((resolve) => datagrams.connect(port, '127.0.0.1', resolve));
		expect(owner(UDP, datagrams.address().port)).toMatchObject(us);
	});

	it('is forgotten a while after the socket was closed', async () => {
		use = useSockets();
		const socket = await bound();
		const { port } = socket.address();
		await new Promise<void>((resolve) => {
			open.length = 0;
			socket.close(resolve);
		});
		expect(owner(UDP, port)).toMatchObject({ pid: process.pid, deleted: true });
		while (owner(UDP, port) !== undefined) await new Promise((resolve) => setTimeout(resolve, 50));
	});

	it('is kept for all who ask, and no longer', () => {
		use = useSockets();
		const other = useSockets();
		expect(other.fd).toBe(use.fd);
		use.close();
		expect(native.bpf_map_lookup_elem(other.fd, new Uint8Array(12), new Uint8Array(VALUE))).toBeLessThan(0);
		other.close();
	});
});

it('needs no cgroup v2 that is mounted', (context) => {
	const mounts = readFileSync('/proc/self/mounts', 'utf8')
		.split('\n')
		.map((line) => line.split(' '));
	const unified = mounts.filter(([, , type]) => type === 'cgroup2');
	// Another mount takes that option from the machine's own.
	if (unified.some(([, , , options]) => options?.includes('nsdelegate'))) return context.skip('systemd has cgroup v2');
	const script = `import { useSockets } from '${built('host/ebpf/sockets.js')}'; useSockets().close(); console.log('used');`;
	const unmount = unified.map(([, path]) => `umount -l ${path} && `).join('');
	const command = `${unmount}exec ${process.execPath} --input-type=module -e "$1"`;
	const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', command, 'sh', script], { encoding: 'utf8' });
	expect(stdout, stderr).toBe('used\n');
});
