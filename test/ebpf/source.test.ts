import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BatchHeader, BatchSpec } from '../../host/ebpf/batch.js';
import { ringCounts } from '../../host/ebpf/counters.js';
import type { BpfObject } from '../../host/ebpf/object.js';
import { openSource, type Source, Waited } from '../../host/ebpf/source.js';
import { built } from '../../host/root.js';
import { openFixture, u32, u64 } from './fixture.js';

const SMALL = 24;
const FORCE_WAKEUP = 2n;

let producer: BpfObject;
let source: Source;
let region: Uint8Array;
let spec: BatchSpec;

beforeEach(() => {
	producer = openFixture('producer');
	producer.map('ring').setMaxEntries(64 << 10);
	producer.load();
	source = openSource();
	expect(source.addRing(producer.map('ring').fd)).toBe(0);
	region = new Uint8Array(new WebAssembly.Memory({ initial: 20 }).buffer, 65536, 1 << 20);
	spec = new BatchSpec({ dataSource: 0, array: false, recordSize: SMALL, maxRows: 1024, maxBytes: 256 << 10, fields: [] });
});

afterEach(() => {
	source.free();
	producer.close();
});

function produce(times: number, program = 'small'): void {
	producer.program(program).testRun(times);
}

function header(offset: number): number {
	return new DataView(region.buffer, region.byteOffset).getUint32(offset, true);
}

/** The numbers that the producer gave its records. */
function numbers(): number[] {
	const view = new DataView(region.buffer, region.byteOffset);
	const stride = header(BatchHeader.Stride);
	return Array.from({ length: header(BatchHeader.RowCount) }, (_, row) => {
		const at = stride === 0 ? header(header(BatchHeader.RowOffsets) + 4 * row) : header(BatchHeader.Rows) + row * stride;
		return Number(view.getBigUint64(at, true));
	});
}

function sequence(from: number, count: number): number[] {
	return Array.from({ length: count }, (_, i) => from + i);
}

describe("the kernel's ring", () => {
	it('is drained into WebAssembly memory, each record once and in order', () => {
		produce(5);
		expect(source.pending(0)).toBe(5 * (8 + SMALL));
		expect(source.fill(0, region, spec, 0, 0)).toEqual({ rows: 5, oversized: 0 });
		expect(numbers()).toEqual(sequence(1000, 5));
		produce(2);
		expect(source.fill(0, region, spec, 1, 0).rows).toBe(2);
		expect(numbers()).toEqual([1005, 1006]);
		expect(source.fill(0, region, spec, 2, 0).rows).toBe(0);
		source.commit(0);
	});

	it('loses nothing over many turns of the ring', () => {
		const seen: number[] = [];
		for (let round = 0; round < 200; round++) {
			produce(500);
			while (source.fill(0, region, spec, round, 0).rows > 0) {
				seen.push(...numbers());
				source.commit(0);
			}
		}
		expect(seen).toEqual(sequence(1000, 100_000));
		expect(ringCounts(producer, 'ring')?.lost()).toBe(0);
	});

	it('counts what does not fit, and goes on afterwards', () => {
		const room = (64 << 10) / (8 + SMALL);
		produce(room + 100);
		const lost = ringCounts(producer, 'ring')?.lost() ?? 0;
		expect(lost).toBeGreaterThanOrEqual(100);
		const seen: number[] = [];
		while (source.fill(0, region, spec, 0, lost).rows > 0) seen.push(...numbers());
		expect(seen.length + lost).toBe(room + 100);
		produce(1);
		expect(ringCounts(producer, 'ring')?.lost()).toBe(lost + 1);
		source.commit(0);
		produce(1);
		expect(source.fill(0, region, spec, 1, 0).rows).toBe(1);
	});

	it('skips what the program discarded', () => {
		producer.setGlobal('discard_every', u32(3));
		produce(9);
		expect(source.fill(0, region, spec, 0, 0).rows).toBe(6);
		expect(numbers()).toEqual([1000, 1001, 1003, 1004, 1006, 1007]);
		source.commit(0);
		expect(source.pending(0)).toBe(0);
	});

	it('keeps what is longer than its struct', () => {
		for (const length of [SMALL, 100, 9, 3000]) {
			producer.setGlobal('length', u32(length));
			produce(1, 'sized');
		}
		expect(source.fill(0, region, spec, 0, 0).rows).toBe(4);
		expect(header(BatchHeader.Stride)).toBe(0);
		expect(numbers()).toEqual(sequence(1000, 4));
	});

	it('gives an uncommitted batch again after a rewind', () => {
		produce(3);
		source.fill(0, region, spec, 0, 0);
		source.commit(0);
		produce(3);
		source.fill(0, region, spec, 1, 0);
		source.rewind(0);
		expect(source.fill(0, region, spec, 1, 0).rows).toBe(3);
		expect(numbers()).toEqual([1003, 1004, 1005]);
	});

	it('stays readable when the map is closed', () => {
		produce(3);
		producer.close();
		expect(source.fill(0, region, spec, 0, 0).rows).toBe(3);
	});

	it('is read by another thread after the first died with a batch in flight', async () => {
		produce(10);
		const code = `const { parentPort, workerData } = require('node:worker_threads');
			Promise.all([import(workerData.source), import(workerData.batch)]).then(([{ attachSource }, { BatchSpec }]) => {
				const source = attachSource(workerData.handle);
				const spec = new BatchSpec({ dataSource: 0, array: false, recordSize: 24, maxRows: 4, maxBytes: 65536, fields: [] });
				source.fill(0, new Uint8Array(65536), spec, 0, 0);
				source.commit(0);
				source.fill(0, new Uint8Array(65536), spec, 0, 0);
				parentPort.postMessage('filled');
				for (;;) source.wait(1000);
			});`;
		const modules = { source: built('host', 'ebpf', 'source.js'), batch: built('host', 'ebpf', 'batch.js') };
		const worker = new Worker(code, { eval: true, workerData: { ...modules, handle: source.handle } });
		await once(worker, 'message');
		const ended = worker.terminate();
		source.wake();
		await ended;
		source.rewind(0);
		source.fill(0, region, spec, 0, 0);
		expect(numbers()).toEqual(sequence(1004, 6));
	});
});

describe('waiting', () => {
	it('ends by the timeout', () => {
		const began = performance.now();
		expect(source.wait(30)).toBe(0);
		expect(performance.now() - began).toBeGreaterThan(25);
	});

	it('ends by a wake, at once', () => {
		source.wake();
		const began = performance.now();
		expect(source.wait(5000)).toBe(Waited.Woken);
		expect(performance.now() - began).toBeLessThan(1000);
	});

	it('ends when the program wakes its readers', () => {
		source.wait(0);
		producer.setGlobal('flags', u64(FORCE_WAKEUP));
		produce(1);
		const began = performance.now();
		expect(source.wait(5000)).toBe(Waited.Data);
		expect(performance.now() - began).toBeLessThan(1000);
	});

	it('is not ended by records without a wake-up, but sees them', () => {
		source.wait(0);
		produce(1);
		const began = performance.now();
		expect(source.wait(30)).toBe(Waited.Data);
		expect(performance.now() - began).toBeGreaterThan(25);
	});
});

describe('a source', () => {
	it('takes ring buffers only', () => {
		expect(() => source.addRing(producer.map('ring_lost_samples').fd)).toThrow(/EINVAL/);
		expect(() => source.addRing(-1)).toThrow(/cannot map a ring buffer/);
	});

	it('says so when it is used after it was freed', () => {
		source.free();
		source.free();
		expect(() => source.wait(0)).toThrow(/after it was freed/);
	});
});
