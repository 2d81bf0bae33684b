import { beforeEach, describe, expect, it } from 'vitest';
import {
	acceptBatch,
	BatchFault,
	BatchHeader,
	BatchSpec,
	ColumnHeader,
	checkBatch,
	fillRecords,
	MAX_ROWS,
	packRecords,
	Projection,
	projectBatch,
} from '../../host/ebpf/batch.js';

const RECORD = 32;
const ROWS = 5;

/** Records as a ring holds them, of `RECORD` bytes; each byte is its row's number. */
function records(): Uint8Array {
	const bytes = new Uint8Array(ROWS * (8 + RECORD));
	for (let row = 0; row < ROWS; row++) {
		bytes[row * 40] = RECORD;
		bytes.fill(row, row * 40 + 8, row * 40 + 40);
	}
	return bytes;
}

let home: Uint8Array;
let away: Uint8Array;
let rowMap: Uint32Array;

beforeEach(() => {
	home = new Uint8Array(new WebAssembly.Memory({ initial: 2 }).buffer, 65536, 16384);
	away = new Uint8Array(new WebAssembly.Memory({ initial: 2 }).buffer, 1024, 16384);
	rowMap = new Uint32Array(1024);
	const spec = new BatchSpec({
		...{ dataSource: 2, array: true, recordSize: RECORD, maxRows: 64, maxBytes: 8192, fields: [7, 9], bootOffset: 11n, monoOffset: -12n },
	});
	expect(fillRecords(records(), home, spec, 3, 4)).toEqual({ rows: ROWS, consumed: ROWS * 40 });
});

const all = {
	recordSize: RECORD,
	allRows: true,
	ranges: [],
	columnCount: 2,
	wanted: new Set<number>(),
	owned: new Set([1]),
	widths: [0, 4],
};

function view(region: Uint8Array): DataView {
	return new DataView(region.buffer, region.byteOffset, region.byteLength);
}

function select(region: Uint8Array, rows: number[]): void {
	const header = view(region);
	const selection = header.getUint32(BatchHeader.Selection, true);
	for (const [i, row] of rows.entries()) header.setUint32(selection + 4 * i, row, true);
	header.setUint32(BatchHeader.Selected, rows.length, true);
}

function selected(region: Uint8Array): number[] {
	const header = view(region);
	const selection = header.getUint32(BatchHeader.Selection, true);
	return Array.from({ length: header.getUint32(BatchHeader.Selected, true) }, (_, i) => header.getUint32(selection + 4 * i, true));
}

/** First byte of each row. */
function rows(region: Uint8Array): number[] {
	const header = view(region);
	const [first, stride] = [header.getUint32(BatchHeader.Rows, true), header.getUint32(BatchHeader.Stride, true)];
	return Array.from({ length: header.getUint32(BatchHeader.RowCount, true) }, (_, row) => region[first + row * stride] ?? -1);
}

function faultOf(run: () => unknown): BatchFault {
	try {
		run();
	} catch (error) {
		if (error instanceof BatchFault) return error;
	}
	throw new Error('no BatchFault');
}

describe('a batch', () => {
	it('has the header that its spec says', () => {
		const header = view(home);
		expect(header.getUint32(BatchHeader.DataSource, true)).toBe(2);
		expect(header.getUint32(BatchHeader.Flags, true)).toBe(1);
		expect(header.getUint32(BatchHeader.ColumnCount, true)).toBe(2);
		expect(header.getUint32(header.getUint32(BatchHeader.Columns, true) + ColumnHeader.Size + ColumnHeader.Field, true)).toBe(9);
		expect(header.getBigUint64(BatchHeader.Sequence, true)).toBe(3n);
		expect(header.getBigUint64(BatchHeader.Lost, true)).toBe(4n);
		expect(header.getBigInt64(BatchHeader.BootOffset, true)).toBe(11n);
		expect(header.getBigInt64(BatchHeader.MonoOffset, true)).toBe(-12n);
		expect(rows(home)).toEqual([0, 1, 2, 3, 4]);
	});

	it('packs into the records that it was filled from', () => {
		expect(packRecords(home)).toEqual(records());
	});

	it('is filled up to what the spec allows now', () => {
		const spec = new BatchSpec({ dataSource: 0, array: false, recordSize: RECORD, maxRows: 64, maxBytes: 8192, fields: [] });
		spec.setMaxRows(2);
		expect(fillRecords(records(), home, spec, 0, 0)).toEqual({ rows: 2, consumed: 80 });
	});

	it('is laid out without records too', () => {
		const spec = new BatchSpec({ dataSource: 0, array: false, recordSize: 0, maxRows: 4, maxBytes: 64, fields: [] });
		expect(fillRecords(new Uint8Array(0), home, spec, 0, 0)).toEqual({ rows: 0, consumed: 0 });
		expect(view(home).getUint32(BatchHeader.RowCount, true)).toBe(0);
	});
});

describe('project and accept', () => {
	it('show an operator the selected rows, and take its choice back', () => {
		const projection = new Projection(all);
		select(home, [4, 1, 2]);
		expect(projectBatch(home, away, projection, rowMap)).toBe(3);
		expect([...rowMap.subarray(0, 3)]).toEqual([4, 1, 2]);
		expect(rows(away)).toEqual([4, 1, 2]);
		select(away, [2, 0]);
		expect(acceptBatch(home, away, projection, rowMap, 3)).toBe(2);
		expect(selected(home)).toEqual([2, 4]);
		expect(checkBatch(home, projection, ROWS)).toBe(2);
	});

	it('take a column back', () => {
		const projection = new Projection(all);
		select(home, [3, 0]);
		projectBatch(home, away, projection, rowMap);
		const header = view(away);
		const data = header.getUint32(BatchHeader.Heap, true);
		header.setUint32(data, 33, true);
		header.setUint32(data + 4, 44, true);
		const column = header.getUint32(BatchHeader.Columns, true) + ColumnHeader.Size;
		header.setUint32(column + ColumnHeader.State, 1, true);
		header.setUint32(column + ColumnHeader.Data, data, true);
		header.setUint32(column + ColumnHeader.DataSize, 8, true);
		acceptBatch(home, away, projection, rowMap, 2);
		const mine = view(home);
		const values = mine.getUint32(mine.getUint32(BatchHeader.Columns, true) + ColumnHeader.Size + ColumnHeader.Data, true);
		expect(mine.getUint32(values + 4 * 3, true)).toBe(33);
		expect(mine.getUint32(values, true)).toBe(44);
	});

	it('copy only what was asked for', () => {
		const projection = new Projection({ ...all, allRows: false, ranges: [{ offset: 17, size: 2 }] });
		projectBatch(home, away, projection, rowMap);
		const first = view(away).getUint32(BatchHeader.Rows, true);
		expect(away[first + 40 + 17]).toBe(1);
		expect(away[first + 40 + 8]).toBe(0);
	});

	it('copy a text up to its end', () => {
		const projection = new Projection({ ...all, fixedSize: 8, allRows: false, texts: [{ offset: 8, size: 24 }] });
		const first = view(home).getUint32(BatchHeader.Rows, true);
		home.set(new TextEncoder().encode('nine byte\0'), first + 8);
		projectBatch(home, away, projection, rowMap);
		const there = view(away).getUint32(BatchHeader.Rows, true);
		expect(new TextDecoder().decode(away.subarray(there + 8, there + 18))).toBe('nine byte\0');
		expect(away[there + 24]).toBe(0);
		// The row after it is one byte, 24 times: no end but that of the field.
		expect([...away.subarray(there + 40 + 8, there + 40 + 32)]).toEqual(Array(24).fill(1));
	});

	it('merge the ranges, and take whole rows when there are too many', () => {
		const words = (projection: Projection): number[] => {
			const [all, ranges, , ...places] = new Uint32Array(projection.bytes.buffer, 8, 9);
			return [all ?? -1, ranges ?? -1, ...places];
		};
		const two = [
			{ offset: 20, size: 4 },
			{ offset: 9, size: 1 },
			{ offset: 16, size: 2 },
			{ offset: 0, size: 0 },
		];
		expect(words(new Projection({ ...all, allRows: false, ranges: two }))).toEqual([0, 1, 8, 16, 0, 0, 0, 0]);
		const many = Array.from({ length: 65 }, (_, i) => ({ offset: i * 16, size: 4 }));
		expect(words(new Projection({ ...all, recordSize: 2000, allRows: false, ranges: many })).slice(0, 2)).toEqual([1, 0]);
	});

	it('name what a guest did wrong', () => {
		const projection = new Projection(all);
		projectBatch(home, away, projection, rowMap);
		select(away, [1, 1]);
		const repeated = faultOf(() => acceptBatch(home, away, projection, rowMap, ROWS));
		expect(repeated).toMatchObject({ errno: 'EPROTO', where: 'selection' });
		view(away).setUint32(BatchHeader.Selected, 6, true);
		expect(faultOf(() => acceptBatch(home, away, projection, rowMap, ROWS))).toMatchObject({ errno: 'EPROTO', where: 'selected' });
		select(away, [1]);
		const column = view(away).getUint32(BatchHeader.Columns, true) + ColumnHeader.Size;
		view(away).setUint32(column + ColumnHeader.State, 1, true);
		view(away).setUint32(column + ColumnHeader.Data, 0xffffffff, true);
		expect(faultOf(() => acceptBatch(home, away, projection, rowMap, ROWS))).toMatchObject({ errno: 'EPROTO', where: 'column 1' });
		view(home).setUint32(BatchHeader.RowCount, MAX_ROWS + 1, true);
		expect(faultOf(() => checkBatch(home, projection, ROWS))).toMatchObject({ errno: 'EPROTO', where: 'row count' });
	});

	it('say when there is no room', () => {
		const fault = faultOf(() => projectBatch(home, away.subarray(0, 200), new Projection(all), rowMap));
		expect(fault.errno).toBe('ENOSPC');
	});
});
