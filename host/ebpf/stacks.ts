/** Texts of stacks, in native memory: what is known of processes, files and stacks outlives the worker that asks. */
import { IgError } from '../errors.js';
import { BatchFault } from './batch.js';
import type { Pointer } from './functions.js';
import { native } from './native.js';

/** Bits of what {@link Stacks.troubles} returns. */
export const StackTrouble = { KernelHidden: 1, NoLibrary: 2, NoRoom: 4 } as const;
const NO_SLOT = 0xffffffff;

/** Descriptors of the maps with stacks; undefined: the gadget has no such map. They stay open as long as this is used. */
export interface StackMaps {
	readonly kernel: number | undefined;
	readonly user: number | undefined;
	readonly buildIds: number | undefined;
}

/** Where a row has a stack, and the column slots of its texts that somebody reads: symbols, addresses, build ids, frames. */
export interface StackColumns {
	readonly user: boolean;
	readonly offset: number;
	readonly slots: readonly (number | undefined)[];
}

/** struct ig_stack_field[]. */
export function encodeStackColumns(columns: readonly StackColumns[]): Uint32Array {
	return Uint32Array.from(
		columns.flatMap(({ user, offset, slots }) => [user ? 1 : 0, offset, ...[0, 1, 2, 3].map((i) => slots[i] ?? NO_SLOT)]),
	);
}

/** One thread at a time. */
export class Stacks {
	/** Give it to {@link attachStacks} on another thread. */
	readonly handle: Pointer;
	readonly #reason = new Uint8Array(256);

	constructor(handle: Pointer) {
		this.handle = handle;
	}

	/** Begins in the background with what the first kernel stack needs. */
	prepare(): void {
		native.ig_stacks_prepare(this.handle);
	}

	/** Fills columns of the selected rows; `columns` as {@link encodeStackColumns} makes them. @throws BatchFault */
	fill(region: Uint8Array, fixedSize: number, columns: Uint32Array): void {
		const result = native.ig_stacks_fill(this.handle, region, region.byteLength, fixedSize, columns, columns.length / 6);
		if (result < 0) throw new BatchFault(result, 0);
	}

	/** What went wrong since the last call, as bits of {@link StackTrouble}. */
	troubles(): number {
		return native.ig_stacks_troubles(this.handle);
	}

	/** Why there is no library. */
	reason(): string {
		const size = native.ig_stacks_reason(this.handle, this.#reason, this.#reason.byteLength);
		return new TextDecoder().decode(this.#reason.subarray(0, Math.min(size, this.#reason.byteLength - 1)));
	}

	/** No thread may be using it. */
	free(): void {
		native.ig_stacks_free(this.handle);
	}
}

/** `library`: blazesym's file, empty: user stacks get no names. `debuginfod`: a cache of debug files by build id, or empty. */
export function openStacks(maps: StackMaps, library: string, debuginfod: string): Stacks {
	const handle = native.ig_stacks_new(maps.kernel ?? -1, maps.user ?? -1, maps.buildIds ?? -1, library, debuginfod);
	if (handle === null) throw new IgError('IG_INTERNAL', { reason: 'no memory for stacks' });
	return new Stacks(handle);
}

/** The same on another thread. */
export function attachStacks(handle: Pointer): Stacks {
	return new Stacks(handle);
}
