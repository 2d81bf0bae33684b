import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { bytesAt, clockOffsets, crc32, errnoName, libbpfVersion, native, threadId } from '../../host/ebpf/native.js';
import { built } from '../../host/root.js';

describe('the native library', () => {
	it('has libbpf 1.7 in it', () => {
		expect(libbpfVersion()).toBe('1.7');
	});

	it('reads and writes WebAssembly memory in place', () => {
		const memory = new WebAssembly.Memory({ initial: 2 });
		const from = new Uint8Array(memory.buffer, 65536 + 3, 9);
		from.set(new TextEncoder().encode('123456789'));
		expect(crc32(from)).toBe(0xcbf43926);
		const to = new Uint8Array(memory.buffer, 17, 9);
		native.memcpy(to, from, 9);
		expect([...new Uint8Array(memory.buffer, 16, 11)]).toEqual([0, ...from, 0]);
	});

	it('reads addresses', () => {
		const source = native.ig_source_new();
		expect(typeof source).toBe('bigint');
		expect(bytesAt(source as bigint, 4)).toHaveLength(4);
		native.ig_source_free(source as bigint);
	});

	it('knows the clocks', () => {
		const { boot, mono } = clockOffsets();
		const wall = BigInt(Date.now()) * 1_000_000n;
		const monotonic = process.hrtime.bigint();
		expect(Number(wall - (monotonic + mono)) / 1e6).toBeLessThan(50);
		expect(Number(wall - (monotonic + mono)) / 1e6).toBeGreaterThan(-50);
		// The machine may have slept, which only CLOCK_BOOTTIME counts.
		expect(boot).toBeLessThanOrEqual(mono + 1_000_000n);
	});

	it('names errnos', () => {
		expect(errnoName(2)).toBe('ENOENT');
		expect(errnoName(4003)).toBe('error 4003');
	});

	it('works in worker threads, at the same time', async () => {
		const module = JSON.stringify(built('host', 'ebpf', 'native.js'));
		const code = `const { parentPort } = require('node:worker_threads');
			import(${module}).then((n) => parentPort.postMessage([n.crc32(new Uint8Array([1, 2, 3])), n.threadId()]));`;
		const workers = [0, 1, 2].map(() => new Worker(code, { eval: true }));
		const answers = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as [number, number]));
		expect(answers.map(([crc]) => crc)).toEqual([0x55bc801d, 0x55bc801d, 0x55bc801d]);
		expect(new Set([threadId(), ...answers.map(([, id]) => id)]).size).toBe(4);
		await Promise.all(workers.map((worker) => worker.terminate()));
	});
});
