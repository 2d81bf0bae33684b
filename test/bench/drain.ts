/** The drain alone: a BPF program fills a ring without tracing anything, and the host's own code empties it into WASM memory. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import koffi from 'koffi';
import { BatchSpec } from '../../host/ebpf/batch.js';
import { BpfObject } from '../../host/ebpf/object.js';
import { openSource, type Source } from '../../host/ebpf/source.js';
import { root, tool } from './paths.js';
import { type Sample, summarize } from './statistics.js';

/** As the pipeline's batches are. */
const MAX_ROWS = 1024;
const MAX_BYTES = 256 << 10;
/** As producer.bpf.c has them. */
const RECORDS_PER_RUN = 250;
/** 21 MB of the ring's 64: more than caches hold. */
const RUNS = 200;
/** struct event of trace_open; its records stop before the path when nobody asked for it. */
const STRUCT = { recordSize: 928, fixedSize: 160 };

export interface Drain {
	/** ns per record: reserve, fill and submit in the kernel. */
	readonly produce: Sample;
	/** ns per record of 416 bytes: out of the ring, into a batch. */
	readonly drain: Sample;
}

export function measureDrain(runs: number): Drain {
	const object = BpfObject.open(readFileSync(tool('producer.bpf.o')), { name: 'producer' });
	const source = openSource();
	try {
		object.load();
		const ring = source.addRing(object.map('records').fd);
		const program = object.program('produce').fd;
		// What operators work on: the memory of a WASM module.
		const memory = new WebAssembly.Memory({ initial: 64 });
		const region = new Uint8Array(memory.buffer).subarray(0, MAX_BYTES * 2);
		const produce: number[] = [];
		const drain: number[] = [];
		for (let run = 0; run <= runs; run++) {
			const made = fill(program);
			const took = empty(source, ring, region);
			// The first round warms code and pages.
			if (run === 0) continue;
			produce.push(made);
			drain.push(took);
		}
		return { produce: summarize(produce), drain: summarize(drain) };
	} finally {
		source.free();
		object.close();
	}
}

/** The host itself has no use for it. */
const testRun = koffi.load(join(root, 'dist/native/libig.so')).func('int bpf_prog_test_run_opts(int program, void *options)');

/** ns per record. */
function fill(program: number): number {
	/** struct bpf_test_run_opts: its size, then zeros. */
	const options = new BigUint64Array(12);
	options[0] = 96n;
	const began = performance.now();
	for (let run = 0; run < RUNS; run++) {
		const result: unknown = testRun(program, options);
		if (typeof result !== 'number' || result < 0) throw new Error(`bpf_prog_test_run: ${result}`);
	}
	return ((performance.now() - began) * 1e6) / (RUNS * RECORDS_PER_RUN);
}

function empty(source: Source, ring: number, region: Uint8Array): number {
	const spec = new BatchSpec({ dataSource: 0, array: false, ...STRUCT, maxRows: MAX_ROWS, maxBytes: MAX_BYTES, fields: [] });
	const began = performance.now();
	let records = 0;
	for (let sequence = 0; ; sequence++) {
		const { rows } = source.fill(ring, region, spec, sequence, 0);
		if (rows === 0) break;
		source.commit(ring);
		records += rows;
	}
	const nanoseconds = (performance.now() - began) * 1e6;
	if (records !== RUNS * RECORDS_PER_RUN) throw new Error(`${records} records came out of ${RUNS * RECORDS_PER_RUN}`);
	return nanoseconds / records;
}
