/**
 * What an operator of the user's costs per row, in its own memory: the host's own chain over one batch of a recording, again and again,
 * in this thread. All rows pass every filter.
 */
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
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
import { withManifest } from '../../host/operator/manifest.js';
import { modulePlan } from '../../host/operator/module.js';
import { prepareDoors } from '../../host/operator/open.js';
import { Chain } from '../../host/pipeline/chain.js';
import { Control } from '../../host/pipeline/control.js';
import { Emissions } from '../../host/pipeline/emission.js';
import { Metrics } from '../../host/pipeline/metrics.js';
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
	/** The pause of the pipeline while another build takes its place; ms. */
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

function cases(scratch: Scratch): Case[] {
	const pass = (name: string, fields: readonly string[] | undefined): string => {
		const file = scratch.file(`${name}.wasm`);
		writeFileSync(
			file,
			withManifest(watToWasm(watOperator({})), JSON.stringify({ operators: [{ name, ...(fields && { fields }) }] }), file),
		);
		return file;
	};
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
		{ name: 'ten that pass all on, of two fields', operators: Array<string>(10).fill(pass('pass-two', two)) },
		{ name: 'ten that pass all on, of all fields', operators: Array<string>(10).fill(pass('pass-all', undefined)) },
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
	const users = await loadOperators(options, { name: 'open', operator: undefined });
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
	{ name, operators, output, batches = BATCHES }: Case,
	runs: number,
): Promise<OperatorCost> {
	const { ds, rows, records } = fullBatch(recording);
	const outputFd = openSync('/dev/null', 'w');
	try {
		const plan = await makePlan(recording, operators, outputFd, output);
		await prepareDoors(plan.modules);
		const costs: number[] = [];
		let swaps: number[] = [];
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
				if (i >= 0) taken.push(performance.now() - began);
				if (result.delivered !== rows) throw new Error(`${result.delivered} of ${rows} rows came through`);
			}
			taken.sort((a, b) => a - b);
			costs.push(((taken[Math.floor(batches * UNDISTURBED)] ?? 0) * 1e6) / rows);
			const module = plan.modules[1];
			if (module !== undefined) swaps = swaps.concat(await times(5, () => chain.swap(1, module, plan.operators)));
		}
		if (operators.length === 0) return { name, cost: summarize(costs) };
		const load = await times(2 + runs, async () => {
			await makePlan(recording, operators.slice(0, 1), outputFd);
		});
		return { name, cost: summarize(costs), load: summarize(load.slice(1)), swap: summarize(swaps) };
	} finally {
		closeSync(outputFd);
	}
}

export async function measureOperators(scratch: Scratch, path: string, runs: number, failures: string[]): Promise<OperatorCost[]> {
	const recording = new RecordingReader(path);
	const found: OperatorCost[] = [];
	try {
		for (const one of cases(scratch)) {
			const file = one.operators[0]?.split(',')[0] ?? '';
			if (file !== '' && !existsSync(file)) failures.push(`${one.name}: this machine cannot build ${file.replace(`${root}/`, '')}`);
			else found.push(await measure(recording, one, runs));
		}
	} finally {
		recording.close();
	}
	return found;
}
