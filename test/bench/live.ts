/** Live storms on one CPU, each watched by one reader on another. */
import { closeSync, existsSync, openSync, readFileSync, statfsSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { freemem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { countLines, tallyLines } from './count.js';
import { Measured } from './measured.js';
import type { Scratch } from './paths.js';
import type { Reader } from './readers.js';
import { parseStats, type OperatorRow } from './stats-table.js';
import { Storm, type StormResult, type Work } from './storm.js';

/** Pace of the work that a reader is started under: enough to fill a stdio buffer at once, little work for anyone. */
const PRELUDE_RATE = 5000;
const FIRST_SECONDS = 30;
/** A reader has caught up when its output has not grown for so long. */
const QUIET_MS = 1000;
/** A reader that shows sums once a second has shown all of them. */
const LAST_SUM_MS = 2500;
const DRAIN_MS = 180_000;
/** Generous: what one event may take in the output file. */
const LINE_BYTES = 1500;
/** Per second, of {@link WARM_LINE_BYTES}: about what the fastest reader writes. */
const WARM_EVENTS = 400_000;
const WARM_LINE_BYTES = 1000;

export interface Cpus {
	readonly storm: number;
	readonly reader: number;
}

/** What a storm does to what; the prelude is what readers are started under. */
export interface Subject {
	readonly work: Work;
	readonly counted: string;
	readonly prelude: string;
	/** What tells a line about either in a reader's output; else the targets themselves. */
	readonly texts?: { readonly counted: string; readonly prelude: string };
}

/** Opens of files. */
export function opens(scratch: Scratch): Subject {
	return { work: 'open', counted: scratch.counted, prelude: scratch.prelude };
}

export interface LiveOptions {
	/** Per second, 0: unpaced. */
	readonly rate: number;
	readonly seconds: number;
	/** Called with the reader's process id before and after the storm. */
	readonly inspect?: (pid: number) => void;
}

/** Times in seconds, sizes in bytes. */
export interface LiveResult {
	/** How often the storm did its work. */
	readonly done: number;
	readonly perSecond: number;
	/** Events that there were of it, as this reader counts them. */
	readonly events: number;
	/** Part of its time in which the storm had its CPU to itself. */
	readonly share: number;
	/** Of these, those in the output. */
	readonly delivered: number;
	/** What the reader itself said that it lost. */
	readonly saidLost: number;
	/** CPU time of the reader from the storm's begin to its last line, per delivered event. */
	readonly cpuPerEvent: number;
	/** CPU time of its whole life, start and end included, per line that it wrote. */
	readonly lifeCpuPerEvent: number;
	readonly peakRss: number;
	/** From exec to the first event in the output. */
	readonly first: number;
	/** Bytes of output per event. */
	readonly lineBytes: number;
	readonly malformed: number;
	readonly example: string | undefined;
	/** Ours alone: what each operator did. */
	readonly operators: readonly OperatorRow[];
}

export class ReaderFailed extends Error {}

/** What fits into the output's file system and memory, in events. */
function room(scratch: Scratch): number {
	const { bavail, bsize } = statfsSync(scratch.folder);
	return Math.min(bavail * bsize, freemem()) / 3 / LINE_BYTES;
}

/**
 * Writes and removes as much as a storm's output may take. The first touch of a page is dear in a virtual machine (its
 * host has to find one), and whoever comes first would pay for all.
 */
export function warmMemory(scratch: Scratch, seconds: number): void {
	const piece = new Uint8Array(1 << 20).fill(32);
	const path = scratch.file('warm');
	const file = openSync(path, 'w');
	const bytes = Math.min(room(scratch), seconds * WARM_EVENTS) * WARM_LINE_BYTES;
	for (let written = 0; written < bytes; written += piece.length) writeSync(file, piece);
	closeSync(file);
	unlinkSync(path);
}

/** What the storm does when nobody watches. */
export async function withoutReader(subject: Subject, cpus: Cpus, { rate, seconds }: LiveOptions): Promise<StormResult> {
	const storm = await Storm.start(cpus.storm, subject.work);
	try {
		return await storm.run({ rate, seconds, target: subject.counted });
	} finally {
		storm.close();
	}
}

/** Waits until the file has not grown for a while. */
async function settled(path: string): Promise<void> {
	let size = -1;
	let since = performance.now();
	const deadline = since + DRAIN_MS;
	while (performance.now() < deadline) {
		const now = existsSync(path) ? statSync(path).size : 0;
		if (now !== size) {
			size = now;
			since = performance.now();
		} else if (performance.now() - since > QUIET_MS) return;
		await sleep(50);
	}
}

/** @throws ReaderFailed when the reader shows nothing */
export async function watchStorm(
	reader: Reader,
	subject: Subject,
	scratch: Scratch,
	cpus: Cpus,
	options: LiveOptions,
): Promise<LiveResult> {
	const output = scratch.file('output');
	const stderr = scratch.file('stderr');
	const texts = subject.texts ?? subject;
	const storm = await Storm.start(cpus.storm, subject.work);
	const measured = new Measured({
		command: reader.command({ pid: storm.pid, output }),
		cpu: cpus.reader,
		stderr,
		watch: { file: output, text: texts.prelude },
		...(!reader.ownFile && { stdout: output }),
	});
	try {
		const prelude = storm.run({ rate: PRELUDE_RATE, seconds: FIRST_SECONDS, target: subject.prelude });
		const first = await measured.first(FIRST_SECONDS * 1000);
		storm.cut();
		await prelude;
		if (first === undefined) {
			throw new ReaderFailed(`${reader.name} showed no event: ${readFileSync(stderr, 'utf8').trim().slice(-600)}`);
		}
		await sleep(300);
		const pid = await measured.pid();
		options.inspect?.(pid);
		const before = await measured.cpu();
		const result = await storm.run({ ...options, count: room(scratch), target: subject.counted });
		options.inspect?.(pid);
		await (reader.tally ? sleep(LAST_SUM_MS) : settled(output));
		const after = await measured.cpu();
		const usage = await measured.stop();
		const wanted = [texts.counted, texts.prelude];
		const counted = reader.tally ? tallyLines(output, wanted, reader.tally) : countLines(output, wanted, reader.json);
		const [delivered = 0, preludes = 0] = counted.counts;
		const said = readFileSync(stderr, 'utf8');
		return {
			done: result.done,
			perSecond: result.done / result.seconds,
			events: reader.events?.(result) ?? result.done,
			share: result.share,
			delivered,
			saidLost: saidLost(said) + counted.saidLost,
			cpuPerEvent: (after - before) / delivered,
			lifeCpuPerEvent: usage.cpu / (delivered + preludes),
			peakRss: usage.peakRss,
			first,
			lineBytes: counted.bytes / (delivered + preludes),
			malformed: counted.malformed,
			example: counted.example,
			operators: parseStats(said),
		};
	} finally {
		measured.kill();
		storm.close();
		for (const path of [output, stderr]) if (existsSync(path)) unlinkSync(path);
	}
}

/** All of these readers say `lost N`, some of them once per CPU or burst. */
function saidLost(text: string): number {
	return [...text.matchAll(/\blost (\d+)/gi)].reduce((sum, [, count]) => sum + Number(count), 0);
}
