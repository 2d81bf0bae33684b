/** One pipeline from start to end, for `run` and `replay`: tables, counts, statistics, signals, exit code. */
import { closeSync, openSync } from 'node:fs';
import { IgError } from '../errors.js';
import { startPipeline } from '../pipeline/pipeline.js';
import type { Pipeline, PipelinePlan, PipelineStats } from '../pipeline/plan.js';
import { watchIds } from '../users.js';
import { BUILTIN_NAME } from './builtin.js';
import type { CommonOptions } from './options.js';
import type { Log } from './report.js';
import { missing, statsTable } from './stats.js';

/** Batches are flushed at this size, or after this time. */
export const BATCH = { maxRows: 1024, maxBytes: 256 << 10, flushMs: 10 } as const;

export interface Run {
	readonly plan: PipelinePlan;
	readonly options: CommonOptions;
	readonly log: Log;
	/** Called when the chain is ready: lets events come. */
	begin?(): void;
	/** Called once, before the pipeline stops: no events come afterwards. */
	cease?(): void;
	/** What the kernel lost, and filtered, so far. */
	kernel?: { lost(): number; filtered(): number };
	readonly timeoutMs?: number | undefined;
	/** Called when the pipeline has started. @returns ends what it began */
	watch?(pipeline: Pipeline): () => void;
}

/** Where output goes: stdout, or the file of --output-file, which begins empty unless `mode` is `a`. */
export function openOutput(path: string | undefined, mode: 'w' | 'a' = 'w'): number {
	if (path === undefined) return 1;
	try {
		return openSync(path, mode);
	} catch (cause) {
		throw new IgError('IG_OUTPUT', { path, reason: (cause as NodeJS.ErrnoException).code ?? String(cause) }, { cause });
	}
}

/** Columns of the terminal that `fd` is; undefined: it is none. */
export function terminalWidth(fd: number): number | undefined {
	return fd === 1 && process.stdout.isTTY ? process.stdout.columns : undefined;
}

function watchTables(pipeline: Pipeline, plan: PipelinePlan): (() => void)[] {
	const wanted = new Set(plan.operators.flatMap((operator) => operator.tables));
	const files = { users: '/etc/passwd', groups: '/etc/group' } as const;
	return (['users', 'groups'] as const)
		.filter((table) => wanted.has(table))
		.map((table) => watchIds(files[table], (entries) => pipeline.updateTable(table, entries)));
}

/** A first signal ends the run in order, a second one at once. */
function onSignals(stop: () => void): () => void {
	let count = 0;
	const handler = (): void => {
		if (++count > 1) process.exit(1);
		stop();
	};
	for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, handler);
	return () => {
		for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, handler);
	};
}

function showEnd(stats: PipelineStats, closed: boolean, { options, log }: Run): void {
	const line = missing(stats);
	if (options.statsMs !== undefined) process.stderr.write(`${statsTable(stats)}\n`);
	// Who closes our output (`| head`) does not want the rest; that it is not there is no news.
	else {
		if (line !== undefined) log(closed ? 'debug' : 'warn', line);
		for (const { name, limitsHit } of stats.operators) {
			if (limitsHit.log > 0) log('warn', `operator ${name}: ${limitsHit.log} lines were not shown in all (--operator-limit ${name}:log=N)`);
		}
	}
}

/** The pipeline knows only a descriptor. */
function nameOutput(error: Error, path: string | undefined): Error {
	if (path === undefined || !(error instanceof IgError) || error.code !== 'IG_OUTPUT') return error;
	return new IgError('IG_OUTPUT', { ...error.details, path }, { cause: error });
}

/** Messages of built-in operators at their start are about what the user gave them: a wrong filter is wrong usage, not a broken operator. */
class Complaints {
	readonly #texts: string[] = [];
	#starting = true;
	readonly #log: Log;

	constructor(log: Log) {
		this.#log = log;
	}

	/** The pipeline's log. */
	readonly hear: Log = (level, text) => {
		const own = text.startsWith(`${BUILTIN_NAME}: `) ? text.slice(BUILTIN_NAME.length + 2) : undefined;
		if (this.#starting && level === 'error' && own !== undefined) this.#texts.push(own);
		else this.#log(level, own ?? text);
	};

	/** All operators have started. */
	started(): void {
		this.#starting = false;
		for (const text of this.#texts) this.#log('error', text);
	}

	/** The error that the pipeline's means for the user. */
	explain(error: unknown, { plan, options }: Run): unknown {
		if (!(error instanceof IgError) || error.code !== 'IG_OPERATOR_INIT' || this.#texts.length === 0) return error;
		const ours = plan.operators.some((operator) => operator.builtin && operator.name === error.details.name);
		return ours ? new IgError('IG_USAGE', { reason: this.#texts.join('\n'), help: options.help }, { cause: error }) : error;
	}
}

/**
 * Runs a pipeline until its source ends, the time is up, a signal comes or it fails.
 * @returns the exit code
 * @throws IgError what the pipeline failed with, after statistics have been shown
 */
export async function runToEnd(run: Run): Promise<number> {
	const { plan, options, log } = run;
	const complaints = new Complaints(log);
	const pipeline = startPipeline(plan, { onLog: complaints.hear });
	const undo: (() => void)[] = [];
	let ceased = false;
	const count = (): void => {
		if (run.kernel === undefined) return;
		pipeline.setLost(run.kernel.lost());
		pipeline.setFilteredByKernel(run.kernel.filtered());
	};
	const cease = (): void => {
		if (ceased) return;
		ceased = true;
		run.cease?.();
		count();
	};
	const stop = (): void => {
		cease();
		pipeline.stop();
	};
	undo.push(onSignals(stop));
	try {
		undo.push(...watchTables(pipeline, plan));
		try {
			await pipeline.ready;
		} catch (error) {
			// Interrupted before it had begun.
			if (ceased) return 0;
			throw complaints.explain(error, run);
		}
		complaints.started();
		if (run.watch !== undefined) undo.push(run.watch(pipeline));
		if (run.begin !== undefined && !ceased) {
			run.begin();
			log('debug', 'running... (Ctrl-C ends)');
		}
		const every = (ms: number, action: () => void): void => {
			const timer = setInterval(action, ms);
			undo.push(() => clearInterval(timer));
		};
		every(100, () => {
			if (!ceased) count();
		});
		if (options.statsMs) every(options.statsMs, () => process.stderr.write(`${statsTable(pipeline.stats())}\n`));
		if (run.timeoutMs) {
			const timer = setTimeout(stop, run.timeoutMs);
			undo.push(() => clearTimeout(timer));
		}
		const end = await pipeline.ended;
		cease();
		showEnd(pipeline.stats(), end.reason === 'output-closed', run);
		if (end.reason === 'failed') throw nameOutput(end.error, options.outputFile);
		return 0;
	} catch (error) {
		pipeline.stop();
		await pipeline.ended;
		throw error;
	} finally {
		for (const action of undo.reverse()) action();
		if (plan.outputFd !== 1) closeSync(plan.outputFd);
	}
}
