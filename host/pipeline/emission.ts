/**
 * Rows that operators emitted, on their way into batches of their own. They count when the call that emitted them succeeded
 * and, for `ig_batch`, when its batch is done: a batch that is run again emits once.
 */
import { makeRecords } from '../ebpf/batch.js';
import { Errno } from '../operator/errno.js';

/** Most bytes that one call of an operator may emit. */
export const MAX_EMITTED = 8 << 20;

/** Who emits, and what. */
export interface Emitter {
	readonly operator: number;
	readonly ds: number;
	/** Bytes of a row. */
	readonly size: number;
	/** Of one call. */
	readonly mostRows: number;
}

/** Records (as a ring holds them) of one data source, for the operators behind the one that emitted them. */
export interface Emission {
	readonly operator: number;
	readonly ds: number;
	readonly rows: number;
	readonly records: Uint8Array;
}

export class Emissions {
	/** Of the call that runs. */
	#call: Emission[] = [];
	/** Of the batch that runs. */
	#batch: Emission[] = [];
	readonly #ready: Emission[] = [];
	#rows = 0;
	#bytes = 0;

	/** A call begins: what one before emitted and then failed is gone. */
	begin(): void {
		this.#call = [];
		this.#rows = 0;
		this.#bytes = 0;
	}

	/** Copies rows. Returns their number or a negated errno. */
	take({ operator, ds, size, mostRows }: Emitter, rows: Uint8Array, count: number, stride: number): number {
		if (stride < size) return -Errno.INVAL;
		if (this.#rows + count > mostRows || this.#bytes + count * size > MAX_EMITTED) return -Errno.NOSPC;
		if (count === 0) return 0;
		this.#rows += count;
		this.#bytes += count * size;
		this.#call.push({ operator, ds, rows: count, records: makeRecords(rows, count, stride, size) });
		return count;
	}

	/** The call succeeded. */
	keep(): void {
		this.#batch.push(...this.#call);
		this.begin();
	}

	/** A batch begins, perhaps once more. */
	beginBatch(): void {
		this.begin();
		this.#batch = [];
	}

	/** The batch is done. Returns the rows that count from now on. */
	commit(): number {
		const rows = this.#batch.reduce((sum, emission) => sum + emission.rows, 0);
		this.#ready.push(...this.#batch);
		this.#batch = [];
		return rows;
	}

	/** The next ones to be run, in the order in which they were emitted. */
	next(): Emission | undefined {
		return this.#ready.shift();
	}
}
