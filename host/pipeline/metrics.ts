/** What operators count: their metrics, in memory that the worker writes and the main thread reads. It outlives a worker. */
import type { MetricKind } from '../operator/effects.js';
import { Errno } from '../operator/errno.js';
import type { InitResult } from '../operator/session.js';

/** Doubles of one metric: value or sum, count, least, greatest, then the buckets. */
const Word = { Value: 0, Count: 1, Least: 2, Greatest: 3, Buckets: 4 } as const;
/** Bucket 0: below 1; bucket i: 2^(i-1) up to 2^i; the last one: all above. */
const BUCKETS = 64;
const WORDS = Word.Buckets + BUCKETS;

export interface Histogram {
	readonly count: number;
	readonly sum: number;
	readonly least: number;
	readonly greatest: number;
	/** Values per bucket: below 1, 1 up to 2, 2 up to 4, … */
	readonly buckets: readonly number[];
}

/** One metric of an operator, as it stands. */
export interface MetricStats {
	readonly operator: string;
	readonly name: string;
	readonly kind: MetricKind;
	/** As the operator says it: `bytes`, `ms`. */
	readonly unit: string;
	/** Of a counter or a gauge; of a histogram the sum. */
	readonly value: number;
	readonly histogram?: Histogram;
}

export class Metrics {
	readonly buffer: SharedArrayBuffer;
	readonly #doubles: Float64Array;
	/** Index of each operator's first metric. */
	readonly #first: readonly number[];

	/** `most`: metrics that each operator may have. `buffer`: another thread's, to share. */
	constructor(most: readonly number[], buffer?: SharedArrayBuffer) {
		let all = 0;
		this.#first = most.map((count) => {
			all += count;
			return all - count;
		});
		this.buffer = buffer ?? new SharedArrayBuffer(all * WORDS * 8);
		this.#doubles = new Float64Array(this.buffer);
	}

	/** Adds to a counter, sets a gauge, puts into a histogram. Returns 0 or a negated errno. */
	record(operator: number, metric: number, kind: MetricKind, value: number): number {
		if (!Number.isFinite(value) || (kind === 'counter' && value < 0)) return -Errno.INVAL;
		const doubles = this.#doubles;
		const at = this.#place(operator, metric);
		const count = doubles[at + Word.Count] ?? 0;
		doubles[at] = kind === 'gauge' ? value : (doubles[at] ?? 0) + value;
		doubles[at + Word.Count] = count + 1;
		if (kind !== 'histogram') return 0;
		doubles[at + Word.Least] = count === 0 ? value : Math.min(doubles[at + Word.Least] ?? 0, value);
		doubles[at + Word.Greatest] = count === 0 ? value : Math.max(doubles[at + Word.Greatest] ?? 0, value);
		const bucket = at + Word.Buckets + (value < 1 ? 0 : Math.min(Math.floor(Math.log2(value)) + 1, BUCKETS - 1));
		doubles[bucket] = (doubles[bucket] ?? 0) + 1;
		return 0;
	}

	/** All metrics of an operator, by what its init added. */
	of(operator: number, name: string, init: InitResult | undefined): MetricStats[] {
		const added = (init?.effects ?? []).filter((effect) => effect.do === 'metric');
		return added.map((metric, id) => {
			const at = this.#place(operator, id);
			const value = this.#doubles[at] ?? 0;
			const stats = { operator: name, name: metric.name, kind: metric.kind, unit: metric.unit, value };
			if (metric.kind !== 'histogram') return stats;
			const [sum = 0, count = 0, least = 0, greatest = 0, ...buckets] = this.#doubles.slice(at, at + WORDS);
			return { ...stats, histogram: { count, sum, least, greatest, buckets } };
		});
	}

	#place(operator: number, metric: number): number {
		return ((this.#first[operator] ?? 0) + metric) * WORDS;
	}
}
