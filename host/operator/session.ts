/** One run of an operator's `ig_init`: the schema it sees, what it does to it, and what it asks to read. */
import type { DataSource } from '../schema.js';
import { applyEffect, type Effect, type MetricKind } from './effects.js';
import { Errno } from './errno.js';

/** What init did; replayed when a fresh instance takes the operator's place. */
export interface InitResult {
	readonly effects: readonly Effect[];
	/** Per data source: field ids that the operator reads; undefined: it did not say, so all. */
	readonly wants: readonly (ReadonlySet<number> | undefined)[];
}

/** Bounds the time and memory that an init can take from the host. */
const MAX_EFFECTS = 20_000;
/** Characters of names, annotations and tags together: every operator behind it has them in its init table. */
const MAX_TEXT = 256 << 10;

export class InitSession {
	readonly sources: DataSource[];
	readonly effects: Effect[] = [];
	readonly #wants: (Set<number> | undefined)[];
	readonly #owned = new Set<string>();
	readonly #metrics = new Set<string>();
	#text = 0;

	readonly #mostMetrics: number;

	/** `sources` is changed in place by what the operator adds. */
	constructor(sources: DataSource[], mostMetrics: number) {
		this.#mostMetrics = mostMetrics;
		this.sources = sources;
		this.#wants = sources.map(() => undefined);
	}

	perform(effect: Effect): number {
		if (this.effects.length >= MAX_EFFECTS) return -Errno.NOSPC;
		const text = Object.values(effect).reduce((sum: number, value) => sum + (typeof value === 'string' ? value.length : 0), 0);
		if (this.#text + text > MAX_TEXT) return -Errno.NOSPC;
		const result = applyEffect(this.sources, effect, this.#owned);
		if (result < 0) return result;
		this.#text += text;
		this.effects.push(effect);
		return result;
	}

	/** A metric's id: the operator's metrics are numbered as they are added. */
	addMetric(kind: MetricKind, name: string, unit: string): number {
		if (!/^[A-Za-z][\w./-]{0,127}$/.test(name) || !/^[\x20-\x7e]{0,32}$/.test(unit)) return -Errno.INVAL;
		if (this.#metrics.has(name)) return -Errno.EXIST;
		if (this.#metrics.size >= this.#mostMetrics) return -Errno.NOSPC;
		const result = this.perform({ do: 'metric', kind, name, unit });
		if (result < 0) return result;
		this.#metrics.add(name);
		return this.#metrics.size - 1;
	}

	slot(ds: number, field: number): number {
		return this.sources[ds]?.fields[field]?.slot ?? -1;
	}

	/** From here on only what is asked for is filled in, even when nothing is. */
	wantNone(ds: number): void {
		this.#wants[ds] ??= new Set<number>();
	}

	want(ds: number, field: number): number {
		if (this.sources[ds]?.fields[field] === undefined) return -Errno.NOENT;
		const wants = this.#wants[ds] ?? new Set<number>();
		wants.add(field);
		this.#wants[ds] = wants;
		return 0;
	}

	result(): InitResult {
		return { effects: this.effects, wants: this.#wants };
	}
}
