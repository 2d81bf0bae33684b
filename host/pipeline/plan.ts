/** What a pipeline is told to run: plain data, structured-cloned to the worker thread. */
import { MAX_ROWS } from '../ebpf/batch.js';
import type { MapPlan } from '../ebpf/map-entry.js';
import type { OperatorLimits } from '../operator/limits.js';
import type { ModulePlan } from '../operator/module.js';
import type { InitResult } from '../operator/session.js';
import type { World } from '../operator/wasi/world.js';
import type { DataSource } from '../schema.js';
import type { MetricStats } from './metrics.js';

/** Where batches come from. */
export type SourcePlan =
	/** Inputs of a native source (`ebpf/source.ts`), opened and owned by the main thread. */
	| { readonly kind: 'live'; readonly handle: bigint; readonly inputs: readonly LiveInput[] }
	/** A recording; with `endless`, from the start again when it has ended. */
	| { readonly kind: 'recording'; readonly path: string; readonly realtime: boolean; readonly endless?: boolean };

export interface LiveInput {
	/** Its number in the native source. */
	readonly input: number;
	readonly dataSource: number;
}

export type OnError = 'pass' | 'drop' | 'stop';

/** One operator of the chain. */
export interface OperatorPlan {
	/** Unique in the run, for messages and statistics: the manifest's name, `#2` added when it comes twice. */
	readonly name: string;
	/** Index in `PipelinePlan.modules`. */
	readonly module: number;
	/** The operator inside its module, `op` in the ABI. */
	readonly index: number;
	/** Data sources of the gadget (indexes) whose batches it gets. */
	readonly dataSources: readonly number[];
	/** The same for data sources that operators before it emit, by name. */
	readonly emittedSources?: readonly string[];
	/** Its manifest names no data sources: it gets the batches of those where it asked for, added or overrode a field, if there are any. */
	readonly choosesSources?: boolean;
	/** Capabilities that it asked for and was granted (operator/capability.ts). */
	readonly grants?: readonly string[];
	/** What those among them that are about WASI give its module. */
	readonly world?: World;
	/** Parameters, defaults of the manifest included. */
	readonly params: Readonly<Record<string, string>>;
	readonly kind: 'filter' | 'enrich' | 'aggregate' | 'format';
	readonly onError: OnError;
	/** Side tables it asked for, by name; the index is the table's number in the ABI. */
	readonly tables: readonly string[];
	/** Full names of fields it reads, from its manifest; undefined: it says so itself by `field_want`, or reads all. */
	readonly fields?: readonly string[];
	readonly memoryPages: number;
	readonly limits: OperatorLimits;
	/** Lives in the host's own (home) module and memory: no copy, trusted to be ours, checked all the same. */
	readonly builtin: boolean;
}

export interface PipelinePlan {
	readonly dataSources: readonly DataSource[];
	readonly source: SourcePlan;
	/** Compiled modules (`operator/load.ts`: loadModule); index 0 is the built-in (home) module. */
	readonly modules: readonly ModulePlan[];
	/** In order. Per data source, the `format` operator is the last. */
	readonly operators: readonly OperatorPlan[];
	/** File descriptor that formatted bytes go to. */
	readonly outputFd: number;
	/** The gadget's BPF maps that operators were granted. */
	readonly maps?: readonly MapPlan[];
	/** Texts of stacks (`ebpf/stacks.ts`, owned by the main thread), filled in front of the operator `before`. */
	readonly stacks?: { readonly handle: bigint; readonly before: number };
	/** Keep every batch, as it left the kernel, in this file. */
	readonly record?: { readonly path: string; readonly header: Readonly<Record<string, unknown>> };
	/** Of single events; {@link batchLimits} for snapshots. */
	readonly batch: { readonly maxRows: number; readonly maxBytes: number; readonly flushMs: number };
	/** {@link Pipeline.swap} may be called, with modules of any door. */
	readonly swaps?: boolean;
	/** Only run init, report the schema, and end. For help and inspection. */
	readonly describeOnly?: boolean;
}

/** Of a batch that is a snapshot. */
export interface SnapshotRoom {
	readonly maxRows: number;
	/** Of its rows. */
	readonly maxBytes: number;
}

/** A snapshot is one batch, so that it can be sorted and cut as a whole, unless it is larger than this … */
const SNAPSHOT: SnapshotRoom = { maxRows: 65536, maxBytes: 4 << 20 };
/** … and in a chain of built-in operators, which has room for more as soon as there are so large ones, unless it is larger than this. */
const LARGEST: SnapshotRoom = { maxRows: MAX_ROWS, maxBytes: 32 << 20 };
/** Bytes of a region beyond its rows: selection, columns, and the heap that strings go to. */
const REGION_EXTRA = 1 << 20;
/** The same where there are stacks: some thousand different ones, with their texts. With a snapshot's rows less than an operator's memory. */
const STACKS_EXTRA = 8 << 20;

/** Whether there may be snapshots: of the gadget, or of a built-in operator. */
function hasSnapshots({ dataSources, operators }: PipelinePlan): boolean {
	const emits = ({ builtin, grants = [] }: OperatorPlan): boolean => builtin && grants.some((grant) => grant.startsWith('emit:'));
	return dataSources.some(({ type }) => type === 'array') || operators.some(emits);
}

/** How large the batches of a data source are at most; `maxBytes`: of their rows. The user's operators' arrays get more room only beside others. */
export function batchLimits(plan: PipelinePlan, source: DataSource): { readonly maxRows: number; readonly maxBytes: number } {
	const { batch } = plan;
	if (source.type === 'single' || !hasSnapshots(plan)) return batch;
	return { maxRows: Math.max(SNAPSHOT.maxRows, batch.maxRows), maxBytes: Math.max(SNAPSHOT.maxBytes, batch.maxBytes) };
}

/** Room for a snapshot that had none, of so many bytes of records; undefined: it comes in parts. */
export function roomFor({ operators }: PipelinePlan, bytes: number): SnapshotRoom | undefined {
	if (operators.some(({ builtin }) => !builtin)) return undefined;
	// Rows may be longer than their records: up to their struct.
	return { ...LARGEST, maxBytes: Math.min(Math.max(2 * bytes, SNAPSHOT.maxBytes), LARGEST.maxBytes) };
}

/** Bytes of a region for a snapshot. */
export function regionFor({ maxRows, maxBytes }: SnapshotRoom): number {
	// The selection and the rows' offsets have 4 bytes a row, and columns as much room as the rows.
	return 2 * maxBytes + 8 * maxRows + REGION_EXTRA;
}

/** What the region of every operator must have room for. */
export function regionLimits(plan: PipelinePlan): { readonly maxRows: number; readonly bytes: number } {
	const limits = [plan.batch, ...(hasSnapshots(plan) ? [SNAPSHOT] : [])];
	const maxBytes = Math.max(...limits.map((limit) => limit.maxBytes));
	return {
		maxRows: Math.max(...limits.map((limit) => limit.maxRows)),
		bytes: maxBytes + Math.max(plan.stacks === undefined ? REGION_EXTRA : STACKS_EXTRA, maxBytes),
	};
}

/** Counts of one operator; shown by `--stats`. */
export interface OperatorStats {
	readonly name: string;
	readonly batches: number;
	readonly rowsIn: number;
	readonly rowsOut: number;
	readonly nanoseconds: number;
	readonly memoryBytes: number;
	readonly errors: number;
	/** Rows dropped by its failures (`onError: drop`). */
	readonly dropped: number;
	/** Rows of its own data sources. */
	readonly emitted: number;
	readonly state: 'running' | 'quarantined';
	/** Its last failure: what it did, and why it is quarantined if it is. */
	readonly reason?: string;
	readonly limitsHit: LimitsHit;
}

/** How often an operator met its limits. */
export interface LimitsHit {
	/** Calls that were cut off. */
	readonly time: number;
	/** Lines in the log that were kept back. */
	readonly log: number;
	/** Rows that it was not let emit. */
	readonly rows: number;
	/** Its memory is as large as it may be. */
	readonly memory: boolean;
}

/** What became of rows that operators emitted: emitted = delivered + filtered + dropped. */
export interface EmittedStats {
	readonly emitted: number;
	readonly delivered: number;
	readonly filtered: number;
	readonly dropped: number;
}

/** The identity: submitted = delivered + filtered + lost + dropped. Emitted rows have their own, and are in none of these. */
export interface PipelineStats {
	/** Records the gadget produced: drained + lost + filtered by the kernel. */
	readonly submitted: number;
	/** Rows that reached the sink (or the end of the chain, with no sink). */
	readonly delivered: number;
	/** Rows that operators took out, and those that the kernel did. */
	readonly filtered: number;
	/** Those of them that the kernel took out, before they were submitted. */
	readonly filteredByKernel: number;
	/** Records the kernel had no room for. */
	readonly lost: number;
	/** Rows thrown away because an operator or the sink failed. */
	readonly dropped: number;
	readonly emitted: EmittedStats;
	readonly operators: readonly OperatorStats[];
	/** What operators counted, as it stands. */
	readonly metrics: readonly MetricStats[];
}

/** Why a pipeline ended. */
export type PipelineEnd =
	| { readonly reason: 'stopped' }
	/** The source has no more (a recording). */
	| { readonly reason: 'finished' }
	/** The reader of our output went away (`| head`). */
	| { readonly reason: 'output-closed' }
	| { readonly reason: 'failed'; readonly error: Error };

export interface PipelineEvents {
	/** All operators are initialised; the data sources with the fields they added, and what the init of each did and asked for. Called once. */
	onReady?(dataSources: readonly DataSource[], inits: readonly InitResult[]): void;
	/** A line from an operator or about one. */
	onLog?(level: 'error' | 'warn' | 'info' | 'debug', text: string): void;
}

/** Whether another version of a module runs now, and the longest time (ms) that the pipeline stood still for it; or why the old one runs on. */
export type SwapResult = { readonly milliseconds: number } | { readonly reason: string };

/** A running pipeline, seen from the main thread (`pipeline/pipeline.ts: startPipeline(plan, events)`). */
export interface Pipeline {
	/** Resolves when the chain is initialised (the schema is final); rejects when an operator's init failed. */
	readonly ready: Promise<readonly DataSource[]>;
	/** Resolves when it has drained, written and ended. Never rejects. */
	readonly ended: Promise<PipelineEnd>;
	/** Drains what is there, flushes, ends. */
	stop(): void;
	/** Tells the pipeline how many records the kernel lost so far (cumulative); the source's owner polls the kernel's counters. */
	setLost(total: number): void;
	/** The same for records that the kernel threw away since a filter does not want them. */
	setFilteredByKernel(total: number): void;
	/** Upserts and deletes of a side table; entries as in the ABI are made here. A null value deletes. */
	updateTable(name: string, entries: ReadonlyMap<number, string | null>): void;
	stats(): PipelineStats;
	/**
	 * Lets another version of a module take over between two batches; `operators` is the whole chain with it: the same names, kinds and data
	 * sources in the same order. Tried out in a thread of its own first. One at a time: a second waits for the first.
	 */
	swap(module: number, next: ModulePlan, operators: readonly OperatorPlan[]): Promise<SwapResult>;
}
