/** What of a batch travels to an operator and back, from its init: the wanted parts of rows, wanted columns, owned columns. */
import { Projection, type Range } from '../ebpf/batch.js';
import { type DataSource, Kind, kindWidth } from '../schema.js';
import { ownedSlots } from './effects.js';
import type { InitResult } from './session.js';

/** `before` and `after`: the data sources when the operator's init began and ended. `fixedSizes`: of the gadget's (`schema.ts`). */
export function planProjections(
	before: readonly DataSource[],
	after: readonly DataSource[],
	init: InitResult,
	fixedSizes: readonly number[],
): Projection[] {
	const owned = ownedSlots(before, init.effects);
	return before.map((source, ds) => {
		const now = after[ds] ?? source;
		const wants = init.wants[ds];
		const wanted = new Set<number>();
		const ranges: Range[] = [];
		const texts: Range[] = [];
		for (const field of source.fields) {
			if (wants !== undefined && !wants.has(field.id)) continue;
			if (field.slot >= 0) wanted.add(field.slot);
			else if (field.size > 0) (field.kind === Kind.CString ? texts : ranges).push({ offset: field.offset, size: field.size });
		}
		const widths: number[] = new Array(now.slots).fill(0);
		for (const field of now.fields) if (field.slot >= 0) widths[field.slot] = kindWidth(field.kind);
		return new Projection({
			recordSize: source.recordSize,
			fixedSize: fixedSizes[ds] ?? source.recordSize,
			allRows: wants === undefined,
			ranges,
			texts,
			columnCount: now.slots,
			wanted,
			owned: new Set(owned[ds]),
			widths,
		});
	});
}
