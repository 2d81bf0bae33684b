/**
 * The memory that the main thread and a pipeline's worker share. The worker writes; the main thread reads, sends the
 * stop command, and writes an operator's failure counts only while no worker runs. It outlives a worker that was terminated.
 */

import { type Call, calls } from '../operator/limits.js';

/** Words of the Int32 part. */
const Word = {
	/** 0 run, 1 stop: drain what is there, flush, end. */
	Command: 0,
	/** Operator being called, -1 for none. */
	Operator: 1,
	/** Call that is running: index in {@link calls}. */
	Call: 2,
	/** Low 32 bits of the monotonic clock in ms when the call began. */
	Since: 3,
	/** Count of calls, so that the supervisor can tell one from the next. */
	Calls: 4,
	/** Messages wait in the worker's port. */
	Mail: 5,
	/** Kernel thread id of the worker. */
	Thread: 6,
	/** Rows of the batch in flight, and its data source; 0 when none is. */
	InFlight: 7,
	InFlightSource: 8,
	/** 1 while a module is swapped for another. */
	Swapping: 9,
} as const;
const WORDS = 16;

/** Doubles of the run, then of each operator. Frame and Within: how far a recording was played. */
const Total = {
	...{ Drained: 0, Delivered: 1, Filtered: 2, Dropped: 3, Lost: 4, Batches: 5, LostSeen: 6, Frame: 7, Within: 8 },
	// Rows that operators emitted, and what became of them.
	...{ Emitted: 9, EmittedDelivered: 10, EmittedFiltered: 11, EmittedDropped: 12 },
	// Filtered by the kernel; 1 when the next batch of a recording goes on with a snapshot.
	...{ ByKernel: 13, Continued: 14 },
} as const;
const TOTALS = 16;
/** Strikes: failures of the version that runs; Errors: of all in this run. Late: calls that were cut off; Held: lines kept out of the log; Refused: rows it could not emit. */
const Per = {
	...{ Batches: 0, RowsIn: 1, RowsOut: 2, Milliseconds: 3, Memory: 4, Errors: 5, Dropped: 6, Quarantined: 7, Strikes: 8 },
	...{ Emitted: 9, Late: 10, Held: 11, Refused: 12 },
} as const;
const PER = 13;

/** Failures after which an operator is taken out of the run. */
export const STRIKES = 3;

/** Monotonic milliseconds, the same in every thread of the process; wraps at 2^31. */
export function now(): number {
	return Number((process.hrtime.bigint() / 1_000_000n) & 0x7fffffffn);
}

export class Control {
	readonly buffer: SharedArrayBuffer;
	readonly #words: Int32Array;
	readonly #totals: Float64Array;
	readonly #operators: Float64Array;

	/** `buffer`: another thread's, to share. */
	constructor(operators: number, buffer?: SharedArrayBuffer) {
		this.buffer = buffer ?? new SharedArrayBuffer(WORDS * 4 + (TOTALS + operators * PER) * 8);
		this.#words = new Int32Array(this.buffer, 0, WORDS);
		this.#totals = new Float64Array(this.buffer, WORDS * 4, TOTALS);
		this.#operators = new Float64Array(this.buffer, WORDS * 4 + TOTALS * 8, operators * PER);
		if (buffer === undefined) this.leave();
	}

	get stopping(): boolean {
		return Atomics.load(this.#words, Word.Command) === 1;
	}
	requestStop(): void {
		Atomics.store(this.#words, Word.Command, 1);
	}

	/** The worker enters an operator. */
	enter(operator: number, call: Call): void {
		this.#words[Word.Call] = calls.indexOf(call);
		this.#words[Word.Since] = now();
		Atomics.add(this.#words, Word.Calls, 1);
		Atomics.store(this.#words, Word.Operator, operator);
	}
	leave(): void {
		Atomics.store(this.#words, Word.Operator, -1);
	}
	during<T>(operator: number, call: Call, run: () => T): T {
		this.enter(operator, call);
		try {
			return run();
		} finally {
			this.leave();
		}
	}
	/** The call that is running, if any. */
	running(): { operator: number; call: Call; count: number; milliseconds: number } | undefined {
		const operator = Atomics.load(this.#words, Word.Operator);
		if (operator < 0) return undefined;
		const call = calls[Atomics.load(this.#words, Word.Call)] ?? 'batch';
		const milliseconds = (now() - Atomics.load(this.#words, Word.Since)) & 0x7fffffff;
		return { operator, call, count: Atomics.load(this.#words, Word.Calls), milliseconds };
	}

	set thread(id: number) {
		Atomics.store(this.#words, Word.Thread, id);
	}
	get thread(): number {
		return Atomics.load(this.#words, Word.Thread);
	}

	/** True once per announcement; the worker then reads its port. */
	takeMail(): boolean {
		return Atomics.exchange(this.#words, Word.Mail, 0) !== 0;
	}
	/** Mail waits; it stays announced. */
	get mail(): boolean {
		return Atomics.load(this.#words, Word.Mail) !== 0;
	}
	announceMail(): void {
		Atomics.store(this.#words, Word.Mail, 1);
	}

	setInFlight(dataSource: number, rows: number): void {
		this.#words[Word.InFlightSource] = dataSource;
		this.#words[Word.InFlight] = rows;
	}
	get inFlight(): { dataSource: number; rows: number } {
		return { dataSource: this.#words[Word.InFlightSource] ?? 0, rows: this.#words[Word.InFlight] ?? 0 };
	}

	get swapping(): boolean {
		return Atomics.load(this.#words, Word.Swapping) !== 0;
	}
	set swapping(now: boolean) {
		Atomics.store(this.#words, Word.Swapping, now ? 1 : 0);
	}

	addTotal(key: keyof typeof Total, count: number): void {
		const i = Total[key];
		this.#totals[i] = (this.#totals[i] ?? 0) + count;
	}
	setTotal(key: keyof typeof Total, count: number): void {
		this.#totals[Total[key]] = count;
	}
	total(key: keyof typeof Total): number {
		return this.#totals[Total[key]] ?? 0;
	}

	/** Emitted rows that are on their way are on it no more: their worker or their chain is gone, or the run ends. */
	dropEmitted(): void {
		const { Emitted, EmittedDelivered, EmittedFiltered, EmittedDropped } = Total;
		const gone = [EmittedDelivered, EmittedFiltered, EmittedDropped].reduce((sum, i) => sum + (this.#totals[i] ?? 0), 0);
		this.addTotal('EmittedDropped', (this.#totals[Emitted] ?? 0) - gone);
	}

	add(operator: number, key: keyof typeof Per, count: number): void {
		const i = operator * PER + Per[key];
		this.#operators[i] = (this.#operators[i] ?? 0) + count;
	}
	set(operator: number, key: keyof typeof Per, count: number): void {
		this.#operators[operator * PER + Per[key]] = count;
	}
	/** Counts a failure; true when the operator is now out of the run. */
	strike(operator: number): boolean {
		this.add(operator, 'Errors', 1);
		this.add(operator, 'Strikes', 1);
		if (this.get(operator, 'Strikes') < STRIKES) return false;
		this.set(operator, 'Quarantined', 1);
		return true;
	}
	/** Another version of the operator runs: its count of failures begins anew. */
	forgive(operator: number): void {
		this.set(operator, 'Strikes', 0);
		this.set(operator, 'Quarantined', 0);
	}
	get(operator: number, key: keyof typeof Per): number {
		return this.#operators[operator * PER + Per[key]] ?? 0;
	}
}
