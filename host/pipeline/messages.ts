/** What the main thread and a worker tell each other. */
import type { ErrorCode } from '../errors.js';
import type { LogLevel } from '../operator/imports.js';
import type { ModulePlan } from '../operator/module.js';
import type { InitResult } from '../operator/session.js';
import type { DataSource } from '../schema.js';
import type { Guilty } from './failures.js';
import type { OperatorPlan, PipelinePlan } from './plan.js';
import type { TableEntries } from './tables.js';

export interface WorkerData {
	readonly plan: PipelinePlan;
	readonly control: SharedArrayBuffer;
	readonly metrics: SharedArrayBuffer;
	readonly tables: readonly (readonly [string, TableEntries])[];
	/** This worker takes the place of one that was terminated. */
	readonly restart?: {
		readonly inits: readonly InitResult[];
		/** For the batch in flight. */
		readonly guilty: readonly Guilty[];
		/** ig_start was called. */
		readonly started: boolean;
		/** Only ig_stop is left to do, from this operator on. */
		readonly stopFrom: number | undefined;
	};
}

export type ToWorker =
	| { readonly type: 'table'; readonly name: string; readonly entries: TableEntries }
	/** Another version of a module, to take the old one's place between two batches. */
	| { readonly type: 'swap'; readonly module: number; readonly next: ModulePlan; readonly operators: readonly OperatorPlan[] };

export type FailureCode = 'init' | 'stop' | 'output' | 'recording' | 'internal';

/** An IgError on its way between threads. */
export interface KnownError {
	readonly code: ErrorCode;
	readonly details: Readonly<Record<string, string | number>>;
}

export type FromWorker =
	| { readonly type: 'ready'; readonly sources: readonly DataSource[]; readonly inits: readonly InitResult[] }
	| { readonly type: 'started' }
	| { readonly type: 'swapped'; readonly milliseconds: number; readonly inits: readonly InitResult[] }
	| { readonly type: 'kept'; readonly reason: string }
	/** An operator failed. */
	| { readonly type: 'strike'; readonly operator: number; readonly reason: string }
	| { readonly type: 'log'; readonly level: LogLevel; readonly text: string }
	| { readonly type: 'end'; readonly reason: 'stopped' | 'finished' | 'output-closed' }
	| { readonly type: 'known'; readonly error: KnownError }
	| { readonly type: 'failed'; readonly code: FailureCode; readonly operator: string; readonly reason: string; readonly offset: number };
