/** The rings of a running gadget as a source of batches. */
import type { BatchSpec } from '../ebpf/batch.js';
import { clockOffsets } from '../ebpf/native.js';
import { attachSource, type Source } from '../ebpf/source.js';
import type { DataSource } from '../schema.js';
import type { Control } from './control.js';
import type { PipelinePlan } from './plan.js';
import { type BatchSource, type Filled, makeSpecs } from './source.js';

/** Rings. One at a time is in flight; they take turns, so that a busy one does not starve the others. */
export class RingSource implements BatchSource {
	readonly #source: Source;
	readonly #rings: readonly { readonly ring: number; readonly dataSource: number }[];
	readonly #specs: readonly BatchSpec[];
	readonly #control: Control;
	readonly #maxRows: number;
	readonly #plenty: number;
	#turn = 0;
	#current: { ring: number } | undefined;
	#lostSeen: number;
	#clocks = clockOffsets();
	#clocksAt = performance.now();

	constructor(plan: PipelinePlan & { source: { kind: 'rings' } }, sources: readonly DataSource[], control: Control, lostSeen: number) {
		this.#source = attachSource(plan.source.handle);
		this.#rings = plan.source.rings;
		this.#specs = makeSpecs(plan, sources);
		this.#control = control;
		this.#maxRows = plan.batch.maxRows;
		this.#plenty = plan.batch.maxBytes / 2;
		this.#lostSeen = lostSeen;
	}

	fill(region: Uint8Array, sequence: number, again?: { dataSource: number; rows: number }): Filled | undefined {
		const now = performance.now();
		if (now - this.#clocksAt > 1000) {
			// NTP slews the wall clock against the clock of boot.
			this.#clocks = clockOffsets();
			this.#clocksAt = now;
		}
		for (let tried = 0; tried < this.#rings.length; tried++) {
			const entry = this.#rings[this.#turn++ % this.#rings.length];
			if (entry === undefined || (again !== undefined && entry.dataSource !== again.dataSource)) continue;
			const spec = this.#specs[entry.dataSource] as BatchSpec;
			spec.setClocks(this.#clocks.boot, this.#clocks.mono);
			spec.setMaxRows(again?.rows ?? this.#maxRows);
			const total = this.#control.total('Lost');
			const lost = total - this.#lostSeen;
			const { rows, oversized } = this.#source.fill(entry.ring, region, spec, sequence, lost);
			// Too large for any region: taken from the ring, and never to be delivered.
			this.#control.addTotal('Drained', oversized);
			this.#control.addTotal('Dropped', oversized);
			if (rows === 0) continue;
			this.#lostSeen = total;
			this.#current = { ring: entry.ring };
			return { ds: entry.dataSource, rows, lost, ...this.#clocks };
		}
		return undefined;
	}
	commit(): void {
		if (this.#current !== undefined) this.#source.commit(this.#current.ring);
	}
	rewind(): void {
		for (const { ring } of this.#rings) this.#source.rewind(ring);
	}
	plenty(): boolean {
		return this.#rings.some(({ ring }) => this.#source.pending(ring) >= this.#plenty);
	}
	finished(): boolean {
		return false;
	}
	wait(milliseconds: number): void {
		this.#source.wait(milliseconds);
	}
}
