/**
 * What an operator of the user's costs per row, in its own memory: the host's own chain over one batch of a recording, again and again,
 * in this thread. All rows pass every filter.
 */
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { loadBuiltin } from '../../host/cli/builtin.js';
import { buildChain } from '../../host/cli/chain.js';
import { parseFlags } from '../../host/cli/flags.js';
import { commonOptions } from '../../host/cli/options.js';
import { loadOperators } from '../../host/cli/run.js';
import { commonFlags } from '../../host/cli/run-flags.js';
import { BATCH } from '../../host/cli/session.js';
import { fillRecords } from '../../host/ebpf/batch.js';
import { compileModule } from '../../host/operator/load.js';
import { withManifest } from '../../host/operator/manifest.js';
import { modulePlan } from '../../host/operator/module.js';
import { prepareDoors } from '../../host/operator/open.js';
import { Chain } from '../../host/pipeline/chain.js';
import { Control } from '../../host/pipeline/control.js';
import { Emissions } from '../../host/pipeline/emission.js';
import { Metrics } from '../../host/pipeline/metrics.js';
import { startPipeline } from '../../host/pipeline/pipeline.js';
import type { PipelinePlan } from '../../host/pipeline/plan.js';
import { makeSpecs } from '../../host/pipeline/source.js';
import { Tables } from '../../host/pipeline/tables.js';
import { Sink } from '../../host/output/sink.js';
import { RecordingReader } from '../../host/record/reader.js';
import { watOperator, watToWasm } from '../support/wat.js';
import { root, type Scratch } from './paths.js';
import { type Sample, summarize } from './statistics.js';

/** As many come before, while V8 compiles. */
const BATCHES = 600;
/** Where nothing else has the processor: a machine that is busy has many batches like that, and many that are not. */
const UNDISTURBED = 0.1;

export interface OperatorCost {
	readonly name: string;
	/** ns per row: copying in, the call, the checks back. */
	readonly cost: Sample;
	/** Reading, compiling and checking the module, once the disk has been read; ms. */
	readonly load?: Sample;
	/** How long the pipeline stands still at most while another build takes its place; ms. */
	readonly swap?: Sample;
}

interface Case {
	readonly name: string;
	/** Values of `--wasm-operator`. */
	readonly operators: readonly string[];
	/** `-o` of a chain with the built-in operators, formatters included; else the user's alone. */
	readonly output?: string;
	/** Fewer for what is slow. */
	readonly batches?: number;
}

const example = (file: string): string => `${join(root, 'dist/examples', file)},prefix=/`;

/** Emits the first 64 bytes of each row as a row of its own. */
const emitting = watOperator({
	imports: `(import "ig" "source_add" (func $source (param i32 i32 i32 i32) (result i32)))
		(import "ig" "emit" (func $emit (param i32 i32 i32 i32) (result i32)))`,
	globals: '(global $ds (mut i32) (i32.const 0)) (data (i32.const 16) "rows")',
	init: '(global.set $ds (call $source (i32.const 16) (i32.const 4) (i32.const 1) (i32.const 64))) (i32.const 0)',
	batch: `(drop (call $emit (global.get $ds) (i32.add (local.get $batch) (i32.load offset=28 (local.get $batch)))
		(i32.load offset=20 (local.get $batch)) (i32.load offset=24 (local.get $batch))))
		(i32.const 0)`,
});

function cases(scratch: Scratch): Case[] {
	const make = (name: string, text: string, manifest: Readonly<Record<string, unknown>>): string => {
		const file = scratch.file(`${name}.wasm`);
		writeFileSync(file, withManifest(watToWasm(text), JSON.stringify({ operators: [{ name, ...manifest }] }), file));
		return file;
	};
	const pass = (name: string, manifest = {}): string => make(name, watOperator({}), manifest);
	const two = ['proc.pid', 'fname'];
	return [
		{ name: 'JSON, formatters included', operators: [], output: 'json' },
		{ name: 'columns, formatters included', operators: [], output: 'columns' },
		{ name: 'filter on two fields, Rust', operators: [example('rust-filter.wasm')] },
		{ name: 'filter on two fields, AssemblyScript', operators: [example('as-filter.wasm')] },
		{ name: 'filter on two fields, C (WASI)', operators: [example('c-filter.wasm')] },
		{ name: 'filter on two fields, Go (WASI)', operators: [example('go-filter.wasm')] },
		{ name: 'filter on two fields, JavaScript (component)', operators: [example('js-filter.wasm')], batches: 60 },
		{ name: 'a column of texts, Rust (component)', operators: [join(root, 'dist/examples/rust-directory.wasm')] },
		{ name: 'ten that pass all on, of two fields', operators: Array<string>(10).fill(pass('pass-two', { fields: two })) },
		{ name: 'ten that pass all on, of all fields', operators: Array<string>(10).fill(pass('pass-all')) },
		{ name: 'emits a row of 64 bytes for each', operators: [make('emits', emitting, { fields: [], capabilities: ['emit:rows'] })] },
	];
}

async function makePlan(recording: RecordingReader, specs: readonly string[], outputFd: number, output?: string): Promise<PipelinePlan> {
	const { values } = parseFlags(
		new Command('bench'),
		['-o', output ?? 'none', ...specs.flatMap((spec) => ['--wasm-operator', spec])],
		commonFlags,
		'bench',
	);
	const options = commonOptions(values, 'bench');
	const users = await loadOperators(options, { name: 'open', operator: undefined }, {});
	const builtin = await loadBuiltin();
	const { dataSources, host } = recording.header;
	const input = { sources: dataSources, builtin, options, around: Date.now(), terminalWidth: undefined, arch: host.arch };
	const operators = buildChain({ ...input, users, log: () => {} }).filter(({ builtin }) => !builtin || output !== undefined);
	return {
		...{ dataSources, operators, outputFd, batch: BATCH },
		source: { kind: 'recording', path: '', realtime: false },
		modules: [builtin, ...users.map((user) => user.loaded)].map(modulePlan),
	};
}

/** The largest of the first ones. */
function fullBatch(recording: RecordingReader): { ds: number; rows: number; records: Uint8Array } {
	let found = { ds: 0, rows: 0, records: new Uint8Array(0) };
	for (let at = recording.start, frames = 0; frames < 50; frames++) {
		const frame = recording.at(at);
		if (frame === undefined || 'end' in frame.value) break;
		const { ds, rows, records } = frame.value;
		if (rows > found.rows) found = { ds, rows, records: records.slice() };
		at = frame.next;
	}
	if (found.rows === 0) throw new Error('an empty recording');
	return found;
}

/** ms of each of `count` runs. */
async function times(count: number, run: () => Promise<void> | void): Promise<number[]> {
	const taken: number[] = [];
	for (let i = 0; i < count; i++) {
		const began = performance.now();
		await run();
		taken.push(performance.now() - began);
	}
	return taken;
}

async function measure(
	recording: RecordingReader,
	path: string,
	{ name, operators, output, batches = BATCHES }: Case,
	runs: number,
): Promise<OperatorCost> {
	const { ds, rows, records } = fullBatch(recording);
	const outputFd = openSync('/dev/null', 'w');
	try {
		const plan = await makePlan(recording, operators, outputFd, output);
		await prepareDoors(plan.modules);
		const costs: number[] = [];
		for (let run = 0; run < runs; run++) {
			const count = plan.operators.length;
			const chain = new Chain({
				plan,
				control: new Control(count),
				...{
					sink: new Sink(outputFd),
					tables: new Tables(),
					emissions: new Emissions(),
					metrics: new Metrics(plan.operators.map(({ limits }) => limits.metrics)),
				},
				log: () => {},
				struck: (_, reason) => {
					throw new Error(reason);
				},
			});
			const spec = makeSpecs(plan, chain.sources)[ds];
			if (spec === undefined) throw new Error(`no data source ${ds}`);
			const taken: number[] = [];
			for (let i = -batches; i < batches; i++) {
				fillRecords(records, chain.region(), spec, 0, 0);
				const began = performance.now();
				const result = chain.run(ds, rows, false, 0, []);
				chain.flush();
				if (i >= 0) taken.push(performance.now() - began);
				if (result.delivered !== rows) throw new Error(`${result.delivered} of ${rows} rows came through`);
			}
			taken.sort((a, b) => a - b);
			costs.push(((taken[Math.floor(batches * UNDISTURBED)] ?? 0) * 1e6) / rows);
		}
		if (operators.length === 0) return { name, cost: summarize(costs) };
		const load = await times(2 + runs, async () => {
			await makePlan(recording, operators.slice(0, 1), outputFd);
		});
		return { name, cost: summarize(costs), load: summarize(load.slice(1)), swap: summarize(await measureSwaps(path, plan, 2 + runs)) };
	} finally {
		closeSync(outputFd);
	}
}

/** What makes of a module another build that does the same: a custom section. */
function rebuilt(bytes: Uint8Array, build: number): Uint8Array {
	const contents = Buffer.from(`\x05build${build}`);
	return Buffer.concat([bytes, Buffer.from([0, contents.length]), contents]);
}

/** ms that a pipeline stands still at most while a new build of its first operator takes over, under a storm as it was recorded. */
async function measureSwaps(path: string, plan: PipelinePlan, count: number): Promise<number[]> {
	const file = plan.modules[1]?.file ?? '';
	const bytes = readFileSync(file);
	const source = { kind: 'recording', path, realtime: true, endless: true } as const;
	const pipeline = startPipeline({ ...plan, source });
	const taken: number[] = [];
	try {
		await pipeline.ready;
		for (let build = 0; build < count; build++) {
			const next = modulePlan(await compileModule(rebuilt(bytes, build), file));
			const result = await pipeline.swap(1, next, plan.operators);
			if ('reason' in result) throw new Error(result.reason);
			taken.push(result.milliseconds);
		}
	} finally {
		pipeline.stop();
		await pipeline.ended;
	}
	return taken;
}

export async function measureOperators(scratch: Scratch, path: string, runs: number, failures: string[]): Promise<OperatorCost[]> {
	const recording = new RecordingReader(path);
	const found: OperatorCost[] = [];
	try {
		for (const one of cases(scratch)) {
			const file = one.operators[0]?.split(',')[0] ?? '';
			if (file !== '' && !existsSync(file)) failures.push(`${one.name}: this machine cannot build ${file.replace(`${root}/`, '')}`);
			else found.push(await measure(recording, path, one, runs));
		}
	} finally {
		recording.close();
	}
	return found;
}
