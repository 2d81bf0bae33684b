/** From exec to attached, beside what node itself takes to start. */
import { join } from 'node:path';
import { Measured } from './measured.js';
import { ig, root, type Scratch } from './paths.js';
import { type Sample, summarize } from './statistics.js';

/** What a driver waits for on the stderr of -v. */
const READY = 'running...';
const READY_MS = 30_000;

export interface Startup {
	/** Seconds: `node -e 0`, exec to exit. */
	readonly node: Sample;
	/** Seconds from exec to attached: node with the CLI's main module, and through the launcher. */
	readonly attached: Sample;
	readonly launcher: Sample;
	/** Bytes, of an idle run. */
	readonly idleRss: Sample;
}

const arguments_ = ['run', 'trace_open', '-v', '-o', 'json', '--output-file', '/dev/null'];

async function attach(scratch: Scratch, command: readonly string[]): Promise<{ seconds: number; rss: number }> {
	const measured = new Measured({ command: [...command, ...arguments_], ready: READY, stderr: scratch.file('stderr') });
	const seconds = await measured.ready(READY_MS);
	const { peakRss } = await measured.stop();
	if (seconds === undefined) throw new Error(`${command.join(' ')} was not attached in ${READY_MS / 1000} s`);
	return { seconds, rss: peakRss };
}

/** Takes turns, so that a busy moment of the machine hits all alike. */
export async function measureStartup(scratch: Scratch, runs: number): Promise<Startup> {
	const node: number[] = [];
	const attached: number[] = [];
	const launcher: number[] = [];
	const rss: number[] = [];
	// Files and code caches are warm for all.
	await attach(scratch, [join(root, 'ig')]);
	for (let run = 0; run < runs; run++) {
		const empty = new Measured({ command: [process.execPath, '-e', '0'] });
		node.push((await empty.ended(10_000)).wall);
		const direct = await attach(scratch, [process.execPath, ig]);
		attached.push(direct.seconds);
		rss.push(direct.rss);
		launcher.push((await attach(scratch, [join(root, 'ig')])).seconds);
	}
	return { node: summarize(node), attached: summarize(attached), launcher: summarize(launcher), idleRss: summarize(rss) };
}
