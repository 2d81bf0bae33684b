/** Between a batch in memory (docs/operator-abi.md) and the values that a component gets and gives. */
import { BatchHeader, MAX_COLUMNS } from '../../ebpf/batch.js';
import { GuestFailure } from '../guest.js';
import type { WitBatch, WitChanges } from './types.js';

const COLUMN = 32;
const PRESENT = 1;

const round8 = (offset: number): number => (offset + 7) & ~7;

/** `region`: a batch and its room, the header checked by the host. */
export function toWit(region: Uint8Array): WitBatch {
	const view = new DataView(region.buffer, region.byteOffset, region.byteLength);
	const word = (at: number): number => view.getUint32(at, true);
	const heap = round8(word(BatchHeader.Heap) + word(BatchHeader.HeapUsed));
	return {
		dataSource: word(BatchHeader.DataSource),
		isArray: (word(BatchHeader.Flags) & 1) !== 0,
		rowCount: word(BatchHeader.RowCount),
		stride: word(BatchHeader.Stride),
		rows: word(BatchHeader.Rows),
		rowOffsets: word(BatchHeader.RowOffsets),
		columns: word(BatchHeader.Columns),
		columnCount: word(BatchHeader.ColumnCount),
		heap,
		sequence: view.getBigUint64(BatchHeader.Sequence, true),
		lost: view.getBigUint64(BatchHeader.Lost, true),
		bootOffset: view.getBigInt64(BatchHeader.BootOffset, true),
		monoOffset: view.getBigInt64(BatchHeader.MonoOffset, true),
		bytes: region.subarray(0, Math.min(heap, region.length)),
	};
}

const lying = (what: string): GuestFailure => new GuestFailure(`returned a ${what} of another type than sdk-wit/operator.wit says`, false);

/** Bytes or nothing. @throws GuestFailure */
export function bytesFrom(given: unknown, what: string): Uint8Array | undefined {
	if (given === undefined || given instanceof Uint8Array) return given;
	throw lying(what);
}

function word(given: unknown): number {
	if (typeof given === 'number' && Number.isInteger(given) && given >= 0 && given <= 0xffff_ffff) return given;
	throw lying('column');
}

/** What `batch` returned, whatever that is, as what it should be. @throws GuestFailure */
export function changesFrom(given: unknown): WitChanges {
	if (typeof given !== 'object' || given === null) throw lying('result');
	const { selection, columns, heap, output } = given as Record<string, unknown>;
	if (selection !== undefined && !(selection instanceof Uint32Array)) throw lying('selection');
	if (columns !== undefined && (!Array.isArray(columns) || columns.length > MAX_COLUMNS)) throw lying('list of columns');
	return {
		selection,
		columns: (columns ?? []).map((column) => {
			const { slot, validity, data, size } = Object(column) as Record<string, unknown>;
			return { slot: word(slot), validity: word(validity ?? 0), data: word(data), size: word(size) };
		}),
		heap: bytesFrom(heap, 'heap'),
		output: bytesFrom(output, 'output'),
	};
}

/**
 * Writes what a guest wants changed into the batch that it got. Only what would leave the region is refused here; whether it makes
 * sense is for the native checks, which every operator's batches go through. @throws GuestFailure
 */
export function applyChanges(region: Uint8Array, batch: WitBatch, { selection, columns, heap }: WitChanges): void {
	const view = new DataView(region.buffer, region.byteOffset, region.byteLength);
	if (selection !== undefined) {
		if (selection.length > batch.rowCount) throw new GuestFailure('returned a batch with a bad selected', false);
		const at = region.byteOffset + view.getUint32(BatchHeader.Selection, true);
		new Uint32Array(region.buffer, at, selection.length).set(selection);
		view.setUint32(BatchHeader.Selected, selection.length, true);
	}
	if (heap !== undefined) {
		if (batch.heap + heap.length > region.length) throw new GuestFailure('added more than a batch has room for', false);
		region.set(heap, batch.heap);
		view.setUint32(BatchHeader.HeapUsed, batch.heap + heap.length - view.getUint32(BatchHeader.Heap, true), true);
	}
	for (const { slot, validity, data, size } of columns) {
		if (slot >= batch.columnCount) throw new GuestFailure(`filled the column ${slot}, which there is not`, false);
		const at = batch.columns + slot * COLUMN;
		view.setUint32(at + 4, PRESENT, true);
		view.setUint32(at + 8, validity, true);
		view.setUint32(at + 12, data, true);
		view.setUint32(at + 16, size, true);
	}
}
