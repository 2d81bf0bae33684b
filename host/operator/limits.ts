/** What one operator may take from the machine. Every limit has a default and a key of `--operator-limit`. */

/** Calls that are timed, `ig_` in front of them. `init` is also instantiating, `_initialize` and `ig_alloc`. */
export const calls = ['init', 'start', 'batch', 'tick', 'table', 'stop', 'state_save', 'state_restore'] as const;
export type Call = (typeof calls)[number];

export interface OperatorLimits {
	/** Bytes of linear memory. Undefined: what the manifest wishes for, at most {@link MOST_WISHED_MEMORY}. */
	readonly memory: number | undefined;
	/** Elements of all its WebAssembly tables together. */
	readonly elements: number;
	/** Milliseconds that one call may take. */
	readonly ms: Readonly<Record<Call, number>>;
	/** Lines in the log per second; more are counted and not shown. */
	readonly log: number;
	/** Rows that one call may emit to data sources of its own. */
	readonly rows: number;
	/** Its metrics. */
	readonly metrics: number;
	/** Bytes of the files that it was granted, together. */
	readonly files: number;
}

const MIB = 1 << 20;
export const PAGE = 65536;
/** A manifest's `memoryPages` gets no more than this: a stranger does not decide what the machine can spare. */
export const MOST_WISHED_MEMORY = 256 * MIB;
/** Of the file. */
export const MOST_MODULE_BYTES = 64 * MIB;
/** Of the manifest. */
export const MOST_MANIFEST_BYTES = MIB;

export const defaultLimits: OperatorLimits = {
	memory: undefined,
	elements: 65_536,
	ms: { init: 3000, start: 1000, batch: 250, tick: 250, table: 1000, stop: 1000, state_save: 1000, state_restore: 1000 },
	log: 50,
	rows: 65_536,
	metrics: 32,
	files: 64 * MIB,
};

/** Limits of the operator with that name in its manifest. */
export type LimitsOf = (operator: string) => OperatorLimits;
