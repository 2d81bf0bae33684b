/** Rings, perf buffers and snapshots that are read together, in native memory: they outlive the worker thread that reads them. */
import { IgError } from '../errors.js';
import type { BatchSpec } from './batch.js';
import type { Int64, Pointer } from './functions.js';
import { errnoName, native } from './native.js';

/** -EAGAIN. */
const NOT_DUE = -11;

/** Bits of what {@link Source.wait} returns. */
export const Waited = { Data: 1, Woken: 2 } as const;

export interface Filled {
	/** 0: nothing there (or the next record is still being written); a snapshot may be empty, and -1 says that none is due. */
	readonly rows: number;
	/** Records skipped because they are larger than the whole region. */
	readonly oversized: number;
}

/** How the values of all CPUs become one: `count` numbers of `width` bytes at `offset` of the value. */
export interface Merge {
	readonly offset: number;
	readonly width: number;
	readonly count: number;
	/** The largest is taken; else they are added up. */
	readonly latest: boolean;
}

/** An iterator of an input. */
export interface SourceIterator {
	/** Descriptor of its link. */
	readonly link: number;
	/** It shows what is in the thread's network namespace: it is run in each that there is. */
	readonly ofNetwork: boolean;
}

/** When snapshots of an input are taken; native/ig.h, `ig_source_schedule`. */
export interface Schedule {
	/** 0: none. */
	readonly intervalMs: number;
	/** 0: without end. */
	readonly count: number;
	/** Once more at the end. */
	readonly onStop: boolean;
}

/** One thread at a time drains; `wake` and `start` may be called from any. */
export class Source {
	/** Give it to {@link attachSource} on another thread. */
	readonly handle: bigint;
	readonly #owned: boolean;
	#freed = false;
	readonly #oversized = new BigUint64Array(1);

	constructor(handle: bigint, owned: boolean) {
		this.handle = handle;
		this.#owned = owned;
	}

	get #pointer(): Pointer {
		if (this.#freed) throw new IgError('IG_INTERNAL', { reason: 'a source was used after it was freed' });
		return this.handle;
	}

	/** Maps a ring buffer map; returns its number in this source. The map's fd may be closed afterwards. */
	addRing(fd: number): number {
		return succeeded(native.ig_source_add_ring(this.#pointer, fd), 'map a ring buffer');
	}

	/** Opens a perf event array, with so many pages (a power of two) for each CPU; returns its number in this source. */
	addPerf(fd: number, pages: number, recordSize: number): number {
		return succeeded(native.ig_source_add_perf(this.#pointer, fd, pages, recordSize), 'open a perf buffer');
	}

	/** One input of up to three iterators; returns its number in this source. */
	addIters(iterators: readonly SourceIterator[], recordSize: number): number {
		const links = Int32Array.from(iterators.map(({ link }) => link));
		const namespaced = iterators.reduce((bits, { ofNetwork }, i) => bits | (ofNetwork ? 1 << i : 0), 0);
		return succeeded(native.ig_source_add_iters(this.#pointer, links, links.length, namespaced, recordSize), 'set up an iterator');
	}

	/**
	 * The entries of a hash map: records of the key and, at `valueOffset`, the value. `keep`: leave them there.
	 * Returns its number in this source.
	 */
	addMap(fd: number, options: { readonly valueOffset: number; readonly keep: boolean; readonly merges: readonly Merge[] }): number {
		const { valueOffset, keep, merges } = options;
		const words = Uint32Array.from(merges.flatMap(({ offset, width, count, latest }) => [offset, width, count, latest ? 1 : 0]));
		return succeeded(native.ig_source_add_map(this.#pointer, fd, valueOffset, keep ? 1 : 0, words, merges.length), 'set up a map');
	}

	/** Before `start`. */
	schedule(input: number, { intervalMs, count, onStop }: Schedule): void {
		succeeded(native.ig_source_schedule(this.#pointer, input, intervalMs, count, onStop ? 1 : 0), 'set up a snapshot');
	}

	/** The gadget's programs are attached: the times of snapshots count from now. */
	start(): void {
		native.ig_source_start(this.#pointer);
	}

	/** The drainer's: from here on only those snapshots come that are taken at the end. May be repeated. */
	stop(): void {
		native.ig_source_stop(this.#pointer);
	}

	/** Nothing will ever come again: every input was a snapshot, and has been committed. */
	over(): boolean {
		return native.ig_source_over(this.#pointer) === 1;
	}

	/**
	 * Blocks the thread until a snapshot is due, a BPF program wakes the readers of a ring, a `wake()`, or the timeout; see {@link Waited}.
	 * Records submitted without a wake-up do not end it early.
	 */
	wait(ms: number): number {
		return succeeded(native.ig_source_wait(this.#pointer, ms), 'wait for a ring buffer');
	}

	wake(): void {
		native.ig_source_wake(this.#pointer);
	}

	/** Bytes that were not filled into a batch yet, of those that are known to be there. */
	pending(input: number): number {
		return succeeded(Number(native.ig_source_pending(this.#pointer, input)), 'read records');
	}

	/** Records that the kernel had no room for in a perf buffer, so far. */
	lost(input: number): number {
		return succeeded(Number(native.ig_source_lost(this.#pointer, input)), 'count lost records');
	}

	/** Lays out a batch in the region and fills it from the input on. What was filled is read again unless it is committed. */
	fill(input: number, region: Uint8Array, spec: BatchSpec, sequence: Int64, lost: Int64): Filled {
		this.#oversized[0] = 0n;
		const result = native.ig_source_fill(this.#pointer, input, region, region.byteLength, spec.bytes, sequence, lost, this.#oversized);
		const rows = result === NOT_DUE ? -1 : succeeded(result, 'read records');
		return { rows, oversized: Number(this.#oversized[0]) };
	}

	/** The kernel may overwrite what was filled so far. */
	commit(input: number): void {
		succeeded(native.ig_source_commit(this.#pointer, input), 'commit records');
	}

	/** Back to what was committed last. */
	rewind(input: number): void {
		succeeded(native.ig_source_rewind(this.#pointer, input), 'read records again');
	}

	/** Unmaps the rings, if this is the opener's object. No thread may be using them. */
	free(): void {
		if (this.#freed) return;
		this.#freed = true;
		if (this.#owned) native.ig_source_free(this.handle);
	}
}

export function openSource(): Source {
	const handle = native.ig_source_new();
	if (handle === null) throw new IgError('IG_INTERNAL', { reason: 'cannot make an epoll' });
	return new Source(handle, true);
}

/** The same source on another thread; `free` there does nothing. */
export function attachSource(handle: bigint): Source {
	return new Source(handle, false);
}

function succeeded(result: number, doing: string): number {
	if (result < 0) throw new IgError('IG_INTERNAL', { reason: `cannot ${doing}: ${errnoName(-result)}` });
	return result;
}
