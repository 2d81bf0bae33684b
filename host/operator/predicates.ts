/** The part of a filter that the kernel decides, as the built-in module's `ig_split_filter` finds it (`operators/src/filter/kernel.rs`). */
import { IgError } from '../errors.js';
import type { DataSource } from '../schema.js';
import { encodeInitTable } from './init-table.js';
import type { CorePlan } from './module.js';

export interface SplitFilter {
	/** Conditions as their user wrote them: those that the kernel decides, and the others. */
	readonly kernel: readonly string[];
	readonly operator: readonly string[];
	/** What `bpf/include/gadget/predicates.h` walks: at most 16 predicates of 32 bytes. */
	readonly table: Uint8Array;
}

interface Splitter {
	ig_alloc(size: number): number;
	ig_split_filter(table: number, size: number): number;
}

/**
 * @param builtin the built-in operators' module
 * @param source fields whose `slot` is not -1 are left to the operator
 * @param params the filter operator's
 */
export function splitFilter(builtin: CorePlan, source: DataSource, params: Readonly<Record<string, string>>): SplitFilter {
	const memory = new WebAssembly.Memory(builtin.memory ?? { initial: 64 });
	const bytes = (): Uint8Array => new Uint8Array(memory.buffer);
	const imports: Record<string, Record<string, unknown>> = { env: { memory } };
	for (const { module, name, kind } of WebAssembly.Module.imports(builtin.module)) {
		// It calls none of them.
		if (kind === 'function') imports[module] = { ...imports[module], [name]: () => 0 };
	}
	const instance = new WebAssembly.Instance(builtin.module, imports);
	const exports = instance.exports as unknown as Splitter;
	const table = encodeInitTable({ sources: [source], params, regionSize: 0 });
	const address = exports.ig_alloc(table.length);
	bytes().set(table, address);
	let at = exports.ig_split_filter(address, table.length);
	if (at === 0) throw new IgError('IG_INTERNAL', { reason: 'the filter cannot read its own table' });

	const view = new DataView(memory.buffer);
	const take = (size: number): number => {
		at += size;
		return at - size;
	};
	const word = (): number => view.getUint32(take(4), true);
	const chunk = (size: number): Uint8Array => bytes().slice(take(size), at);
	const size = word();
	const end = at + size;
	const conditions = (): string[] => Array.from({ length: word() }, () => new TextDecoder().decode(chunk(word())));
	return { kernel: conditions(), operator: conditions(), table: chunk(end - at) };
}
