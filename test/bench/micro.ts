/** Chains of operators without a kernel: a recording of a storm, replayed at full speed through `ig replay`. */
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { Measured } from './measured.js';
import { type OperatorCost, measureOperators } from './operators.js';
import { ig, root, type Scratch } from './paths.js';
import { chainCost, type OperatorRow, parseStats } from './stats-table.js';
import { type Sample, summarize } from './statistics.js';
import { Storm } from './storm.js';

/** Slow enough that most records are kept. */
const RECORD_RATE = 100_000;
/** The first part of a replay runs code that V8 has not optimized yet; a replay of this fraction is taken off. */
const SHORTER = 4;
const READY_MS = 30_000;
const REPLAY_MS = 120_000;

export interface Case {
	readonly name: string;
	readonly flags: readonly string[];
	/** The operator whose cost is meant; else the whole chain's. */
	readonly operator?: string;
}

/** All rows pass every filter: what comes after has the most to do. */
export const cases: readonly Case[] = [
	{ name: 'no output', flags: ['-o', 'none'] },
	{ name: 'json', flags: ['-o', 'json'] },
	{ name: 'jsonpretty', flags: ['-o', 'jsonpretty'] },
	{ name: 'yaml', flags: ['-o', 'yaml'] },
	{ name: 'columns', flags: ['-o', 'columns'] },
	{ name: '--filter, one number', flags: ['-o', 'none', '--filter', 'proc.creds.uid==0'], operator: 'filter' },
	{ name: '--filter, number and string', flags: ['-o', 'none', '--filter', 'proc.creds.uid==0,proc.comm==ig-storm'], operator: 'filter' },
	{ name: '--filter, regular expression', flags: ['-o', 'none', '--filter', 'fname~counted'], operator: 'filter' },
	{ name: '--filter-expr', flags: ['-o', 'none', '--filter-expr', 'proc.creds.uid == 0 && fname endsWith "ed"'], operator: 'filter' },
];

export interface CaseResult {
	readonly name: string;
	readonly shown: string;
	/** ns per row, of the operator that is meant or of all, between the end of the short recording and that of the long one. */
	readonly cost: Sample;
	/** The same over the long one, which includes the time until V8 has compiled everything well. */
	readonly coldCost: Sample;
	/** CPU of the whole process per row, ns: reading the recording, copying, and node's start included. */
	readonly processCost: Sample;
	readonly outputBytes: number;
	/** Of the last run. */
	readonly operators: readonly OperatorRow[];
}

export interface Micro {
	/** Of the long recording. */
	readonly rows: number;
	readonly results: readonly CaseResult[];
	readonly operators: readonly OperatorCost[];
	readonly failures: readonly string[];
}

/** Records a storm. */
async function record(scratch: Scratch, file: string, rows: number): Promise<void> {
	const storm = await Storm.start(-1);
	const stderr = scratch.file('stderr');
	const flags = ['run', 'trace_open', '-v', '-o', 'none', '--pid', String(storm.pid), '--record', file];
	const run = new Measured({ command: [process.execPath, ig, ...flags], stderr, ready: 'running...' });
	try {
		const ready = await run.ready(READY_MS);
		if (ready === undefined) throw new Error(`it did not start: ${readFileSync(stderr, 'utf8').trim().slice(-600)}`);
		await storm.run({ rate: RECORD_RATE, seconds: 60, count: rows, target: scratch.counted });
		await run.stop();
		if (!existsSync(file)) throw new Error(`it wrote nothing: ${readFileSync(stderr, 'utf8').trim().slice(-600)}`);
	} finally {
		run.kill();
		storm.close();
	}
}

interface Replayed {
	readonly cost: number;
	readonly processCost: number;
	readonly rows: number;
	readonly bytes: number;
	readonly operators: readonly OperatorRow[];
}

/** To /dev/null, so that the last operator's time, which includes the write, is its own. */
async function replay(scratch: Scratch, recording: string, wanted: Case, output = '/dev/null'): Promise<Replayed> {
	const stderr = scratch.file('stderr');
	const command = [process.execPath, ig, 'replay', recording, '--stats', '--output-file', output, ...wanted.flags];
	const { cpu, status } = await new Measured({ command, stderr }).ended(REPLAY_MS);
	const said = readFileSync(stderr, 'utf8');
	if (status !== 0) throw new Error(`exit code ${status}: ${said.trim().slice(-600)}`);
	const operators = parseStats(said);
	const meant = operators.find(({ name }) => name === wanted.operator);
	if (wanted.operator !== undefined && meant === undefined) throw new Error(`no operator ${wanted.operator} in:\n${said}`);
	const rows = Math.max(1, ...operators.map(({ rowsIn }) => rowsIn));
	const bytes = output === '/dev/null' ? 0 : statSync(output).size;
	return { cost: meant?.nsPerRow ?? chainCost(operators), processCost: (cpu * 1e9) / rows, rows, bytes, operators };
}

export interface MicroOptions {
	readonly rows: number;
	readonly runs: number;
	/** Replays of {@link cases}. */
	readonly chains: boolean;
	/** `operators.ts` */
	readonly operators: boolean;
}

export async function measureMicro(scratch: Scratch, options: MicroOptions): Promise<Micro> {
	const shorter = scratch.file('shorter');
	await record(scratch, shorter, options.rows / SHORTER);
	const failures: string[] = [];
	const chains = options.chains ? await measureChains(scratch, shorter, options, failures) : { rows: 0, results: [] };
	const operators = options.operators ? await measureOperators(scratch, shorter, options.runs + 2, failures) : [];
	return { ...chains, operators, failures };
}

/** `shorter`: a recording of a fraction of the rows. */
async function measureChains(
	scratch: Scratch,
	shorter: string,
	options: MicroOptions,
	failures: string[],
): Promise<Pick<Micro, 'rows' | 'results'>> {
	const recording = scratch.file('recording');
	await record(scratch, recording, options.rows);
	let most = 0;
	const results: CaseResult[] = [];
	for (const wanted of cases) {
		try {
			const file = scratch.file('replayed');
			const { bytes, rows } = await replay(scratch, recording, wanted, file);
			most = Math.max(most, rows);
			rmSync(file);
			const runs: Replayed[] = [];
			const warm: number[] = [];
			for (let run = 0; run < options.runs; run++) {
				const begin = await replay(scratch, shorter, wanted);
				const all = await replay(scratch, recording, wanted);
				runs.push(all);
				warm.push((all.cost * all.rows - begin.cost * begin.rows) / (all.rows - begin.rows));
			}
			results.push({
				name: wanted.name,
				shown: wanted.flags.map((flag) => flag.replace(`${root}/`, '')).join(' '),
				cost: summarize(warm),
				coldCost: summarize(runs.map(({ cost }) => cost)),
				processCost: summarize(runs.map(({ processCost }) => processCost)),
				outputBytes: bytes / rows,
				operators: runs.at(-1)?.operators ?? [],
			});
		} catch (error) {
			failures.push(`${wanted.name}: ${error instanceof Error ? error.message : String(error)}`);
		}
	}
	return { rows: most, results };
}
