/** Where a worker's batches come from: a running gadget, or a recording. */
import { BatchSpec } from '../ebpf/batch.js';
import { type DataSource, fixedSize } from '../schema.js';
import type { Control } from './control.js';
import { batchLimits, type PipelinePlan, type SnapshotRoom } from './plan.js';

/** A batch that was laid out in the region, and not yet committed. */
export interface Filled {
	readonly ds: number;
	readonly rows: number;
	readonly lost: number;
	readonly boot: bigint;
	readonly mono: bigint;
	/** When it was drained, ns since 1970, if that was not now. */
	readonly at?: bigint;
	/** Bytes of records of the same snapshot that had no room. */
	readonly left?: number;
}

export interface BatchSource {
	/** Lays out the next batch; undefined: nothing there now. After a restart, `rows` of `ds` are wanted again. */
	fill(region: Uint8Array, sequence: number, again?: { readonly dataSource: number; readonly rows: number }): Filled | undefined;
	/** Snapshots have more room from here on: that of the region. */
	widen(room: SnapshotRoom): void;
	/** The batch is done with: never to be seen again. */
	commit(): void;
	/** The batch is to be seen again. */
	rewind(): void;
	/** Milliseconds by the clock that operators live by, from any start: a recording's runs as fast as it is played. */
	now(): number;
	/** A batch worth its overhead is there already. */
	plenty(): boolean;
	/** The run is being stopped: only what is there comes, and what is to be taken at the end. May be repeated. */
	stop(): void;
	/** True when there will never be more. */
	finished(): boolean;
	/** Nothing comes unannounced: {@link wait} ends when there is more, so that nobody has to look meanwhile. */
	readonly announced: boolean;
	/** Blocks until there may be more, or another thread wakes it. */
	wait(milliseconds: number): void;
}

/** Field id of each column slot of a data source. */
export function slotFields(source: DataSource): number[] {
	const fields: number[] = new Array(source.slots).fill(0);
	for (const field of source.fields) if (field.slot >= 0) fields[field.slot] = field.id;
	return fields;
}

/** What the batches of each data source look like. */
export function makeSpecs(plan: PipelinePlan, sources: readonly DataSource[]): BatchSpec[] {
	return sources.map((source, ds) => {
		const { maxRows, maxBytes } = batchLimits(plan, source);
		const { type, recordSize } = source;
		const shape = { array: type === 'array', recordSize, fixedSize: fixedSize(plan.dataSources[ds] ?? source) };
		return new BatchSpec({ dataSource: ds, ...shape, maxRows, maxBytes, fields: slotFields(source) });
	});
}

/** The recording ended early or is damaged; what came before was played. */
export class RecordingDamaged extends Error {
	readonly offset: number;
	constructor(offset: number, reason: string) {
		super(reason);
		this.offset = offset;
	}
}

/**
 * `sources`: with what the operators added. `lostSeen`: losses that a worker before this one has reported. The kinds are
 * loaded when they are needed: a live run starts without msgpackr and zod.
 */
export async function openBatchSource(
	plan: PipelinePlan,
	sources: readonly DataSource[],
	control: Control,
	lostSeen: number,
): Promise<BatchSource> {
	const { source } = plan;
	if (source.kind === 'live') {
		const { LiveSource } = await import('./live-source.js');
		return new LiveSource({ ...plan, source }, sources, control, lostSeen);
	}
	const { RecordingSource } = await import('./recording-source.js');
	return new RecordingSource({ ...plan, source }, sources, control);
}
