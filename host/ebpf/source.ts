/** Rings that are read together, in native memory: they outlive the worker thread that reads them. */
import { IgError } from '../errors.js';
import type { BatchSpec } from './batch.js';
import type { Int64, Pointer } from './functions.js';
import { errnoName, native } from './native.js';

/** Bits of what {@link Source.wait} returns. */
export const Waited = { Data: 1, Woken: 2 } as const;

export interface Filled {
	/** 0: nothing there (or the next record is still being written). */
	readonly rows: number;
	/** Records skipped because they are larger than the whole region. */
	readonly oversized: number;
}

/** One thread at a time drains; `wake` may be called from any. */
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

	/**
	 * Blocks the thread until a BPF program wakes the readers of a ring, a `wake()`, or the timeout; see {@link Waited}.
	 * Records submitted without a wake-up do not end it early.
	 */
	wait(ms: number): number {
		return succeeded(native.ig_source_wait(this.#pointer, ms), 'wait for a ring buffer');
	}

	wake(): void {
		native.ig_source_wake(this.#pointer);
	}

	/** Bytes that were not filled into a batch yet. */
	pending(ring: number): number {
		return succeeded(Number(native.ig_source_pending(this.#pointer, ring)), 'read a ring buffer');
	}

	/** Lays out a batch in the region and fills it from the ring on. What was filled is read again unless it is committed. */
	fill(ring: number, region: Uint8Array, spec: BatchSpec, sequence: Int64, lost: Int64): Filled {
		this.#oversized[0] = 0n;
		const rows = succeeded(
			native.ig_ring_fill(this.#pointer, ring, region, region.byteLength, spec.bytes, sequence, lost, this.#oversized),
			'read a ring buffer',
		);
		return { rows, oversized: Number(this.#oversized[0]) };
	}

	/** The kernel may overwrite what was filled so far. */
	commit(ring: number): void {
		succeeded(native.ig_ring_commit(this.#pointer, ring), 'commit a ring buffer');
	}

	/** Back to what was committed last. */
	rewind(ring: number): void {
		succeeded(native.ig_ring_rewind(this.#pointer, ring), 'rewind a ring buffer');
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
