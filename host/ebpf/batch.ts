/** Batches and their way between memories: what native/ig.h does, on typed arrays. */
import type { Int64 } from './functions.js';
import { native } from './native.js';

/** Offsets in the header of a batch, bytes (native/ig_batch.h). All u32, the u64 and i64 ones marked. */
export const BatchHeader = {
	Magic: 0,
	Version: 4,
	HeaderSize: 6,
	DataSource: 8,
	Flags: 12,
	Capacity: 16,
	RowCount: 20,
	Stride: 24,
	Rows: 28,
	RowsSize: 32,
	RowOffsets: 36,
	Selection: 40,
	Selected: 44,
	Columns: 48,
	ColumnCount: 52,
	Heap: 56,
	HeapUsed: 60,
	/** u64 */
	Sequence: 64,
	/** u64 */
	Lost: 72,
	/** i64 */
	BootOffset: 80,
	/** i64 */
	MonoOffset: 88,
	/** u64 */
	DrainedAt: 96,
	Output: 104,
	OutputSize: 108,
	Size: 128,
} as const;
export const MAX_ROWS = 262144;
export const MAX_COLUMNS = 256;
const MAX_RANGES = 64;

/** Offsets in a column descriptor. */
export const ColumnHeader = { Field: 0, State: 4, Validity: 8, Data: 12, DataSize: 16, Size: 32 } as const;

const ERRNO = { EINVAL: 22, ENOSPC: 28, EPROTO: 71 } as const;

/** What a batch that was refused did wrong. */
export class BatchFault extends Error {
	/** EPROTO: the guest broke the contract; ENOSPC: a region is too small; EINVAL: our own mistake. */
	readonly errno: 'EPROTO' | 'ENOSPC' | 'EINVAL';
	/** The header field (as in docs/operator-abi.md), or `column N`. */
	readonly where: string;

	constructor(errno: number, where: number) {
		const name = (Object.keys(ERRNO) as (keyof typeof ERRNO)[]).find((key) => ERRNO[key] === -errno) ?? 'EINVAL';
		const place = where >= 1000 ? `column ${where - 1000}` : headerFieldName(where);
		super(name === 'EPROTO' ? `bad ${place}` : name === 'ENOSPC' ? 'no room in the region' : 'bad arguments');
		this.name = 'BatchFault';
		this.errno = name;
		this.where = place;
	}
}

function headerFieldName(offset: number): string {
	const entry = Object.entries(BatchHeader).find(([, value]) => value === offset);
	return (entry?.[0] ?? `header+${offset}`).replace(/(?<!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}

export interface BatchSpecOptions {
	readonly dataSource: number;
	/** The rows are one snapshot. */
	readonly array: boolean;
	/** Bytes of the gadget's struct. */
	readonly recordSize: number;
	/** What rows have at least: behind it there is only text, of which rows have what their records had. All of it by default. */
	readonly fixedSize?: number;
	readonly maxRows: number;
	/** Of rows; what is left of the region is the heap. */
	readonly maxBytes: number;
	/** Field id of each column slot. */
	readonly fields: readonly number[];
	readonly bootOffset?: bigint;
	readonly monoOffset?: bigint;
}

/** struct ig_batch_spec: what the batches of one data source look like. */
export class BatchSpec {
	readonly bytes = new Uint8Array(1072);
	readonly #view = new DataView(this.bytes.buffer);
	/** Its batches are snapshots. */
	readonly array: boolean;

	constructor(options: BatchSpecOptions) {
		if (options.fields.length > MAX_COLUMNS) throw new RangeError(`more than ${MAX_COLUMNS} columns`);
		const { dataSource, array, recordSize, fixedSize = recordSize, maxRows, maxBytes, fields } = options;
		this.array = array;
		const head = [dataSource, array ? 1 : 0, recordSize, fixedSize, maxRows, maxBytes, fields.length];
		for (const [i, value] of [...head, ...fields].entries()) this.#view.setUint32(4 * i, value, true);
		this.setClocks(options.bootOffset ?? 0n, options.monoOffset ?? 0n);
	}

	/** Rows of the next batch at most. */
	setMaxRows(rows: number): void {
		this.#view.setUint32(16, rows, true);
	}

	/** Bytes of its rows at most. */
	setMaxBytes(bytes: number): void {
		this.#view.setUint32(20, bytes, true);
	}

	/** ns to add to CLOCK_BOOTTIME and CLOCK_MONOTONIC for wall time. */
	setClocks(boot: bigint, mono: bigint): void {
		this.#view.setBigInt64(1056, boot, true);
		this.#view.setBigInt64(1064, mono, true);
	}
}

/** A part of the payload, bytes. */
export interface Range {
	readonly offset: number;
	readonly size: number;
}

export interface ProjectionOptions {
	readonly recordSize: number;
	/** As of the batches: {@link BatchSpecOptions.fixedSize}. */
	readonly fixedSize?: number;
	/** What is behind the struct travels too; and so do rows as a whole when there are no `ranges` and no `texts`. */
	readonly allRows: boolean;
	/** Within the fixed size. */
	readonly ranges: readonly Range[];
	/** Each up to its first NUL. */
	readonly texts?: readonly Range[];
	/** Columns that exist for this operator. */
	readonly columnCount: number;
	/** Slots to copy in. */
	readonly wanted: ReadonlySet<number>;
	/** Slots to copy back. */
	readonly owned: ReadonlySet<number>;
	/** Bytes of a value per slot; 0: views (string and bytes kinds). */
	readonly widths: readonly number[];
}

/** Whole words that cover the ranges, sorted, none touching another. */
function mergeRanges(ranges: readonly Range[]): { offset: number; end: number }[] {
	const words = ranges
		.filter((range) => range.size > 0)
		.map(({ offset, size }) => ({ offset: offset & ~7, end: (offset + size + 7) & ~7 }))
		.sort((a, b) => a.offset - b.offset);
	const merged: { offset: number; end: number }[] = [];
	for (const word of words) {
		const last = merged.at(-1);
		if (last && word.offset <= last.end) last.end = Math.max(last.end, word.end);
		else merged.push(word);
	}
	return merged;
}

/** struct ig_projection: what one operator sees and gives back of the batches of one data source. */
export class Projection {
	readonly bytes = new Uint8Array(2584);

	constructor(options: ProjectionOptions) {
		if (options.columnCount > MAX_COLUMNS) throw new RangeError(`more than ${MAX_COLUMNS} columns`);
		const view = new DataView(this.bytes.buffer);
		const { recordSize, fixedSize = recordSize, texts = [] } = options;
		const ranges = mergeRanges(options.ranges);
		// So many pieces cost more than the whole row.
		const whole = ranges.length > MAX_RANGES || texts.length > MAX_RANGES;
		const all = options.allRows || whole;
		const head = [recordSize, fixedSize, all ? 1 : 0, whole ? 0 : ranges.length, whole ? 0 : texts.length];
		for (const [i, value] of head.entries()) view.setUint32(4 * i, value, true);
		for (const [i, range] of whole ? [] : ranges.entries()) {
			view.setUint32(20 + 8 * i, range.offset, true);
			view.setUint32(24 + 8 * i, range.end - range.offset, true);
		}
		for (const [i, text] of whole ? [] : texts.entries()) {
			view.setUint32(532 + 8 * i, text.offset, true);
			view.setUint32(536 + 8 * i, text.size, true);
		}
		view.setUint32(1044, options.columnCount, true);
		for (let slot = 0; slot < options.columnCount; slot++) {
			this.bytes[1048 + slot] = options.wanted.has(slot) ? 1 : 0;
			this.bytes[1304 + slot] = options.owned.has(slot) ? 1 : 0;
			view.setUint32(1560 + 4 * slot, options.widths[slot] ?? 0, true);
		}
	}
}

const where = new Uint32Array(1);
const consumed = new BigUint64Array(1);

function checked(result: number): number {
	if (result < 0) throw new BatchFault(result, where[0] ?? 0);
	return result;
}

/** Copies what is selected in home to away, compacted; rowMap (room for home's rows) says where each row came from. Returns rows. */
export function projectBatch(home: Uint8Array, away: Uint8Array, projection: Projection, rowMap: Uint32Array): number {
	return checked(native.ig_batch_project(home, home.byteLength, away, away.byteLength, projection.bytes, rowMap, where));
}

/** Takes selection and columns of away back into home; rows is what projectBatch returned. Returns the rows still selected. */
export function acceptBatch(home: Uint8Array, away: Uint8Array, projection: Projection, rowMap: Uint32Array, rows: number): number {
	return checked(native.ig_batch_accept(home, home.byteLength, away, away.byteLength, projection.bytes, rowMap, rows, where));
}

/** Checks what an operator in home's own memory did; rows is what the batch was filled with. Returns the rows still selected. */
export function checkBatch(home: Uint8Array, projection: Projection, rows: number): number {
	return checked(native.ig_batch_check(home, home.byteLength, projection.bytes, rows, where));
}

/** Lays out a batch (without rows, if there are none) and fills it from records in memory: a recording's. */
export function fillRecords(
	records: Uint8Array,
	region: Uint8Array,
	spec: BatchSpec,
	sequence: Int64,
	lost: Int64,
): { readonly rows: number; readonly consumed: number } {
	where[0] = 0;
	const size = records.byteLength;
	const rows = checked(native.ig_records_fill(records, size, consumed, region, region.byteLength, spec.bytes, sequence, lost));
	return { rows, consumed: Number(consumed[0]) };
}

const Flag = { More: 2, Continued: 4 } as const;

/** A snapshot that is larger than a batch comes in parts. */
export interface Part {
	/** One came before. */
	readonly continued: boolean;
	/** Another follows. */
	readonly more: boolean;
}

/** Says which part of a snapshot a batch is; it has said of none so far, or of what `part` widens. */
export function markPart(region: Uint8Array, { continued, more }: Part): void {
	const view = new DataView(region.buffer, region.byteOffset);
	const flags = view.getUint32(BatchHeader.Flags, true);
	view.setUint32(BatchHeader.Flags, flags | (continued ? Flag.Continued : 0) | (more ? Flag.More : 0), true);
}

/** Bytes of the rows of a batch that was laid out. */
export function rowBytes(region: Uint8Array): number {
	return new DataView(region.buffer, region.byteOffset).getUint32(BatchHeader.RowsSize, true);
}

/** Whether another part of the snapshot follows. */
export function hasMore(region: Uint8Array): boolean {
	return (new DataView(region.buffer, region.byteOffset).getUint32(BatchHeader.Flags, true) & Flag.More) !== 0;
}

let packed = new Uint8Array(64 << 10);

/** All rows of a batch as a ring holds them: what {@link fillRecords} takes. Valid until the next call. */
export function packRecords(region: Uint8Array): Uint8Array {
	const rowsSize = new DataView(region.buffer, region.byteOffset).getUint32(BatchHeader.RowsSize, true);
	const room = Math.min(rowsSize + 8, region.byteLength);
	if (packed.byteLength < room) packed = new Uint8Array(room * 2);
	where[0] = 0;
	const size = checked(Number(native.ig_records_pack(region, region.byteLength, packed, packed.byteLength)));
	return packed.subarray(0, size);
}

/**
 * Rows as the records that a ring would hold: what {@link fillRecords} takes. `count` rows of `size` bytes, `stride` apart, all inside
 * of `rows`.
 */
export function makeRecords(rows: Uint8Array, count: number, stride: number, size: number): Uint8Array {
	const records = new Uint8Array(count * (8 + ((size + 7) & ~7)));
	native.ig_records_make(rows, count, stride, size, records);
	return records;
}
