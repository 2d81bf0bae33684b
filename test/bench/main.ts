/** Measures ig and its peers, prints tables, and writes docs/benchmarks.md. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Cpus, opens, ReaderFailed, warmMemory, watchStorm, withoutReader } from './live.js';
import { chooseCpus, describeMachine, load } from './machine.js';
import { help, type Options, readOptions } from './options.js';
import { renderPage } from './page.js';
import { ig, makeScratch, page, root, type Scratch } from './paths.js';
import { chooseReaders, type Reader, versions } from './readers.js';
import { doubts, type LiveTable, rateName, type Results, tables } from './results.js';
import { summarize } from './statistics.js';
import { forTerminal } from './table.js';
import { judge } from './targets.js';

/** There are many of them. */
const GADGET_RUNS = 2;
const GADGET_SECONDS = 3;

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);
const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function build(): void {
	const { status, stdout, stderr } = spawnSync('make', ['--no-print-directory', '-s', 'bench-tools'], { cwd: root, encoding: 'utf8' });
	if (status !== 0) throw new Error(`cannot build the tools:\n${stdout}${stderr}`);
	if (!existsSync(ig)) throw new Error(`${ig} is missing: build first (npm run build)`);
}

/** All readers take turns in each round, so that a slow minute of the machine hits all alike. */
async function live(readers: readonly Reader[], scratch: Scratch, cpus: Cpus, options: Options, failures: string[]): Promise<LiveTable[]> {
	const found: LiveTable[] = [];
	warmMemory(scratch, options.seconds);
	for (const rate of options.rates) {
		const rounds = rate === 0 ? options.runs : Math.ceil(options.runs / 2);
		const untraced: number[] = [];
		const rows = readers.map((reader) => ({ reader, runs: [] as Awaited<ReturnType<typeof watchStorm>>[] }));
		for (let round = 1; round <= rounds; round++) {
			say(`live, ${rateName(rate)}, round ${round} of ${rounds}`);
			const storm = { rate, seconds: options.seconds };
			const alone = await withoutReader(opens(scratch), cpus, { ...storm, seconds: Math.min(storm.seconds, 2) });
			untraced.push(alone.done / alone.seconds);
			for (const { reader, runs } of rows) {
				if (failures.some((line) => line.startsWith(`${reader.name}:`))) continue;
				try {
					runs.push(await watchStorm(reader, opens(scratch), scratch, cpus, storm));
				} catch (error) {
					if (!(error instanceof ReaderFailed)) throw error;
					failures.push(`${reader.name}: ${error.message}`);
				}
			}
		}
		const measured = rows.filter(({ runs }) => runs.length > 0).map(({ reader, runs }) => ({ reader: reader.name, runs }));
		found.push({ rate, untraced: summarize(untraced), rows: measured });
	}
	return found;
}

/** Runs a part; when it cannot run, the others still do. */
async function attempt<Result>(name: string, failures: string[], run: () => Promise<Result> | Result): Promise<Result | undefined> {
	say(name);
	try {
		return await run();
	} catch (error) {
		failures.push(`${name}: ${message(error)}`);
		return undefined;
	}
}

async function measure(options: Options, readers: readonly Reader[], scratch: Scratch, failures: string[]): Promise<Results> {
	const cpus = chooseCpus();
	const { quick, parts, soakSeconds } = options;
	const { measureStartup } = await import('./startup.js');
	const { measureMicro } = await import('./micro.js');
	const { measureDrain } = await import('./drain.js');
	const { measureKernel } = await import('./kernel.js');
	const { measureWrite } = await import('./write.js');
	const { measureGadgets } = await import('./gadgets.js');
	const { measureSoak } = await import('./soak.js');
	const startup = parts.includes('startup') ? await attempt('startup', failures, () => measureStartup(scratch, quick ? 5 : 15)) : undefined;
	const drain = parts.includes('micro') ? await attempt('ring drain', failures, () => measureDrain(quick ? 3 : 11)) : undefined;
	const write = parts.includes('micro') ? await attempt('write', failures, () => measureWrite(scratch, quick ? 3 : 7)) : undefined;
	const wanted = { chains: parts.includes('micro'), operators: parts.includes('operators') };
	const size = quick ? { rows: 400_000, runs: 1 } : { rows: 1_000_000, runs: 5 };
	const micro =
		wanted.chains || wanted.operators
			? await attempt('operators', failures, () => measureMicro(scratch, { ...size, ...wanted }))
			: undefined;
	const kernel = parts.includes('kernel')
		? await attempt('kernel side', failures, () => measureKernel(readers, scratch, cpus, quick ? 1 : 3))
		: undefined;
	const storms = parts.includes('live') ? await live(readers, scratch, cpus, options, failures) : [];
	const shape = { runs: quick ? 1 : Math.min(options.runs, GADGET_RUNS), seconds: quick ? 1 : GADGET_SECONDS, only: options.gadgets, say };
	const gadgets = parts.includes('gadgets')
		? await attempt('gadgets', failures, () => measureGadgets(scratch, cpus, shape, failures))
		: undefined;
	const soak = soakSeconds > 0 ? await attempt('soak', failures, () => measureSoak(scratch, cpus, soakSeconds)) : undefined;
	failures.push(...(micro?.failures ?? []));
	return {
		...{ live: storms, failures },
		...(startup && { startup }),
		...(drain && { drain }),
		...(write && { write }),
		...(micro && { micro }),
		...(kernel && { kernel }),
		...(gadgets && { gadgets }),
		...(soak && { soak }),
	};
}

/** All that were measured, those beside gadgets with the gadget's name. */
function shown(readers: readonly Reader[], { gadgets = [], live, kernel }: Results): Pick<Reader, 'name' | 'shown'>[] {
	const watching = gadgets.flatMap(({ gadget, rows }) =>
		rows.map(({ reader }) => ({ name: `${gadget}: ${reader.name}`, shown: reader.shown })),
	);
	return [...(live.length > 0 || kernel !== undefined ? readers : []), ...watching];
}

async function main(args: readonly string[]): Promise<number> {
	const options = readOptions(args, page);
	if (options === 'help') {
		process.stdout.write(help);
		return 0;
	}
	if (process.getuid?.() !== 0) throw new Error('eBPF programs are loaded: run it as root');
	const loadBefore = load();
	build();
	const { readers, absent } = chooseReaders(options.peers, options.readers);
	const failures = [...absent];
	const scratch = makeScratch();
	const results = await measure(options, readers, scratch, failures);
	failures.push(...doubts(results));
	const found = [judge(results), ...tables(results)].filter(({ rows }) => rows.length > 0);
	process.stdout.write(`${found.map(forTerminal).join('\n')}\n`);
	for (const failure of failures) say(`note: ${failure}`);
	if (options.page !== undefined) {
		const command = `npm run bench${args.length > 0 ? ` -- ${args.join(' ')}` : ''}`;
		const text = renderPage({
			...{
				command,
				quick: options.quick,
				machine: describeMachine(),
				load: loadBefore,
				readers: shown(readers, results),
				versions: versions(),
			},
			...{ failures: results.failures, tables: found },
		});
		mkdirSync(dirname(options.page), { recursive: true });
		writeFileSync(options.page, text);
		say(`wrote ${options.page}`);
	}
	return 0;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
	process.exitCode = await main(process.argv.slice(2));
} catch (error) {
	say(message(error));
	process.exitCode = 1;
}
