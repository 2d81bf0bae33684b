/** The hostile modules, each with what it does and what must come of it. Each is a file of this folder in WebAssembly text, or of rust/ or assemblyscript/. */

import type { DirectoryNode, World } from '../../host/operator/wasi/world.js';
import * as generated from './generated.js';

/** A granted file, a directory, and a link out of it. */
const root: DirectoryNode = { kind: 'directory', entries: new Map(), inode: 1, changed: 0n };
const inner: DirectoryNode = { kind: 'directory', entries: new Map(), inode: 2, changed: 0n };
root.entries.set('d', inner);
root.entries.set('f', { kind: 'file', bytes: Buffer.from('granted!'), inode: 3, changed: 0n });
inner.entries.set('l', { kind: 'link', target: '../../../etc/passwd', inode: 4, changed: 0n });
inner.entries.set('m', { kind: 'link', target: 'm', inode: 5, changed: 0n });

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
	/** Without its extension; `rust-` and `as-` name the language. */
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
		| 'ig_tick'
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
	/** Makes it: there is no file. */
	readonly make?: () => Uint8Array;
	/** It runs for more than a second, so that `ig_tick` is called. */
	readonly ticks?: true;
	/** Bytes of memory that it gets; 16 MiB when absent. */
	readonly memory?: number;
	/** Text of its `ig.manifest` section. */
	readonly manifest?: string;
	/** What it was granted of WASI, in the place of files of this machine. */
	readonly world?: World;
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
const wasm = { entry: 'module', expected: 'refused-at-load', code: 'IG_OPERATOR_WASM' } as const;
const harmless = { entry: 'ig_batch', expected: 'harmless' } as const;

/** A manifest that asks for the data source `evil`. */
const emits = (name: string): string => JSON.stringify({ operators: [{ name, capabilities: ['emit:evil'] }] });

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

	{ ...abi, name: 'alloc-is-table', does: 'exports a table as ig_alloc', message: /ig_alloc is a table/ },
	{ ...abi, name: 'memory-is-function', does: 'exports a function as memory', message: /neither exports `memory`/ },
	{
		...abi,
		name: 'import-name-lies',
		does: 'imports what looks like a line of ours',
		message: /^import-name-lies.*which ig does not have/,
	},
	{ ...abi, name: 'import-tag', does: 'imports an exception tag', message: /imports env\.tag/ },
	{ ...abi, name: 'table-too-large', does: 'starts with a table of ten million', message: /10000000 elements, the limit is 65536/ },
	{ ...wasm, name: 'import-memory-twice', does: 'has a memory beside the imported one', message: /more than one memory/ },
	{ ...wasm, name: 'two-memories', does: 'has two memories', message: /more than one memory/ },
	{ ...wasm, name: 'shared-memory', does: 'has a shared memory', message: /shared or 64-bit/ },
	{ ...wasm, name: 'memory-64', does: 'has a memory with 64-bit addresses', message: /shared or 64-bit/ },

	// What would cost gigabytes to compile.
	{
		...wasm,
		name: 'stack-bomb',
		make: generated.stackBomb,
		does: 'branches over a deep stack',
		message: /too many branches .*\(function 0\)/,
	},
	{ ...wasm, name: 'locals-bomb', make: generated.localsBomb, does: 'branches over 50,000 locals', message: /too many branches/ },
	{
		...wasm,
		name: 'values-bomb',
		make: generated.valuesBomb,
		does: 'passes a thousand values a million times',
		message: /too many values/,
	},
	{ ...abi, name: 'deep-blocks', make: generated.deepBlocks, does: 'has 100,000 blocks, one in the other', message: /exports/ },
	{ ...wasm, name: 'large-function', make: generated.largeFunction, does: 'has a function of 2 MiB', message: /more than 1048576 bytes/ },

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
		...manifest,
		name: 'manifest-our-name',
		does: 'has the name that our own lines begin with',
		manifest: '{"operators": [{"name": "ig"}]}',
		message: /operators\.0\.name/,
	},
	{
		...manifest,
		name: 'manifest-key-lies',
		does: 'has a key that would break a terminal',
		manifest: '{"operators": [{"name": "x", "params": [{"key": "a", "\\u001b[2J\\nerror: all is lost": 1}]}]}',
		message: /its manifest is not valid/,
	},
	{ ...manifest, name: 'manifest-deep', does: 'is nested 100,000 deep', manifest: '['.repeat(100_000), message: /not JSON|expected/ },
	{ ...manifest, name: 'manifest-huge', does: 'has 2 MiB', manifest: ' '.repeat(2 << 20), message: /larger than/ },
	{
		...manifest,
		name: 'manifest-prototype',
		does: 'would change what all objects have',
		manifest: '{"operators": [{"__proto__": {"name": "x"}, "constructor": {"prototype": {"name": "x"}}}]}',
		message: /operators\.0\.name/,
	},
	{
		...harmless,
		name: 'manifest-wants-all',
		file: 'memory-in-init',
		entry: 'manifest',
		does: 'wishes for 4 GiB, and gets less',
		memory: 256 << 20,
		manifest: '{"operators": [{"name": "manifest-wants-all", "memoryPages": 65536}]}',
	},
	{
		...harmless,
		name: 'manifest-wants-grants',
		file: 'map-without-grant',
		entry: 'manifest',
		does: 'asks for what nobody granted',
		manifest: '{"operators": [{"name": "manifest-wants-grants", "capabilities": ["map:evil:rw"]}]}',
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

	{ ...alloc, name: 'loop-in-alloc-later', does: 'loops when it is called again', message: /took more than \d+ ms in ig_init/ },
	{ ...alloc, name: 'alloc-returns-nan', does: 'returns no number', message: /ig_alloc returned 0/ },
	{ ...alloc, name: 'alloc-returns-function', does: 'returns a function', message: /ig_alloc returned no i32/ },
	{ ...alloc, name: 'alloc-header', does: 'returns an address where a header has no room', message: /outside of its memory/ },
	{ ...init, name: 'data-outside', entry: 'start', does: 'has data behind its memory', message: /could not be started: .*out of bounds/ },
	{ ...init, name: 'element-outside', entry: 'start', does: 'has a function behind its table', message: /could not be started/ },
	{ ...init, name: 'recursion-in-start', entry: 'start', does: 'recurses without end', message: /could not be started: ran out of stack/ },
	{ ...init, name: 'recursion-in-init', does: 'recurses without end', message: /failed in ig_init: ran out of stack/ },
	{ ...init, name: 'init-returns-f64', does: 'returns a fraction', message: /ig_init returned/ },

	// Batch by batch.
	{ ...batch, name: 'divide-by-zero', does: 'divides by zero', message: /failed in ig_batch: divide by zero/ },
	{ ...batch, name: 'call-null', does: 'calls nothing', message: /failed in ig_batch/ },
	{ ...batch, name: 'throw', does: 'throws', message: /failed in ig_batch/ },
	{ ...batch, name: 'recursion-into-imports', does: 'recurses through the imports', message: /ran out of stack/ },
	{ ...batch, name: 'batch-returns-reference', does: 'returns a reference', message: /ig_batch returned no i32/ },
	{ ...batch, name: 'batch-returns-nan', does: 'returns no number', message: /ig_batch returned/ },
	{ ...batch, name: 'batch-returns-two', does: 'returns two numbers', message: /ig_batch returned no i32/ },
	{ ...batch, name: 'column-wrong-type', does: 'adds a string and fills in bytes', message: /bad column 0/ },
	{ ...batch, name: 'column-state-mad', does: 'has a column of 2^32 - 1 bytes', message: /bad column 0/ },
	{ ...batch, name: 'override-short', does: 'overrides a field with half of the values', message: /bad column 0/ },
	{
		...batch,
		name: 'heap-flood',
		does: 'has a string of 250 KiB in every row',
		message: /added more than a batch has room for|bad column/,
	},
	{ ...batch, name: 'emit-and-trap', does: 'emits and traps', message: /unreachable/, manifest: emits('emit-and-trap') },
	{ ...batch, name: 'loop-in-batch', does: 'loops', message: /took more than \d+ ms in ig_batch/ },
	{ ...batch, name: 'trap-in-batch', does: 'traps', message: /failed in ig_batch: unreachable/ },
	{ ...batch, name: 'take-and-trap', does: 'fills all memory and traps', message: /failed in ig_batch: unreachable/ },
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
	{ ...output, name: 'grow-and-output', does: 'outputs what is behind what it has just grown' },

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

	{ ...batch, name: 'loop-in-tick', entry: 'ig_tick', does: 'loops', ticks: true, strikes: 1, state: 'running', message: /ms in ig_tick/ },
	{
		...batch,
		name: 'trap-in-tick',
		entry: 'ig_tick',
		does: 'traps',
		ticks: true,
		strikes: 1,
		state: 'running',
		message: /failed in ig_tick/,
	},
	{ ...batch, name: 'loop-in-table', entry: 'ig_table', does: 'loops', tables: ['users'], message: /ms in ig_table/ },
	{
		...batch,
		name: 'table-errno',
		entry: 'ig_table',
		does: 'returns ENOMEM',
		tables: ['users'],
		strikes: 1,
		state: 'running',
		message: /ig_table returned ENOMEM/,
	},

	// What it tries through WASI.
	{ ...batch, name: 'wasi-proc-exit', does: 'exits', message: /failed in ig_batch: it exited with code 0/ },
	{ ...init, name: 'wasi-exit-in-init', does: 'exits', message: /failed in ig_init: it exited with code 1/ },
	{ ...batch, name: 'wasi-wait', does: 'waits for an hour', message: /took more than \d+ ms in ig_batch/ },
	{ ...batch, name: 'wasi-random', does: 'wants endless random numbers', message: /took more than \d+ ms in ig_batch/ },
	{ ...batch, name: 'wasi-expires', does: 'traps, and would not start again in 2100', message: /failed in ig_batch: unreachable/ },
	{ ...harmless, name: 'wasi-sleep', does: 'sleeps for an hour' },
	{ ...harmless, name: 'wasi-files', does: 'looks for directories and files' },
	{
		...harmless,
		name: 'wasi-granted',
		does: 'tries to leave and to change the files that it was granted',
		world: { args: [], env: [], root },
	},
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

	// In Rust, with the SDK.
	{ ...init, name: 'rust-panic-in-init', does: 'unwraps a field that there is not', message: /failed in ig_init: unreachable/ },
	{ ...batch, name: 'rust-panic', does: 'panics with a text that would break a terminal', message: /failed in ig_batch: unreachable/ },
	{
		...batch,
		name: 'rust-recursion',
		does: 'recurses without end',
		message: /failed in ig_batch: (memory access out of bounds|ran out of)/,
	},
	{ ...batch, name: 'rust-hoards', does: 'takes more and more memory', message: /failed in ig_batch: unreachable/ },
	{
		...batch,
		name: 'rust-emit-flood',
		does: 'emits rows until none are taken',
		message: /ig_batch returned ENOSPC/,
		manifest: emits('rust-emit-flood'),
	},
	{
		...batch,
		name: 'rust-loop-in-tick',
		entry: 'ig_tick',
		does: 'waits for what nobody will do',
		ticks: true,
		strikes: 1,
		state: 'running',
		message: /took more than \d+ ms in ig_tick/,
	},
	{ ...harmless, name: 'rust-log-flood', does: 'logs a thousand lines for each row', message: /flood|more lines/ },
	{ ...harmless, name: 'rust-wild-pointers', does: 'calls the imports with addresses outside of its memory' },

	// In AssemblyScript, with the SDK.
	{ ...init, name: 'as-abort-in-init', does: 'reads past an array', message: /failed in ig_init: aborted: Index out of range at / },
	{
		...batch,
		name: 'as-abort',
		does: 'throws a text that would break a terminal',
		message: /failed in ig_batch: aborted: .*all 60 rows are lost.* at .*as-abort\.ts:9:/,
	},
	{ ...batch, name: 'as-recursion', does: 'recurses without end', message: /failed in ig_batch: ran out of stack/ },
	{ ...batch, name: 'as-hoards', does: 'takes more and more memory', message: /failed in ig_batch: unreachable/ },
	{ ...batch, name: 'as-store-outside', does: 'writes across the end of its memory', message: /memory access out of bounds/ },
	{ ...batch, name: 'as-null', does: 'calls a method of null', message: /failed in ig_batch: aborted: Unexpected 'null'/ },
	{ ...batch, name: 'as-repeats', does: 'selects one row again and again', message: /bad selection/ },
	{
		...batch,
		name: 'as-loop-in-stop',
		entry: 'ig_stop',
		does: 'does not end when the run does',
		strikes: 1,
		state: 'running',
		message: /took more than \d+ ms in ig_stop/,
	},

	// What it may do, for all the good that it does.
	{ ...harmless, name: 'many-functions', entry: 'module', make: generated.manyFunctions, does: 'has 100,000 functions' },
	{ ...harmless, name: 'many-exports', entry: 'module', make: generated.manyExports, does: 'has 20,000 exports' },
	{ ...harmless, name: 'huge-data', entry: 'module', make: generated.hugeData, does: 'has 12 MiB of data' },
	{ ...harmless, name: 'exports-of-objects', entry: 'module', does: 'exports __proto__ and constructor' },
	{ ...harmless, name: 'log-in-start', entry: 'start', does: 'logs before there is an instance' },
	{ ...harmless, name: 'memory-in-init', entry: 'ig_init', does: 'takes all memory before there are batches' },
	{ ...harmless, name: 'alloc-grows', entry: 'ig_alloc', does: 'moves its memory whenever it is asked for room' },
	{ ...harmless, name: 'init-hides-all', entry: 'ig_init', does: 'hides, tags and annotates what is not its own' },
	{ ...harmless, name: 'init-text-flood', entry: 'ig_init', does: 'annotates a field with 16 MB' },
	{ ...harmless, name: 'grow-table', does: 'grows its table to the limit' },
	{ ...harmless, name: 'selection-outside', does: 'says that the selection is elsewhere' },
	{ ...harmless, name: 'selection-from-heap', does: 'says that the selection is in the heap' },
	{ ...harmless, name: 'columns-moved', does: 'says that its columns are elsewhere' },
	{ ...harmless, name: 'column-misaligned', does: 'has a column at an odd offset' },
	{ ...harmless, name: 'column-over-header', does: 'has a column that is the header' },
	{ ...harmless, name: 'column-overlapping', does: 'has two columns in one place' },
	{ ...harmless, name: 'output-of-a-filter', does: 'outputs, though it is no formatter' },
	{ ...harmless, name: 'emit-without-grant', does: 'emits what it was not granted' },
	{ ...harmless, name: 'emit-outside', does: 'emits what it does not have', manifest: emits('emit-outside') },
	{ ...harmless, name: 'emit-flood', does: 'emits 200,000 rows in each batch', manifest: emits('emit-flood') },
	{
		...harmless,
		name: 'metric-flood',
		does: 'adds 1000 metrics',
		manifest: '{"operators": [{"name": "metric-flood", "capabilities": ["metric"]}]}',
	},
	{ ...harmless, name: 'map-without-grant', does: 'opens maps that it was not granted' },
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
