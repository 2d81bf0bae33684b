/** `ig operator bench`: what an operator costs per row, beside one that does nothing with the same fields. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IgError } from '../../errors.js';
import { compileModule, loadModule } from '../../operator/load.js';
import { type LoadedModule, modulePlan } from '../../operator/module.js';
import { startPipeline } from '../../pipeline/pipeline.js';
import type { OperatorPlan } from '../../pipeline/plan.js';
import type { RecordedBatch } from '../../record/format.js';
import { RecordingReader } from '../../record/reader.js';
import { RecordingWriter } from '../../record/writer.js';
import type { DataSource } from '../../schema.js';
import { loadBuiltin } from '../builtin.js';
import { parseDuration } from '../duration.js';
import type { Values } from '../flags.js';
import { parseOperatorSpec } from '../operator-spec.js';
import { printable } from '../report.js';
import { BATCH } from '../session.js';
import { type Described, describeOperators } from './describe.js';

/** Bytes of records that are played again and again. */
const LOAD_BYTES = 4 << 20;
/** The best of windows this long: what else the machine does falls into others. */
const WINDOW_MS = 40;
/** The first ones run code that the engine has not optimised yet. */
const LEAST_WINDOWS = 8;
/** When the machine is too busy, or the operator too slow, for so many. */
const MOST_MS = 10_000;

/**
 * (module (memory (export "memory") 64) (global $next (mut i32) (i32.const 16))
 *   (func (export "ig_abi_v1"))
 *   (func (export "ig_alloc") (param i32) (result i32) …counts $next up)
 *   (func (export "ig_init") (param i32 i32 i32) (result i32) (i32.const 0))
 *   (func (export "ig_batch") (param i32 i32) (result i32) (i32.const 0)))
 */
const NO_OP =
	'AGFzbQEAAAABFgRgAABgAX8Bf2ADf39/AX9gAn9/AX8DBQQAAQIDBQMBAEAGBgF/AUEQCwc2BQZtZW1vcnkCAAlpZ19hYmlfdjEAAAhpZ19hbGxvYwABB2lnX2luaXQAAghpZ19iYXRjaAADCiAEAgALEQAjACMAIABqQQ9qQXBxJAALBABBAAsEAEEACw==';

interface Load {
	readonly path: string;
	readonly dataSources: readonly DataSource[];
	readonly rows: number;
}

/** The recording's batches again and again, in full batches. */
function multiply(recording: string, path: string): Load {
	const reader = new RecordingReader(recording);
	const { dataSources } = reader.header;
	const batches: RecordedBatch[] = [];
	try {
		let size = 0;
		for (let at = reader.start; size < LOAD_BYTES; ) {
			const entry = reader.at(at);
			if (entry === undefined || 'end' in entry.value) break;
			// The reader's buffer holds one frame.
			batches.push({ ...entry.value, records: entry.value.records.slice() });
			size += entry.value.records.length;
			at = entry.next;
		}
	} finally {
		reader.close();
	}
	const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
	if (rows === 0) throw new IgError('IG_RECORDING', { path: recording, reason: 'holds no rows' });
	const writer = new RecordingWriter(path, { ...reader.header });
	let total = 0;
	for (let size = 0; size < LOAD_BYTES; ) {
		for (const [ds] of dataSources.entries()) {
			const own = batches.filter((batch) => batch.ds === ds);
			const once = own.reduce((sum, batch) => sum + batch.records.length, 0);
			if (once === 0) continue;
			const times = Math.max(1, Math.ceil(BATCH.maxBytes / once));
			const records = Buffer.concat(Array.from({ length: times }, () => own.map((batch) => batch.records)).flat());
			const count = own.reduce((sum, batch) => sum + batch.rows, 0) * times;
			writer.batch({ ...(own[0] as RecordedBatch), rows: count, lost: 0, records });
			size += records.length;
			total += count;
		}
	}
	writer.end();
	return { path, dataSources, rows: total };
}

interface Figures {
	/** ns per row, of the operators and of the no-op: the best window of each. */
	readonly nanoseconds: number;
	readonly idle: number;
	/** After init, and at the end; bytes. */
	readonly memory: { readonly start: number; readonly end: number };
	readonly rowsIn: number;
	readonly rowsOut: number;
}

/** An operator that wants the same fields, and does nothing with them. */
function idler({ plan, init }: Described, dataSources: readonly DataSource[]): OperatorPlan {
	const wanted = plan.dataSources.map((ds) => init.wants[ds] && [...init.wants[ds]].map((id) => dataSources[ds]?.fields[id]?.name ?? ''));
	const fields = wanted.every((names) => names !== undefined) ? wanted.flat() : undefined;
	const { fields: _, ...rest } = plan;
	return { ...rest, module: 2, index: 0, params: {}, tables: [], kind: 'filter', name: 'no-op', ...(fields && { fields }) };
}

/** The no-op and the operators in one chain, so that both meet the same batches at the same time. */
async function measure(load: Load, loaded: LoadedModule, described: readonly Described[], milliseconds: number): Promise<Figures> {
	const idle = await compileModule(Buffer.from(NO_OP, 'base64'), 'no-op.wasm');
	const lines: string[] = [];
	const own = described.map(({ plan }) => plan);
	const pipeline = startPipeline(
		{
			...{ dataSources: load.dataSources, source: { kind: 'recording', path: load.path, realtime: false, endless: true }, outputFd: 1 },
			...{ modules: [await loadBuiltin(), loaded, idle].map(modulePlan), batch: BATCH, deadlineMs: 1000 },
			operators: [...own.map((_, i) => idler(described[i] as Described, load.dataSources)), ...own],
		},
		{ onLog: (level, text) => lines.push(`${level}: ${text}`) },
	);
	await pipeline.ready;
	const memoryOf = (): number => pipeline.stats().operators[own.length]?.memoryBytes ?? 0;
	const start = memoryOf();
	const sums = (): [number, number, number, number] => {
		const { operators } = pipeline.stats();
		const sum = (from: number, to: number, key: 'nanoseconds' | 'rowsIn'): number =>
			operators.slice(from, to).reduce((total, operator) => total + operator[key], 0);
		const of = own.length;
		return [sum(of, 2 * of, 'nanoseconds'), operators[of]?.rowsIn ?? 0, sum(0, of, 'nanoseconds'), operators[0]?.rowsIn ?? 0];
	};
	let [best, bestIdle] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
	let before = sums();
	let windows = 0;
	const began = performance.now();
	let over = false;
	void pipeline.ended.then(() => {
		over = true;
	});
	const done = (): boolean => performance.now() - began > (windows >= LEAST_WINDOWS ? milliseconds : Math.max(milliseconds, MOST_MS));
	while (!done() && !over) {
		await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
		const now = sums();
		const [spent, rows, idleSpent, idleRows] = now.map((value, i) => value - (before[i] as number)) as typeof now;
		// A slow operator's windows are longer.
		if (rows < BATCH.maxRows || idleRows < BATCH.maxRows) continue;
		before = now;
		windows++;
		best = Math.min(best, spent / rows);
		bestIdle = Math.min(bestIdle, idleSpent / idleRows);
	}
	const { operators } = pipeline.stats();
	const end = memoryOf();
	pipeline.stop();
	const ended = await pipeline.ended;
	if (ended.reason === 'failed') throw ended.error;
	if (operators.some(({ errors }) => errors > 0) || !Number.isFinite(best)) {
		const reason = lines.length > 0 ? lines.map(printable).join('; ') : `saw fewer than ${BATCH.maxRows} rows`;
		throw new IgError('IG_OPERATOR_BENCH', { name: own[0]?.name ?? '', reason });
	}
	const last = operators.at(-1);
	return {
		nanoseconds: best,
		idle: bestIdle,
		memory: { start, end },
		rowsIn: operators[own.length]?.rowsIn ?? 0,
		rowsOut: last?.rowsOut ?? 0,
	};
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(2)} MiB`;

/** @returns the exit code */
export async function bench(operand: string | undefined, values: Values, help: string): Promise<number> {
	const recording = values.get('recording')?.at(-1);
	const mode = values.get('output')?.at(-1) ?? 'text';
	const time = values.get('time')?.at(-1) ?? '2';
	if (operand === undefined) throw new IgError('IG_USAGE', { reason: 'bench needs the file of a module', help });
	if (recording === undefined) {
		throw new IgError('IG_USAGE', { reason: 'bench needs rows: --recording FILE (`ig run GADGET --record FILE` makes one)', help });
	}
	const seconds = parseDuration('--time', time, 's', help) / 1000;
	if (mode !== 'text' && mode !== 'json') {
		throw new IgError('IG_FLAG_VALUE', { flag: '--output', value: mode, reason: 'is neither text nor json', help });
	}
	const { file, params } = parseOperatorSpec(operand, help);
	const loaded = await loadModule(file);
	const folder = mkdtempSync(join(tmpdir(), 'ig-bench-'));
	try {
		const load = multiply(recording, join(folder, 'rows.rec'));
		const log = (text: string) => process.stderr.write(`${printable(text)}\n`);
		const described = await describeOperators(loaded, load.dataSources, params, log, values.get('grant'));
		const own = await measure(load, loaded, described, seconds * 1000);
		const grown = own.memory.end - own.memory.start;
		const report = {
			file,
			rows: own.rowsIn,
			seconds,
			nsPerRow: own.nanoseconds,
			noOpNsPerRow: own.idle,
			ownNsPerRow: Math.max(0, own.nanoseconds - own.idle),
			rowsOut: own.rowsOut,
			memory: { start: own.memory.start, end: own.memory.end, grown },
		};
		if (mode === 'json') process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
		else {
			const ns = (value: number): string => `${value.toFixed(1).padStart(8)} ns/row`;
			process.stdout.write(
				[
					`${file}: ${report.rows} rows in, ${report.rowsOut} out; the best of ${seconds} s`,
					`operator ${ns(report.nsPerRow)}   copying its fields, calling it, checking what it returned`,
					`no-op    ${ns(report.noOpNsPerRow)}   the same without doing anything`,
					`own      ${ns(report.ownNsPerRow)}   the difference`,
					`memory   ${mib(own.memory.start)} at the start, ${grown === 0 ? 'and no more at the end' : `${mib(own.memory.end)} at the end`}`,
					'',
				].join('\n'),
			);
		}
		return 0;
	} finally {
		rmSync(folder, { recursive: true });
	}
}
