/** A recording as a source of batches, at full speed or paced as it was recorded. */
import { BatchHeader, type BatchSpec, fillRecords } from '../ebpf/batch.js';
import { Damage, RecordingReader } from '../record/reader.js';
import type { DataSource } from '../schema.js';
import type { Control } from './control.js';
import { batchLimits, type PipelinePlan } from './plan.js';
import { type BatchSource, type Filled, makeSpecs, RecordingDamaged } from './source.js';

export class RecordingSource implements BatchSource {
	readonly #reader: RecordingReader;
	readonly #specs: readonly BatchSpec[];
	readonly #control: Control;
	readonly #realtime: boolean;
	readonly #endless: boolean;
	readonly #maxRows: readonly number[];
	#frame: number;
	readonly announced = false;
	/** The frame at an offset: one that is played in parts, or waited for, is read and checked once. */
	#read: { readonly at: number; readonly entry: ReturnType<RecordingReader['at']> } | undefined;
	#within: number;
	#next: { frame: number; within: number } | undefined;
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
		this.#next = within >= batch.records.length ? { frame: entry.next, within: 0 } : { frame: this.#frame, within };
		if (again === undefined) this.#control.addTotal('Lost', lost);
		new DataView(region.buffer, region.byteOffset).setBigUint64(BatchHeader.DrainedAt, batch.at, true);
		return { ds: batch.ds, rows, lost, boot: batch.boot, mono: batch.mono, at: batch.at };
	}
	commit(): void {
		if (this.#next === undefined) return;
		({ frame: this.#frame, within: this.#within } = this.#next);
		this.#control.setTotal('Frame', this.#frame);
		this.#control.setTotal('Within', this.#within);
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
