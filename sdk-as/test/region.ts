/** Builds and reads a batch region of docs/operator-abi.md ("The batch"). */

export interface ColumnSpec {
	/** One per row; undefined: the row has no value. */
	readonly values: readonly (string | number | bigint | undefined)[];
	/** Bytes of a number; strings become (offset, size) views. */
	readonly width?: 1 | 2 | 4 | 8;
}

export interface BatchSpec {
	readonly dataSource?: number;
	/** Payloads. */
	readonly rows: readonly Uint8Array[];
	/** Row numbers; all in order when absent. */
	readonly selection?: readonly number[];
	/** Find rows by an offset table instead of a stride. */
	readonly scattered?: boolean;
	/** By slot; slots without one are absent. */
	readonly columns?: Readonly<Record<number, ColumnSpec>>;
	readonly columnCount?: number;
	/** Bytes for what the operator adds. */
	readonly heap?: number;
	readonly sequence?: bigint;
	readonly bootOffset?: bigint;
}

const HEADER = 128;
const COLUMN = 32;
const RECORD_HEADER = 8;
const align = (size: number) => Math.ceil(size / 8) * 8;

/** Upper bound of the bytes that `writeRegion` needs. */
export function regionSize(spec: BatchSpec): number {
	const rows = spec.rows.reduce((sum, row) => sum + 16 + align(row.length), 0);
	const strings = Object.values(spec.columns ?? {}).flatMap((column) => column.values);
	const bytes = strings.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length * 3 : 0) + 16, 0);
	return (
		HEADER + (spec.columnCount ?? 0) * (COLUMN + 64 + spec.rows.length) + spec.rows.length * 8 + rows + bytes + 64 + (spec.heap ?? 65536)
	);
}

/** Lays the batch out in `region`; the heap gets what is left. */
export function writeRegion(region: Uint8Array, spec: BatchSpec): void {
	const { rows } = spec;
	const view = new DataView(region.buffer, region.byteOffset, region.length);
	const u32 = (at: number, value: number) => view.setUint32(at, value, true);
	const columnCount = spec.columnCount ?? 0;
	const selection = spec.selection ?? rows.map((_, i) => i);
	region.fill(0);

	const columnsAt = HEADER;
	const selectionAt = columnsAt + columnCount * COLUMN;
	const offsetsAt = selectionAt + rows.length * 4;
	const rowsAt = align(offsetsAt + rows.length * 4) + RECORD_HEADER;
	const stride = align(Math.max(0, ...rows.map((row) => row.length)) + RECORD_HEADER);
	let end = rowsAt;
	for (const [i, row] of rows.entries()) {
		// Scattered rows are of their own size, with a gap between them.
		const at = spec.scattered ? end + RECORD_HEADER : rowsAt + i * stride;
		u32(at - RECORD_HEADER, row.length);
		region.set(row, at);
		u32(offsetsAt + i * 4, at);
		end = spec.scattered ? at + align(row.length) + 16 : at + stride;
	}
	selection.forEach((row, i) => {
		u32(selectionAt + i * 4, row);
	});

	let heap = align(end);
	for (const [slot, column] of Object.entries(spec.columns ?? {})) {
		const { values, width } = column;
		const validityAt = heap;
		const dataAt = align(validityAt + Math.ceil(rows.length / 8));
		const size = width ?? 8;
		heap = align(dataAt + rows.length * size);
		for (const [i, value] of values.entries()) {
			if (value === undefined) continue;
			region[validityAt + (i >> 3)] = (region[validityAt + (i >> 3)] ?? 0) | (1 << (i & 7));
			if (typeof value === 'string') {
				const written = new TextEncoder().encodeInto(value, region.subarray(heap)).written;
				u32(dataAt + i * 8, heap);
				u32(dataAt + i * 8 + 4, written);
				heap += written;
			} else {
				const number = Buffer.alloc(8);
				number.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)));
				region.set(number.subarray(0, size), dataAt + i * size);
			}
		}
		heap = align(heap);
		const at = columnsAt + Number(slot) * COLUMN;
		u32(at + 4, 1);
		u32(at + 8, values.includes(undefined) ? validityAt : 0);
		u32(at + 12, dataAt);
		u32(at + 16, rows.length * size);
	}

	const header = [0x31424749, 1 | (HEADER << 16), spec.dataSource ?? 0, 0, region.length, rows.length, spec.scattered ? 0 : stride, rowsAt];
	header.push(end - rowsAt, spec.scattered ? offsetsAt : 0, selectionAt, selection.length, columnsAt, columnCount, heap, 0);
	header.forEach((value, i) => {
		u32(i * 4, value);
	});
	view.setBigUint64(64, spec.sequence ?? 0n, true);
	view.setBigInt64(80, spec.bootOffset ?? 0n, true);
}

/** What an operator left in a region. */
export class BatchResult {
	readonly errno: number;
	readonly #region: Uint8Array;
	readonly #view: DataView;

	constructor(errno: number, region: Uint8Array) {
		this.errno = errno;
		this.#region = region.slice();
		this.#view = new DataView(this.#region.buffer);
	}

	#u32(at: number): number {
		return this.#view.getUint32(at, true);
	}

	get selected(): number[] {
		return Array.from({ length: this.#u32(44) }, (_, i) => this.#u32(this.#u32(40) + i * 4));
	}

	get heapUsed(): number {
		return this.#u32(60);
	}

	/** Address and size of the bytes for the sink. */
	get output(): { address: number; size: number } {
		return { address: this.#u32(104), size: this.#u32(108) };
	}

	/** Offset of a row's entry in a column's data; undefined when it has no value. */
	#cell(slot: number, row: number, width: number): number | undefined {
		const at = this.#u32(48) + slot * COLUMN;
		if (this.#u32(at + 4) === 0) return undefined;
		if (this.#u32(at + 16) < this.#u32(20) * width) throw new Error(`column ${slot} is too short`);
		const validity = this.#u32(at + 8);
		if (validity !== 0 && ((this.#region[validity + (row >> 3)] ?? 0) & (1 << (row & 7))) === 0) return undefined;
		return this.#u32(at + 12) + row * width;
	}

	string(slot: number, row: number): string | undefined {
		const at = this.#cell(slot, row, 8);
		if (at === undefined) return undefined;
		const offset = this.#u32(at);
		const size = this.#u32(at + 4);
		if (offset + size > this.#region.length) throw new Error(`column ${slot}, row ${row} leaves the region`);
		return new TextDecoder().decode(this.#region.subarray(offset, offset + size));
	}

	u32(slot: number, row: number): number | undefined {
		const at = this.#cell(slot, row, 4);
		return at === undefined ? undefined : this.#u32(at);
	}

	u64(slot: number, row: number): bigint | undefined {
		const at = this.#cell(slot, row, 8);
		return at === undefined ? undefined : this.#view.getBigUint64(at, true);
	}
}
