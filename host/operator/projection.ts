/** What of a batch travels to an operator and back, from its init: the wanted parts of rows, wanted columns, owned columns. */
import { type DataSource, Kind } from '../schema.js';
import { ownedSlots } from './effects.js';
import type { InitResult } from './session.js';

/** The data of native `struct ig_projection`; `ebpf/batch.ts` lays it out. */
export interface ProjectionPlan {
	readonly recordSize: number;
	/** Whole rows; else only `ranges`. */
	readonly allRows: boolean;
	/** Merged, in order. Bytes of the payload. */
	readonly ranges: readonly { readonly offset: number; readonly size: number }[];
	/** Columns that exist for this operator. */
	readonly columnCount: number;
	readonly wanted: ReadonlySet<number>;
	readonly owned: ReadonlySet<number>;
	/** Bytes of a value per slot; 0: a view (string, bytes). */
	readonly widths: readonly number[];
	/** Field id per slot. */
	readonly fields: readonly number[];
}

/** Bytes of a value of a fixed-size kind; 0 for strings and bytes. */
export function kindWidth(kind: number): number {
	switch (kind) {
		case Kind.Bool:
		case Kind.Int8:
		case Kind.Uint8:
			return 1;
		case Kind.Int16:
		case Kind.Uint16:
			return 2;
		case Kind.Int32:
		case Kind.Uint32:
		case Kind.Float32:
			return 4;
		case Kind.Int64:
		case Kind.Uint64:
		case Kind.Float64:
			return 8;
		default:
			return 0;
	}
}

/** More ranges than this and whole rows are cheaper (and `ig_projection` has no room). */
const MAX_RANGES = 64;

function mergeRanges(ranges: readonly { offset: number; size: number }[]): { offset: number; size: number }[] {
	const merged: { offset: number; size: number }[] = [];
	for (const { offset, size } of [...ranges].sort((a, b) => a.offset - b.offset)) {
		const last = merged.at(-1);
		// Copying a small gap costs less than a second range.
		if (last !== undefined && offset <= last.offset + last.size + 16) last.size = Math.max(last.size, offset + size - last.offset);
		else merged.push({ offset, size });
	}
	return merged;
}

/** `before` and `after`: the data sources when the operator's init began and ended. */
export function planProjections(before: readonly DataSource[], after: readonly DataSource[], init: InitResult): ProjectionPlan[] {
	const owned = ownedSlots(before, init.effects);
	return before.map((source, ds) => {
		const now = after[ds] ?? source;
		const wants = init.wants[ds];
		const wanted = new Set<number>();
		const ranges: { offset: number; size: number }[] = [];
		for (const field of source.fields) {
			if (wants !== undefined && !wants.has(field.id)) continue;
			if (field.slot >= 0) wanted.add(field.slot);
			else if (field.size > 0) ranges.push({ offset: field.offset, size: field.size });
		}
		const widths: number[] = new Array(now.slots).fill(0);
		const fields: number[] = new Array(now.slots).fill(0);
		for (const field of now.fields) {
			if (field.slot < 0) continue;
			widths[field.slot] = kindWidth(field.kind);
			fields[field.slot] = field.id;
		}
		const merged = mergeRanges(ranges);
		const allRows = wants === undefined || merged.length > MAX_RANGES;
		return {
			recordSize: source.recordSize,
			allRows,
			ranges: allRows ? [] : merged,
			columnCount: now.slots,
			wanted,
			owned: new Set(owned[ds]),
			widths,
			fields,
		};
	});
}
