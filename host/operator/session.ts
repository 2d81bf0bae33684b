/** One run of an operator's `ig_init`: the schema it sees, what it does to it, and what it asks to read. */
import type { DataSource } from '../schema.js';
import { applyEffect, type Effect } from './effects.js';
import { Errno } from './errno.js';

/** What init did; replayed when a fresh instance takes the operator's place. */
export interface InitResult {
	readonly effects: readonly Effect[];
	/** Per data source: field ids that the operator reads; undefined: it did not say, so all. */
	readonly wants: readonly (ReadonlySet<number> | undefined)[];
}

/** Bounds the time and memory that an init can take from the host. */
const MAX_EFFECTS = 20_000;

export class InitSession {
	readonly sources: readonly DataSource[];
	readonly effects: Effect[] = [];
	readonly #wants: (Set<number> | undefined)[];
	readonly #owned = new Set<string>();

	/** `sources` is changed in place by what the operator adds. */
	constructor(sources: readonly DataSource[]) {
		this.sources = sources;
		this.#wants = sources.map(() => undefined);
	}

	perform(effect: Effect): number {
		if (this.effects.length >= MAX_EFFECTS) return -Errno.NOSPC;
		const result = applyEffect(this.sources, effect, this.#owned);
		if (result >= 0) this.effects.push(effect);
		return result;
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
