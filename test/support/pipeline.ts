/** Runs pipelines over recordings of made-up records, with real operators and a real sink. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BATCH } from '../../host/cli/session.js';
import { asked } from '../../host/operator/capability.js';
import { compileCore } from '../../host/operator/load.js';
import { type Call, calls, defaultLimits, type OperatorLimits } from '../../host/operator/limits.js';
import { type LoadedCore, type LoadedModule, modulePlan } from '../../host/operator/module.js';
import { startPipeline } from '../../host/pipeline/pipeline.js';
import type { OperatorPlan, PipelineEnd, PipelinePlan, PipelineStats } from '../../host/pipeline/plan.js';
import { RecordingWriter } from '../../host/record/writer.js';
import type { DataSource } from '../../host/schema.js';

export const root = fileURLToPath(new URL('../../', import.meta.url));

let builtin: Promise<LoadedCore> | undefined;
export function builtinModule(): Promise<LoadedCore> {
	const file = join(root, 'dist/operators/builtin.wasm');
	builtin ??= readFile(file).then((bytes) => compileCore(bytes, file));
	return builtin;
}

/** Writes a recording with one frame per entry of `batches`. */
export function writeRecording(
	path: string,
	sources: readonly DataSource[],
	batches: readonly { ds: number; rows: number; records: Uint8Array; at?: bigint }[],
	/** ns between two batches, for who plays it in real time. */
	apart = 0n,
): void {
	const writer = new RecordingWriter(path, {
		ig: 'test',
		created: '2026-01-01T00:00:00Z',
		gadget: { name: 'numbers' },
		host: { kernel: 'none', arch: 'none' },
		dataSources: sources,
	});
	for (const [i, batch] of batches.entries()) writer.batch({ ...batch, lost: 0, boot: 0n, mono: 0n, at: batch.at ?? BigInt(i) * apart });
	writer.end();
}

/** A foreign operator of a loaded module, with the manifest's defaults. */
export function foreign(module: LoadedModule, number: number, changes: Partial<OperatorPlan> = {}): OperatorPlan {
	const manifest = module.manifest.operators[0];
	if (manifest === undefined) throw new Error('no operator');
	return {
		name: manifest.name,
		module: number,
		index: 0,
		dataSources: [0],
		params: {},
		kind: manifest.kind,
		onError: manifest.onError,
		tables: manifest.tables,
		...(manifest.fields && { fields: manifest.fields }),
		memoryPages: manifest.memoryPages,
		grants: asked({ ...manifest, ...changes }),
		limits: defaultLimits,
		builtin: false,
		...changes,
	};
}

export async function builtinOperator(name: string, params: Record<string, string> = {}): Promise<OperatorPlan> {
	const { manifest } = await builtinModule();
	const index = manifest.operators.findIndex((operator) => operator.name === name);
	const operator = manifest.operators[index];
	if (operator === undefined) throw new Error(`no built-in operator ${name}`);
	return {
		name,
		module: 0,
		index,
		dataSources: [0],
		params,
		kind: operator.kind,
		onError: operator.onError,
		tables: operator.tables,
		grants: asked(operator),
		memoryPages: operator.memoryPages,
		limits: defaultLimits,
		builtin: true,
	};
}

export interface Outcome {
	readonly end: PipelineEnd;
	/** What the sink got, a character per byte. */
	readonly output: string;
	readonly stats: PipelineStats;
	readonly log: readonly string[];
	readonly sources: readonly DataSource[];
}

export interface RunOptions {
	readonly sources: readonly DataSource[];
	/** `at`: when it was drained, ns since 1970. */
	readonly batches: readonly { readonly ds: number; readonly rows: number; readonly records: Uint8Array; readonly at?: bigint }[];
	/** Beside the built-in one. */
	readonly modules?: readonly LoadedModule[];
	readonly operators: readonly OperatorPlan[];
	/** For every call. */
	readonly deadlineMs?: number;
	/** Plays them in real time, so far apart. */
	readonly apartMs?: number;
	readonly batch?: Partial<PipelinePlan['batch']>;
	readonly tables?: Readonly<Record<string, ReadonlyMap<number, string | null>>>;
	/** In the place of the built-in module. */
	readonly home?: LoadedModule;
}

/** Limits of which every call has `ms` milliseconds. */
export function within(ms: number): OperatorLimits {
	return { ...defaultLimits, ms: Object.fromEntries(calls.map((call) => [call, ms])) as Record<Call, number> };
}

/** Plays a recording that is there already, and waits for the end. */
export async function playFile(path: string, options: Omit<RunOptions, 'batches'>): Promise<Outcome> {
	const dir = mkdtempSync(join(tmpdir(), 'ig-test-'));
	const out = join(dir, 'out');
	const fd = openSync(out, 'w');
	const log: string[] = [];
	try {
		const modules = [options.home ?? (await builtinModule()), ...(options.modules ?? [])];
		const pipeline = startPipeline(
			{
				dataSources: options.sources,
				source: { kind: 'recording', path, realtime: options.apartMs !== undefined },
				modules: modules.map(modulePlan),
				operators: options.operators.map((operator) => ({
					...operator,
					...(options.deadlineMs && { limits: within(options.deadlineMs) }),
				})),
				outputFd: fd,
				batch: { ...BATCH, ...options.batch },
			},
			{ onLog: (level, text) => log.push(`${level}: ${text}`) },
		);
		for (const [table, entries] of Object.entries(options.tables ?? {})) pipeline.updateTable(table, entries);
		const end = await pipeline.ended;
		const sources = await pipeline.ready.catch(() => []);
		return { end, output: readFileSync(out, 'latin1'), stats: pipeline.stats(), log, sources };
	} finally {
		closeSync(fd);
		rmSync(dir, { recursive: true });
	}
}

/** Plays the batches through the operators and waits for the end. */
export async function runPipeline(options: RunOptions): Promise<Outcome> {
	const dir = mkdtempSync(join(tmpdir(), 'ig-test-'));
	try {
		const path = join(dir, 'in.rec');
		writeRecording(path, options.sources, options.batches, BigInt(options.apartMs ?? 0) * 1_000_000n);
		return await playFile(path, options);
	} finally {
		rmSync(dir, { recursive: true });
	}
}
