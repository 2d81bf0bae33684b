/** A running gadget as a source of batches: its rings, perf buffers, and snapshots of iterators and maps. */
import type { BatchSpec } from '../ebpf/batch.js';
import { clockOffsets } from '../ebpf/native.js';
import { attachSource, type Source } from '../ebpf/source.js';
import type { DataSource } from '../schema.js';
import type { Control } from './control.js';
import { batchLimits, type LiveInput, type PipelinePlan, type SnapshotRoom } from './plan.js';
import { type BatchSource, type Filled, makeSpecs } from './source.js';

/** One input at a time is in flight; they take turns, so that a busy one does not starve the others. */
export class LiveSource implements BatchSource {
	readonly #source: Source;
	readonly #inputs: readonly LiveInput[];
	readonly #specs: readonly BatchSpec[];
	readonly #maxRows: number[];
	readonly #control: Control;
	readonly #plenty: number;
	readonly announced: boolean;
	#turn = 0;
	/** Input whose batch is in flight. */
	#current: number | undefined;
	#lostSeen: number;
	/** Before the batch in flight. */
	#lostBefore: number;
	#clocks = clockOffsets();
	#clocksAt = performance.now();

	constructor(plan: PipelinePlan & { source: { kind: 'live' } }, sources: readonly DataSource[], control: Control, lostSeen: number) {
		this.#source = attachSource(plan.source.handle);
		this.#inputs = plan.source.inputs;
		this.#specs = makeSpecs(plan, sources);
		this.#maxRows = sources.map((source) => batchLimits(plan, source).maxRows);
		this.#control = control;
		this.#plenty = plan.batch.maxBytes / 2;
		this.#lostSeen = lostSeen;
		// Snapshots have their times; rings are filled without a word.
		this.announced = this.#inputs.every(({ dataSource }) => this.#specs[dataSource]?.array === true);
		this.#lostBefore = lostSeen;
	}

	fill(region: Uint8Array, sequence: number, again?: { dataSource: number; rows: number }): Filled | undefined {
		const now = performance.now();
		if (now - this.#clocksAt > 1000) {
			// NTP slews the wall clock against the clock of boot.
			this.#clocks = clockOffsets();
			this.#clocksAt = now;
		}
		for (let tried = 0; tried < this.#inputs.length; tried++) {
			const entry = this.#inputs[this.#turn++ % this.#inputs.length];
			if (entry === undefined || (again !== undefined && entry.dataSource !== again.dataSource)) continue;
			const spec = this.#specs[entry.dataSource] as BatchSpec;
			spec.setClocks(this.#clocks.boot, this.#clocks.mono);
			spec.setMaxRows(again?.rows ?? this.#maxRows[entry.dataSource] ?? 1);
			const total = this.#control.total('Lost');
			const lost = total - this.#lostSeen;
			const { rows, oversized } = this.#source.fill(entry.input, region, spec, sequence, lost);
			// Too large for any region: taken from the ring, and never to be delivered.
			this.#control.addTotal('Drained', oversized);
			this.#control.addTotal('Dropped', oversized);
			if (rows < 0 || (rows === 0 && !spec.array)) continue;
			this.#lostBefore = this.#lostSeen;
			this.#lostSeen = total;
			this.#current = entry.input;
			// The parts of a snapshot come one right after the other.
			const left = spec.array ? this.#source.pending(entry.input) : 0;
			if (left > 0) this.#turn--;
			return { ds: entry.dataSource, rows, lost, ...this.#clocks, ...(left > 0 && { left }) };
		}
		return undefined;
	}
	widen({ maxRows, maxBytes }: SnapshotRoom): void {
		for (const [ds, spec] of this.#specs.entries()) {
			if (!spec.array) continue;
			this.#maxRows[ds] = maxRows;
			spec.setMaxBytes(maxBytes);
		}
	}
	commit(): void {
		if (this.#current !== undefined) this.#source.commit(this.#current);
		this.#lostBefore = this.#lostSeen;
	}
	rewind(): void {
		for (const { input } of this.#inputs) this.#source.rewind(input);
		this.#lostSeen = this.#lostBefore;
	}
	now(): number {
		return performance.now();
	}
	plenty(): boolean {
		return this.#inputs.some(({ input, dataSource }) => {
			const pending = this.#source.pending(input);
			return pending >= this.#plenty || (pending > 0 && this.#specs[dataSource]?.array === true);
		});
	}
	stop(): void {
		this.#source.stop();
	}
	finished(): boolean {
		return this.#source.over();
	}
	wait(milliseconds: number): void {
		this.#source.wait(milliseconds);
	}
}
