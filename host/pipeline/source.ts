/** Where a worker's batches come from: the rings of a running gadget, or a recording. */
import { BatchSpec, fillRecords } from '../ebpf/batch.js';
import { clockOffsets } from '../ebpf/native.js';
import { attachSource, type Source } from '../ebpf/source.js';
import { Damage, RecordingReader } from '../record/reader.js';
import type { DataSource } from '../schema.js';
import type { Control } from './control.js';
import type { PipelinePlan } from './plan.js';

/** A batch that was laid out in the region, and not yet committed. */
export interface Filled {
	readonly ds: number;
	readonly rows: number;
	readonly lost: number;
	readonly boot: bigint;
	readonly mono: bigint;
}

export interface BatchSource {
	/** Lays out the next batch; undefined: nothing there now. After a restart, `rows` of `ds` are wanted again. */
	fill(region: Uint8Array, sequence: number, again?: { readonly dataSource: number; readonly rows: number }): Filled | undefined;
	/** The batch is done with: never to be seen again. */
	commit(): void;
	/** The batch is to be seen again. */
	rewind(): void;
	/** True when there will never be more. */
	finished(): boolean;
	/** Blocks until there may be more. */
	wait(milliseconds: number): void;
	/** Another thread ended the wait. */
	close(): void;
}

function makeSpecs(plan: PipelinePlan, sources: readonly DataSource[]): BatchSpec[] {
	return sources.map((source, ds) => {
		const fields: number[] = new Array(source.slots).fill(0);
		for (const field of source.fields) if (field.slot >= 0) fields[field.slot] = field.id;
		return new BatchSpec({
			dataSource: ds,
			array: source.type === 'array',
			recordSize: source.recordSize,
			maxRows: plan.batch.maxRows,
			maxBytes: plan.batch.maxBytes,
			fields,
		});
	});
}

/** Rings. One at a time is in flight; they take turns, so that a busy one does not starve the others. */
class RingSource implements BatchSource {
	readonly #source: Source;
	readonly #rings: readonly { readonly ring: number; readonly dataSource: number }[];
	readonly #specs: readonly BatchSpec[];
	readonly #control: Control;
	readonly #maxRows: number;
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
			const rows = this.#source.fill(entry.ring, region, spec, sequence, lost).rows;
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
	finished(): boolean {
		return false;
	}
	wait(milliseconds: number): void {
		this.#source.wait(milliseconds);
	}
	close(): void {}
}

/** The recording ended early or is damaged; what came before was played. */
export class RecordingDamaged extends Error {
	readonly offset: number;
	constructor(offset: number, reason: string) {
		super(reason);
		this.offset = offset;
	}
}

class RecordingSource implements BatchSource {
	readonly #reader: RecordingReader;
	readonly #specs: readonly BatchSpec[];
	readonly #control: Control;
	readonly #realtime: boolean;
	readonly #maxRows: number;
	#frame: number;
	#within: number;
	#next: { frame: number; within: number } | undefined;
	#finished = false;
	#pace: { began: number; first: bigint } | undefined;
	#wait = 0;

	constructor(plan: PipelinePlan & { source: { kind: 'recording' } }, sources: readonly DataSource[], control: Control) {
		this.#reader = new RecordingReader(plan.source.path);
		this.#specs = makeSpecs(plan, sources);
		this.#control = control;
		this.#realtime = plan.source.realtime;
		this.#maxRows = plan.batch.maxRows;
		this.#frame = control.total('Frame') || this.#reader.start;
		this.#within = control.total('Within');
	}

	fill(region: Uint8Array, sequence: number, again?: { dataSource: number; rows: number }): Filled | undefined {
		let entry: ReturnType<RecordingReader['at']>;
		try {
			entry = this.#reader.at(this.#frame);
		} catch (cause) {
			if (cause instanceof Damage) throw new RecordingDamaged(cause.offset, cause.message);
			throw cause;
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
		spec.setMaxRows(again?.rows ?? this.#maxRows);
		const lost = this.#within === 0 ? batch.lost : 0;
		const { rows, consumed } = fillRecords(batch.records.subarray(this.#within), region, spec, sequence, lost);
		if (rows === 0 && batch.rows > 0 && this.#within < batch.records.length) {
			throw new RecordingDamaged(this.#frame, 'records that cannot be laid out');
		}
		const within = this.#within + consumed;
		this.#next = within >= batch.records.length ? { frame: entry.next, within: 0 } : { frame: this.#frame, within };
		if (again === undefined) this.#control.addTotal('Lost', lost);
		return { ds: batch.ds, rows, lost, boot: batch.boot, mono: batch.mono };
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
	finished(): boolean {
		return this.#finished;
	}
	wait(milliseconds: number): void {
		const pause = Math.min(Math.max(this.#wait, 1), milliseconds);
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
	}
	close(): void {
		this.#reader.close();
	}

	#tooEarly(at: bigint): boolean {
		if (!this.#realtime) return false;
		this.#pace ??= { began: performance.now(), first: at };
		this.#wait = Number(at - this.#pace.first) / 1e6 - (performance.now() - this.#pace.began);
		return this.#wait > 0;
	}
}

/** `sources`: with what the operators added. `lostSeen`: losses that a worker before this one has reported. */
export function openBatchSource(plan: PipelinePlan, sources: readonly DataSource[], control: Control, lostSeen: number): BatchSource {
	const { source } = plan;
	return source.kind === 'rings'
		? new RingSource({ ...plan, source }, sources, control, lostSeen)
		: new RecordingSource({ ...plan, source }, sources, control);
}
