/** Plays a small recording through operators and the witness, in the real pipeline, without the built-in operators. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileModule, type LoadedModule } from '../../host/operator/load.js';
import { startPipeline } from '../../host/pipeline/pipeline.js';
import type { OperatorPlan, PipelineEnd, PipelineStats } from '../../host/pipeline/plan.js';
import type { DataSource } from '../../host/schema.js';
import { foreign, writeRecording } from '../support/pipeline.js';
import { numbers, numbersSource, packNumbers } from '../support/schema.js';
import { wasm } from './modules.js';

const home = await compileModule(wasm('home'), 'home.wasm');
const witness = await compileModule(wasm('witness'), 'witness.wasm');

export interface Outcome {
	readonly end: PipelineEnd;
	readonly stats: PipelineStats;
	/** What the formatter wrote. */
	readonly output: Buffer;
	readonly log: readonly string[];
	readonly sources: readonly DataSource[];
}

export interface Run {
	readonly source: DataSource;
	readonly batches: readonly { readonly ds: number; readonly rows: number; readonly records: Uint8Array }[];
	/** In order; the witness comes last unless one of them is a formatter. */
	readonly operators: readonly { readonly module: LoadedModule; readonly changes?: Partial<OperatorPlan> }[];
	readonly tables?: Readonly<Record<string, ReadonlyMap<number, string | null>>>;
	readonly deadlineMs?: number;
}

export async function run({ source, batches, operators, tables = {}, deadlineMs = 250 }: Run): Promise<Outcome> {
	const folder = mkdtempSync(join(tmpdir(), 'ig-run-'));
	const recording = join(folder, 'recording');
	writeRecording(recording, [source], batches);
	const plans = operators.map(({ module, changes }, i) => foreign(module, i + 2, changes));
	if (!plans.some(({ kind }) => kind === 'format')) plans.push(foreign(witness, 1, { kind: 'format' }));
	const modules = [home, witness, ...operators.map(({ module }) => module)];

	const output = join(folder, 'output');
	const outputFd = openSync(output, 'w');
	const log: string[] = [];
	try {
		const pipeline = startPipeline(
			{
				dataSources: [source],
				source: { kind: 'recording', path: recording, realtime: false },
				modules: modules.map(({ module, file, memory }) => ({ module, file, ...(memory && { memory }) })),
				operators: plans,
				outputFd,
				batch: { maxRows: 1024, maxBytes: 256 << 10, flushMs: 10 },
				deadlineMs,
			},
			{ onLog: (_, text) => log.push(text) },
		);
		for (const [table, entries] of Object.entries(tables)) pipeline.updateTable(table, entries);
		const end = await pipeline.ended;
		const sources = await pipeline.ready.catch(() => []);
		return { end, stats: pipeline.stats(), output: readFileSync(output), log, sources };
	} finally {
		closeSync(outputFd);
		rmSync(folder, { recursive: true });
	}
}

export const BATCHES = 5;
export const ROWS = 60;
/** Long enough for an honest call on a busy machine, short enough for the loops among the hostile ones. */
const DEADLINE_MS = 100;

/** Five batches of sixty rows, through one operator. */
export function runNumbers(module?: LoadedModule, changes?: Partial<OperatorPlan>): Promise<Outcome> {
	const tables = Object.fromEntries((changes?.tables ?? []).map((table) => [table, new Map([[0, 'root']])]));
	return run({
		source: numbersSource(),
		batches: Array.from({ length: BATCHES }, (_, i) => ({ ds: 0, rows: ROWS, records: packNumbers(numbers(ROWS, i * ROWS)) })),
		operators: module ? [{ module, ...(changes && { changes }) }] : [],
		tables,
		deadlineMs: DEADLINE_MS,
	});
}
