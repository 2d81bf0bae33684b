/** Memory over a long time at full load. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cpus } from './live.js';
import { Measured } from './measured.js';
import { ig, type Scratch } from './paths.js';
import { Storm } from './storm.js';

export interface Soak {
	readonly seconds: number;
	readonly opens: number;
	/** As the run itself said: submitted = delivered + … */
	readonly identity: string;
	/** RSS in bytes: at a tenth of the time, at the end, and the highest. */
	readonly early: number;
	readonly late: number;
	readonly peak: number;
	/** Bytes per minute, by least squares over all but the first tenth. */
	readonly slope: number;
}

/** How often RSS is looked at. */
const LOOK_MS = 1000;

function rss(pid: number): number {
	return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;
}

/** Of least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
	const n = points.length;
	const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
	const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
	const above = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
	return above / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

/** An unpaced storm, JSON to /dev/null. */
export async function measureSoak(scratch: Scratch, cpus: Cpus, seconds: number): Promise<Soak> {
	const storm = await Storm.start(cpus.storm);
	const stderr = scratch.file('stderr');
	const flags = ['run', 'trace_open', '-v', '--stats', '-o', 'json', '--pid', String(storm.pid), '--output-file', '/dev/null'];
	const run = new Measured({ command: [process.execPath, ig, ...flags], stderr, ready: 'running...', cpu: cpus.reader });
	try {
		if ((await run.ready(30_000)) === undefined) throw new Error(`it did not start: ${readFileSync(stderr, 'utf8').slice(-600)}`);
		const pid = await run.pid();
		const points: [number, number][] = [];
		const began = performance.now();
		const opening = storm.run({ rate: 0, seconds, target: scratch.counted });
		while (performance.now() - began < seconds * 1000) {
			points.push([(performance.now() - began) / 60_000, rss(pid)]);
			await sleep(LOOK_MS);
		}
		const { done: opens } = await opening;
		await sleep(1000);
		await run.stop();
		const identity = /submitted .*/.exec(readFileSync(stderr, 'utf8'))?.[0] ?? 'it said nothing';
		const settled = points.slice(Math.ceil(points.length / 10));
		const [early, late] = [settled[0]?.[1] ?? 0, settled.at(-1)?.[1] ?? 0];
		return { seconds, opens, identity, early, late, peak: Math.max(...points.map(([, bytes]) => bytes)), slope: slope(settled) };
	} finally {
		run.kill();
		storm.close();
	}
}
