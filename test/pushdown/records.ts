/** The fixture `filtered`: its records, and what the kernel lets through of them. */
import { BatchSpec } from '../../host/ebpf/batch.js';
import { ringCounts } from '../../host/ebpf/counters.js';
import { native } from '../../host/ebpf/native.js';
import { readSources } from '../../host/ebpf/data-sources.js';
import { openSource } from '../../host/ebpf/source.js';
import type { DataSource } from '../../host/schema.js';
import { openFixture, u32 } from '../ebpf/fixture.js';

/** sizeof(struct event) */
export const SIZE = 120;

export interface Row {
	readonly u64: bigint;
	readonly s64: bigint;
	readonly u32: number;
	readonly s32: number;
	readonly u16: number;
	readonly s16: number;
	readonly u8: number;
	readonly s8: number;
	/** 2 is not true. */
	readonly yes: number;
	readonly odd: string;
	readonly comm: string;
	readonly path: string;
	readonly tail: string;
}

export function packRow(row: Row, id: number): Uint8Array {
	const bytes = new Uint8Array(SIZE).fill(0xaa);
	const view = new DataView(bytes.buffer);
	view.setBigUint64(0, row.u64, true);
	view.setBigInt64(8, row.s64, true);
	view.setUint32(16, id, true);
	view.setUint32(20, row.u32, true);
	view.setInt32(24, row.s32, true);
	view.setUint16(28, row.u16, true);
	view.setInt16(30, row.s16, true);
	view.setUint8(32, row.u8);
	view.setInt8(33, row.s8);
	view.setUint8(34, row.yes);
	// What lies behind a text's NUL is anything.
	const text = (value: string, at: number, size: number): void => {
		const end = new TextEncoder().encode(`${value}\0`);
		bytes.set(end.subarray(0, size), at);
	};
	text(row.odd, 35, 13);
	text(row.comm, 48, 16);
	text(row.path, 64, 36);
	text(row.tail, 100, 20);
	return bytes;
}

/** Data source of the fixture. */
export function eventsSource(): DataSource {
	const object = openFixture('filtered');
	try {
		const [tracer] = readSources(object);
		if (tracer === undefined) throw new Error('no tracer');
		return tracer.dataSource;
	} finally {
		object.close();
	}
}

export interface Kept {
	/** Ids of the records that came through the ring. */
	readonly ids: readonly number[];
	readonly filtered: number;
	readonly lost: number;
}

/** Loads the fixture with a table, and runs one of its programs on each record. `length`: bytes of each that are submitted. */
export function throughKernel(program: string, table: Uint8Array, rows: readonly Uint8Array[], length = SIZE): Kept {
	const object = openFixture('filtered');
	const source = openSource();
	try {
		object.setGlobal('events_predicates', table);
		object.setGlobal('length', u32(length));
		object.load();
		const ring = source.addRing(object.map('events').fd);
		const { fd } = object.program(program);
		const nanoseconds = new Uint32Array(1);
		for (const row of rows) native.ig_program_test_run(fd, row, row.length, 1, nanoseconds);
		const region = new Uint8Array(1 << 20);
		const spec = new BatchSpec({ dataSource: 0, array: false, recordSize: SIZE, maxRows: 4096, maxBytes: 1 << 19, fields: [] });
		const { rows: count } = source.fill(ring, region, spec, 0, 0);
		const view = new DataView(region.buffer);
		const [stride, first] = [view.getUint32(24, true), view.getUint32(28, true)];
		const ids = Array.from({ length: count }, (_, i) => view.getUint32(first + i * stride + 16, true));
		const counts = ringCounts(object, 'events');
		return { ids, filtered: counts?.filtered() ?? 0, lost: counts?.lost() ?? 0 };
	} finally {
		source.free();
		object.close();
	}
}
