/** A recording as a source of batches, at full speed or paced as it was recorded. */
import { BatchHeader, type BatchSpec, fillRecords, markPart } from '../ebpf/batch.js';
import { Damage, RecordingReader } from '../record/reader.js';
import type { DataSource } from '../schema.js';
import type { Control } from './control.js';
import { batchLimits, type PipelinePlan, type SnapshotRoom } from './plan.js';
import { type BatchSource, type Filled, makeSpecs, RecordingDamaged } from './source.js';

export class RecordingSource implements BatchSource {
	readonly #reader: RecordingReader;
	readonly #specs: readonly BatchSpec[];
	readonly #control: Control;
	readonly #realtime: boolean;
	readonly #endless: boolean;
	readonly #maxRows: number[];
	#frame: number;
	readonly announced = false;
	/** The frame at an offset: one that is played in parts, or waited for, is read and checked once. */
	#read: { readonly at: number; readonly entry: ReturnType<RecordingReader['at']> } | undefined;
	#within: number;
	#next: { frame: number; within: number; continued: boolean } | undefined;
	/** The frame whose losses were counted last. */
	#lostAt = -1;
	/** The next batch goes on with a snapshot. */
	#continued: boolean;
	#finished = false;
	#pace: { began: number; first: bigint } | undefined;
	#wait = 0;
	#time = 0;

	constructor(plan: PipelinePlan & { source: { kind: 'recording' } }, sources: readonly DataSource[], control: Control) {
		this.#reader = new RecordingReader(plan.source.path);
		this.#specs = makeSpecs(plan, sources);
		this.#control = control;
		this.#realtime = plan.source.realtime;
		this.#endless = plan.source.endless === true;
		this.#maxRows = sources.map((source) => batchLimits(plan, source).maxRows);
		this.#frame = control.total('Frame') || this.#reader.start;
		this.#within = control.total('Within');
		this.#continued = control.total('Continued') !== 0;
	}

	fill(region: Uint8Array, sequence: number, again?: { dataSource: number; rows: number }): Filled | undefined {
		let entry = this.#entry();
		if (this.#endless && !this.#control.stopping && entry !== undefined && 'end' in entry.value && entry.value.batches > 0) {
			this.#frame = this.#reader.start;
			entry = this.#entry();
		}
		if (entry === undefined) throw new RecordingDamaged(this.#frame, 'it ends early: the run that wrote it was cut short');
		if ('end' in entry.value) {
			this.#finished = true;
			return undefined;
		}
		const batch = entry.value;
		if (this.#within === 0 && this.#tooEarly(batch.at)) return undefined;
		const spec = this.#specs[batch.ds] as BatchSpec;
		spec.setClocks(batch.boot, batch.mono);
		spec.setMaxRows(again?.rows ?? this.#maxRows[batch.ds] ?? 1);
		const lost = this.#within === 0 ? batch.lost : 0;
		const { rows, consumed } = fillRecords(batch.records.subarray(this.#within), region, spec, sequence, lost);
		if (rows === 0 && batch.rows > 0 && this.#within < batch.records.length) {
			throw new RecordingDamaged(this.#frame, 'records that cannot be laid out');
		}
		const within = this.#within + consumed;
		const rest = within < batch.records.length;
		const more = spec.array && (rest || batch.more === true);
		markPart(region, { continued: spec.array && this.#continued, more });
		this.#next = { ...(rest ? { frame: this.#frame, within } : { frame: entry.next, within: 0 }), continued: more };
		// Laid out once more, it has not lost more.
		if (again === undefined && this.#lostAt !== this.#frame) this.#control.addTotal('Lost', lost);
		this.#lostAt = this.#frame;
		new DataView(region.buffer, region.byteOffset).setBigUint64(BatchHeader.DrainedAt, batch.at, true);
		const left = spec.array && rest ? { left: batch.records.length - within } : {};
		return { ds: batch.ds, rows, lost, boot: batch.boot, mono: batch.mono, at: batch.at, ...left };
	}
	widen({ maxRows, maxBytes }: SnapshotRoom): void {
		for (const [ds, spec] of this.#specs.entries()) {
			if (!spec.array) continue;
			this.#maxRows[ds] = maxRows;
			spec.setMaxBytes(maxBytes);
		}
	}
	commit(): void {
		if (this.#next === undefined) return;
		({ frame: this.#frame, within: this.#within, continued: this.#continued } = this.#next);
		this.#control.setTotal('Frame', this.#frame);
		this.#control.setTotal('Within', this.#within);
		this.#control.setTotal('Continued', this.#continued ? 1 : 0);
	}
	rewind(): void {
		this.#next = undefined;
	}
	/** The time of what comes next: a tick that was due before it comes before it. */
	now(): number {
		if (this.#realtime) return performance.now();
		const value = this.#entry()?.value;
		if (value !== undefined && !('end' in value)) this.#time = Number(value.at) / 1e6;
		return this.#time;
	}
	plenty(): boolean {
		return !this.#finished;
	}
	stop(): void {}
	finished(): boolean {
		return this.#finished;
	}
	wait(milliseconds: number): void {
		const pause = Math.min(Math.max(this.#wait, 1), milliseconds);
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
	}

	#entry(): ReturnType<RecordingReader['at']> {
		if (this.#read?.at === this.#frame) return this.#read.entry;
		try {
			this.#read = { at: this.#frame, entry: this.#reader.at(this.#frame) };
		} catch (cause) {
			if (cause instanceof Damage) throw new RecordingDamaged(cause.offset, cause.message);
			throw cause;
		}
		return this.#read.entry;
	}

	#tooEarly(at: bigint): boolean {
		if (!this.#realtime) return false;
		this.#pace ??= { began: performance.now(), first: at };
		this.#wait = Number(at - this.#pace.first) / 1e6 - (performance.now() - this.#pace.began);
		return this.#wait > 0;
	}
}
