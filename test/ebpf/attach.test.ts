import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type AttachOptions, onlineCpus } from '../../host/ebpf/attach.js';
import { findLibraries } from '../../host/ebpf/libraries.js';
import type { BpfObject } from '../../host/ebpf/object.js';
import { samplingOf } from '../../host/ebpf/sampling.js';
import { ensureTracefs } from '../../host/ebpf/tracefs.js';
import { errorOf } from '../support/errors.js';
import { openFixture, u32 } from './fixture.js';

let object: BpfObject | undefined;

afterEach(() => {
	object?.close();
	object = undefined;
});

function attach(program: string, options: AttachOptions = {}): BpfObject {
	ensureTracefs({ autoMount: true });
	object = openFixture('attach');
	for (const { name } of object.programs) object.program(name).setAutoload(name === program);
	object.setGlobal('watched', u32(process.pid));
	object.load();
	object.attach(options);
	return object;
}

function runs(which: number): number {
	const { value } = (object as BpfObject).global('runs');
	return Number(new DataView(value.buffer).getBigUint64(8 * which, true));
}

function signal(): void {
	process.kill(process.pid, 0);
}

/** Packets on the loopback interface, there and back. */
async function connection(): Promise<void> {
	const server = createServer((socket) => socket.end('x'));
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.address();
	const { connect } = await import('node:net');
	await new Promise<void>((resolve) =>
		connect((address as { port: number }).port, '127.0.0.1')
			.on('data', () => {})
			.on('close', resolve),
	);
	await new Promise((resolve) => server.close(resolve));
}

describe.each([
	['by_tracepoint', 0],
	['by_raw_tracepoint', 1],
	['by_tp_btf', 2],
	['by_uprobe', 3],
	['by_uretprobe', 4],
])('%s', (program, which) => {
	it('runs when its event happens, and no more once it is detached', () => {
		const attached = attach(program);
		signal();
		const seen = runs(which);
		expect(seen).toBeGreaterThan(0);
		attached.detach();
		const rest = runs(which);
		for (let i = 0; i < 10; i++) signal();
		expect(runs(which)).toBe(rest);
	});
});

describe.each([
	['by_socket', 7],
	['by_ingress', 8],
	['by_egress', 9],
])('%s', (program, which) => {
	it('sees packets of the interface', async () => {
		const attached = attach(program, { interfaces: ['lo'] });
		await connection();
		expect(runs(which)).toBeGreaterThan(0);
		attached.detach();
		const rest = runs(which);
		await connection();
		expect(runs(which)).toBe(rest);
	});
});

it('a socket filter is told the network namespace', async () => {
	const attached = attach('by_socket');
	await connection();
	expect(new DataView(attached.global('netns').value.buffer).getUint32(0, true)).toBe(statSync('/proc/self/ns/net').ino);
});

it('a sampler runs on every CPU, as often as it is told to', async () => {
	const sampling = samplingOf('software', 'count_sw_cpu_clock', 999);
	if (sampling === undefined) throw new Error('unknown');
	attach('by_sampler', { sampling: new Map([['by_sampler', sampling]]) });
	// Busy until it was seen: the CPU clock does not count sleep.
	while (runs(6) === 0) Math.sqrt(runs(6));
	expect(runs(6)).toBeGreaterThan(0);
});

it('sockops sees connections', async () => {
	attach('by_sockops');
	await connection();
	expect(runs(10)).toBeGreaterThan(0);
});

it('a program for messages is attached to its socket map, and needs one', () => {
	expect(errorOf(() => attach('by_sk_msg'))).toMatchObject({ code: 'IG_ATTACH', details: { program: 'by_sk_msg' } });
	const map = object?.map('sockets');
	if (map === undefined) throw new Error('no map');
	object?.attach({ socketMaps: new Map([['by_sk_msg', map]]) });
	object?.detach();
});

it('a library that this system does not have is no error', () => {
	const said: string[] = [];
	attach('by_missing_library', { log: (_, text) => said.push(text) });
	expect(said).toEqual([
		'program by_missing_library: this system has no libnosuchthing',
		'nothing will be seen: this system has none of what is traced (libnosuchthing)',
	]);
});

it('names the interface that there is not', () => {
	expect(errorOf(() => attach('by_ingress', { interfaces: ['nosuch0'] }))).toMatchObject({
		code: 'IG_HOOK_MISSING',
		details: { what: 'network interface', target: 'nosuch0' },
	});
});

it('finds libraries by the name that programs use', () => {
	expect(findLibraries('libc').some((path) => /libc[.-]/.test(path))).toBe(true);
	expect(findLibraries('libnosuchthing')).toEqual([]);
	expect(onlineCpus('0-2,5\n')).toEqual([0, 1, 2, 5]);
});

it("a struct of functions (struct_ops) is the kernel's until it is detached", async () => {
	const available = (): string[] => readFileSync('/proc/sys/net/ipv4/tcp_available_congestion_control', 'utf8').trim().split(' ');
	object = openFixture('struct_ops');
	object.load();
	object.attach();
	expect(available()).toContain('ig_test');
	object.detach();
	await vi.waitFor(() => expect(available()).not.toContain('ig_test'));
});
