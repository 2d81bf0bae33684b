/** The hostile modules, each with what it does and what must come of it. Each is a file of this folder, in WebAssembly text. */

export type Expected =
	/** `compileModule` throws an IgError with `code`. */
	| 'refused-at-load'
	/** The run does not start: IG_OPERATOR_INIT. */
	| 'init-error'
	/** It fails `strikes` times, each with a line in the log; the third takes it out of the run. Rows go on without it. */
	| 'cut-off'
	/** Nothing happens to anybody else, and it is not found at fault. */
	| 'harmless';

export interface Hostile {
	/** Unique; the file's name too, unless `file` says otherwise. */
	readonly name: string;
	/** Without `.wat`. */
	readonly file?: string;
	readonly does: string;
	/** Where it does it. */
	readonly entry:
		| 'module'
		| 'manifest'
		| 'start'
		| '_initialize'
		| 'ig_alloc'
		| 'ig_init'
		| 'ig_start'
		| 'ig_batch'
		| 'ig_table'
		| 'ig_stop';
	readonly expected: Expected;
	/** IgError's code. */
	readonly code?: 'IG_OPERATOR_ABI' | 'IG_OPERATOR_MANIFEST' | 'IG_OPERATOR_MEMORY' | 'IG_OPERATOR_WASM' | 'IG_OPERATOR_INIT';
	/** Part of the error's message, or of each line in the log about it. */
	readonly message?: RegExp;
	/** Failures that are counted; 3 when absent: every batch is one. */
	readonly strikes?: number;
	/** Where it stands at the end; out of the run when absent. */
	readonly state?: 'running' | 'quarantined';
	/** Text of its `ig.manifest` section. */
	readonly manifest?: string;
	/** Side tables that it gets. */
	readonly tables?: readonly string[];
	/** It is the formatter: there is no other, and its rows are dropped when it fails. */
	readonly format?: true;
}

const abi = { entry: 'module', expected: 'refused-at-load', code: 'IG_OPERATOR_ABI' } as const;
const manifest = { file: 'manifest', entry: 'manifest', expected: 'refused-at-load', code: 'IG_OPERATOR_MANIFEST' } as const;
const init = { entry: 'ig_init', expected: 'init-error', code: 'IG_OPERATOR_INIT' } as const;
const alloc = { ...init, entry: 'ig_alloc' } as const;
const batch = { entry: 'ig_batch', expected: 'cut-off' } as const;
const output = { ...batch, format: true, message: /output outside of its memory/ } as const;
const harmless = { entry: 'ig_batch', expected: 'harmless' } as const;

export const hostile: readonly Hostile[] = [
	// What a module is.
	{ ...abi, name: 'no-marker', does: 'has no version marker', message: /does not export ig_abi_v1/ },
	{ ...abi, name: 'newer-abi', does: 'follows version 2 only', message: /made for version 2/ },
	{ ...abi, name: 'missing-batch', does: 'has no ig_batch', message: /does not export ig_batch/ },
	{ ...abi, name: 'batch-is-global', does: 'exports a global as ig_batch', message: /ig_batch is a global/ },
	{ ...abi, name: 'no-memory', does: 'has no memory that the host can reach', message: /neither exports `memory`/ },
	{ ...abi, name: 'unknown-import', does: 'imports what there is not', message: /imports ig\.run_command/ },
	{ ...abi, name: 'import-wrong-kind', does: 'imports a function as a global', message: /imports ig\.log \(a global\)/ },
	{ ...abi, name: 'import-table', does: 'imports a table', message: /imports env\.table/ },
	{ ...abi, name: 'wasi-threads', does: 'imports thread-spawn', message: /wants threads/ },
	{ ...abi, name: 'wasi-unknown', does: 'imports what WASI does not have', message: /imports wasi_snapshot_preview1\.path_escape/ },
	{ ...abi, name: 'wasi-command', does: 'exports _start', message: /it is a command .* -buildmode=c-shared/ },
	{ ...abi, name: 'memory-too-large', does: 'starts with 1 GiB', code: 'IG_OPERATOR_MEMORY', message: /16384 pages/ },

	// What its manifest says.
	{ ...manifest, name: 'manifest-not-json', does: 'is not JSON', manifest: '{"operators": [', message: /not JSON/ },
	{ ...manifest, name: 'manifest-empty', does: 'has no operators', manifest: '{"operators": []}', message: /operators/ },
	{ ...manifest, name: 'manifest-no-name', does: 'names no operator', manifest: '{"operators": [{}]}', message: /operators\.0\.name/ },
	{
		...manifest,
		name: 'manifest-bad-name',
		does: 'has a name that would break a terminal',
		manifest: '{"operators": [{"name": "\\u001b[2J"}]}',
		message: /operators\.0\.name/,
	},
	{
		...manifest,
		name: 'manifest-bad-kind',
		does: 'is of a kind that there is not',
		manifest: '{"operators": [{"name": "x", "kind": "root"}]}',
		message: /operators\.0\.kind/,
	},
	{
		...manifest,
		name: 'manifest-bad-table',
		does: 'wants a side table that there is not',
		manifest: '{"operators": [{"name": "x", "tables": ["../shadow"]}]}',
		message: /operators\.0\.tables/,
	},
	{
		...manifest,
		name: 'manifest-bad-memory',
		does: 'wishes for a negative size',
		manifest: '{"operators": [{"name": "x", "memoryPages": -1}]}',
		message: /memoryPages/,
	},
	{
		...init,
		name: 'manifest-unknown-field',
		file: 'manifest',
		entry: 'manifest',
		does: 'reads a field that there is not',
		manifest: '{"operators": [{"name": "liar", "fields": ["no.such.field"]}]}',
		message: /no\.such\.field/,
	},

	// Before the run.
	{ ...init, name: 'loop-in-start', entry: 'start', does: 'loops', message: /took more than \d+ ms/ },
	{ ...init, name: 'trap-in-start', entry: 'start', does: 'traps', message: /could not be started: unreachable/ },
	{ ...init, name: 'loop-in-initialize', entry: '_initialize', does: 'loops', message: /took more than \d+ ms/ },
	{ ...init, name: 'loop-in-init', does: 'loops', message: /took more than \d+ ms in ig_init/ },
	{ ...init, name: 'trap-in-init', does: 'traps', message: /failed in ig_init: unreachable/ },
	{ ...init, name: 'init-refuses', does: 'returns EPERM', message: /ig_init returned EPERM/ },
	{ ...init, name: 'abort-lies', does: 'aborts with wild pointers', message: /failed in ig_init: aborted: \? at \?/ },
	{ ...init, name: 'batch-too-few-params', entry: 'module', does: 'ig_batch takes 1 parameter', message: /1 parameters instead of 2/ },
	{ ...alloc, name: 'loop-in-alloc', does: 'loops', message: /took more than \d+ ms/ },
	{ ...alloc, name: 'alloc-zero', does: 'returns 0', message: /ig_alloc returned 0/ },
	{ ...alloc, name: 'alloc-outside', does: 'returns an address near the end', message: /outside of its memory/ },
	{ ...alloc, name: 'alloc-wraps', does: 'returns 2^32 - 16', message: /outside of its memory/ },
	{ ...alloc, name: 'alloc-misaligned', does: 'returns an odd address', message: /not aligned/ },

	// Batch by batch.
	{ ...batch, name: 'loop-in-batch', does: 'loops', message: /took more than \d+ ms in ig_batch/ },
	{ ...batch, name: 'trap-in-batch', does: 'traps', message: /failed in ig_batch: unreachable/ },
	{ ...batch, name: 'recursion', does: 'recurses without end', message: /ran out of stack/ },
	{ ...batch, name: 'memory-read-outside', does: 'reads past its memory', message: /memory access out of bounds/ },
	{ ...batch, name: 'batch-returns-i64', does: 'returns an i64', message: /ig_batch returned no i32/ },
	{ ...batch, name: 'batch-returns-nothing', does: 'returns nothing', message: /ig_batch returned no i32/ },
	{ ...batch, name: 'batch-takes-i64', does: 'takes an i64', message: /another signature/ },
	{ ...batch, name: 'log-with-i64', does: 'calls an import with an i64', message: /failed in ig_batch/ },
	{ ...batch, name: 'batch-errno', does: 'returns EINVAL', message: /ig_batch returned EINVAL/ },
	{ ...batch, name: 'batch-negative-errno', does: 'returns -1', message: /ig_batch returned/ },
	{ ...batch, name: 'field-add-in-batch', does: 'adds a field after init', message: /ig_batch returned ENOTCAPABLE/ },
	{ ...batch, name: 'selection-past-end', does: 'selects row `row count`', message: /bad selection/ },
	{ ...batch, name: 'selection-huge-index', does: 'selects row 2^32 - 1', message: /bad selection/ },
	{ ...batch, name: 'selection-repeated', does: 'selects a row twice', message: /bad selection/ },
	{ ...batch, name: 'selected-too-many', does: 'selects more rows than there are', message: /bad selected/ },
	{ ...batch, name: 'selected-huge', does: 'selects 2^32 - 1 rows', message: /bad selected/ },
	{ ...batch, name: 'heap-past-end', does: 'uses more heap than there is', message: /bad heap/ },
	{ ...batch, name: 'heap-wraps', does: 'uses 2^32 - 1 bytes of heap', message: /bad heap/ },
	{ ...batch, name: 'column-outside', does: 'puts its column behind the region', message: /bad column 0/ },
	{ ...batch, name: 'column-wraps', does: 'puts its column at 2^32 - 16', message: /bad column 0/ },
	{ ...batch, name: 'column-short', does: 'leaves out the last value', message: /bad column 0/ },
	{ ...batch, name: 'column-validity-outside', does: 'puts its bitmap behind the region', message: /bad column 0/ },
	{ ...batch, name: 'view-outside', does: 'has a string behind the region', message: /bad column 0/ },
	{ ...batch, name: 'view-wraps', does: 'has a string of 2^32 - 1 bytes', message: /bad column 0/ },
	{ ...output, name: 'output-outside', does: 'outputs what it does not have' },
	{ ...output, name: 'output-wraps', does: 'outputs across 2^32' },

	// Around the batches.
	{
		...batch,
		name: 'loop-in-started',
		entry: 'ig_start',
		does: 'loops',
		strikes: 1,
		state: 'running',
		message: /took more than \d+ ms in ig_start/,
	},
	{
		...batch,
		name: 'trap-in-started',
		entry: 'ig_start',
		does: 'traps',
		strikes: 1,
		state: 'running',
		message: /failed in ig_start: unreachable/,
	},
	{
		...batch,
		name: 'trap-in-table',
		entry: 'ig_table',
		does: 'traps',
		message: /failed in ig_table: unreachable/,
		tables: ['users'],
		strikes: 1,
	},
	{
		...batch,
		name: 'loop-in-stop',
		entry: 'ig_stop',
		does: 'loops',
		strikes: 1,
		state: 'running',
		message: /took more than \d+ ms in ig_stop/,
	},
	{
		...batch,
		name: 'trap-in-stop',
		entry: 'ig_stop',
		does: 'traps',
		strikes: 1,
		state: 'running',
		message: /failed in ig_stop: unreachable/,
	},

	// What it tries through WASI.
	{ ...batch, name: 'wasi-proc-exit', does: 'exits', message: /failed in ig_batch: it exited with code 0/ },
	{ ...init, name: 'wasi-exit-in-init', does: 'exits', message: /failed in ig_init: it exited with code 1/ },
	{ ...batch, name: 'wasi-wait', does: 'waits for an hour', message: /took more than \d+ ms in ig_batch/ },
	{ ...batch, name: 'wasi-random', does: 'wants endless random numbers', message: /took more than \d+ ms in ig_batch/ },
	{ ...harmless, name: 'wasi-sleep', does: 'sleeps for an hour' },
	{ ...harmless, name: 'wasi-files', does: 'looks for directories and files' },
	{ ...harmless, name: 'wasi-sockets', does: 'looks for sockets and standard input' },
	{ ...harmless, name: 'wasi-pointers', does: 'gives wild addresses' },
	{ ...harmless, name: 'wasi-flood', does: 'prints 10,000 lines and a megabyte', message: /flood|ffff|more lines/ },
	{ ...harmless, name: 'wasi-terminal', does: 'prints escape sequences', message: /^warn: wasi-terminal: / },

	// Components.
	{ ...abi, name: 'component-newer', does: 'is made for ig:operator@2.0.0', message: /made for ig:operator@2\.0\.0/ },
	{ ...abi, name: 'component-other-world', does: 'is a command', message: /another world: it exports wasi:cli\/run@0\.2\.0/ },
	{ ...abi, name: 'component-import', does: 'imports what there is not', message: /imports wasi:nn\/graph/ },
	{ ...abi, name: 'component-name-is-code', does: 'has a name with a quote', message: /characters that ig does not take/ },
	{ ...abi, name: 'component-memory', does: 'starts with 24 MiB', code: 'IG_OPERATOR_MEMORY', message: /384 pages/ },
	{ ...batch, name: 'component-trap', does: 'traps', message: /failed in ig_batch: .*unreachable/ },
	{ ...batch, name: 'component-loop', does: 'loops', message: /took more than \d+ ms in ig_batch/ },
	{ ...batch, name: 'component-exit', does: 'exits', message: /failed in ig_batch: it exited with code 0/ },
	{ ...batch, name: 'component-lies', does: 'returns something else', message: /returned a result of another type/ },
	{ ...batch, name: 'component-log-lies', does: 'logs a number', message: /calls an import of ig with something else than a text/ },
	{ ...batch, name: 'component-selects-outside', does: 'selects row 2^32 - 1', message: /bad selection/ },
	{ ...batch, name: 'component-selects-many', does: 'selects more rows than there are', message: /bad selected/ },
	{ ...batch, name: 'component-list-outside', does: 'returns a list that it does not have', message: /bad selected/ },
	{ ...harmless, name: 'component-grow', does: 'takes all memory' },

	// What it may do, for all the good that it does.
	{ ...harmless, name: 'grow-memory', does: 'takes all memory' },
	{ ...harmless, name: 'alloc-overlapping', entry: 'ig_alloc', does: 'gives the same address for everything' },
	{ ...harmless, name: 'overwrite-rows', does: 'overwrites the rows' },
	{ ...harmless, name: 'overwrite-header', does: 'overwrites the header' },
	{ ...harmless, name: 'log-flood', does: 'logs 10,000 lines', message: /flood|more lines/ },
	{ ...harmless, name: 'log-outside', does: 'logs what it does not have' },
	{ ...harmless, name: 'log-terminal', entry: 'ig_init', does: 'logs escape sequences' },
	{ ...harmless, name: 'init-bad-arguments', entry: 'ig_init', does: 'calls the imports with nonsense' },
	{ ...harmless, name: 'init-field-flood', entry: 'ig_init', does: 'adds 2000 columns' },
];
