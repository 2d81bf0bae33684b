/**
 * A storm of opens for a long time, through an operator that fails at random and is replaced by a new build every second:
 * nothing may be lost silently, and memory must stay flat. `npm run soak -- [MINUTES]`, as root. Exits 1 when it is not so.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ig, makeScratch, root } from '../bench/paths.js';
import { Storm } from '../bench/storm.js';
import { flaky } from './flaky.js';

const minutes = Number(process.argv[2] ?? 30);
if (!(minutes > 0)) throw new Error(`${process.argv[2]}: a number of minutes is wanted`);
/** RSS may grow by so much from a tenth of the time to the end: garbage that is not collected yet. */
const MOST_GROWTH = 32 << 20;

const scratch = makeScratch();
const operator = scratch.file('flaky.wasm');
let build = 0;
/** As a build does it: the file is there as a whole, or not. */
function rebuild(): void {
	writeFileSync(`${operator}.new`, flaky(build++));
	renameSync(`${operator}.new`, operator);
}
rebuild();

const counts = { reloads: 0, kept: 0, failures: 0, cutOff: 0, quarantines: 0, pause: 0 };
const other: string[] = [];
let ready: () => void = () => {};
const running = new Promise<void>((resolve) => {
	ready = resolve;
});
function hear(line: string): void {
	const pause = /runs now \(the pipeline stood still for at most ([\d.]+) ms\)/.exec(line)?.[1];
	if (line.includes('running...')) ready();
	else if (pause !== undefined) {
		counts.reloads++;
		counts.pause = Math.max(counts.pause, Number(pause));
	} else if (line.includes('the old one runs on')) counts.kept++;
	else if (line.includes('operator flaky ')) {
		counts.failures++;
		if (line.includes('was cut off')) counts.cutOff++;
		if (line.includes('out of this run')) counts.quarantines++;
	} else other.push(line);
}

const storm = await Storm.start(-1);
const flags = ['run', 'trace_open', '-v', '--stats', '-o', 'json', '--pid', String(storm.pid), '--output-file', '/dev/null', '--watch'];
const enrich = `${root}/dist/examples/rust-enrich.wasm`;
const child = spawn(process.execPath, [ig, ...flags, '--wasm-operator', operator, '--wasm-operator', enrich], {
	stdio: ['ignore', 'ignore', 'pipe'],
});
process.on('exit', () => child.kill('SIGKILL'));
createInterface({ input: child.stderr }).on('line', hear);
const ended = once(child, 'exit');
await Promise.race([running, ended]);
if (child.exitCode !== null) throw new Error(`ig did not start:\n${other.join('\n')}`);

function rss(): number {
	return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'))?.[1]) * 1024;
}
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

const points: number[] = [];
const opening = storm.run({ rate: 0, seconds: minutes * 60, target: scratch.counted });
const until = performance.now() + minutes * 60_000;
while (performance.now() < until && child.exitCode === null) {
	await sleep(1000);
	if (child.exitCode !== null) break;
	points.push(rss());
	rebuild();
	if (points.length % 60 === 0)
		process.stderr.write(`${points.length / 60} min: RSS ${mib(points.at(-1) ?? 0)}, ${JSON.stringify(counts)}\n`);
}
const { done: opens } = await opening;
await sleep(1000);
child.kill('SIGINT');
await ended;
storm.close();

const identity = other.find((line) => line.startsWith('submitted ')) ?? '';
const [submitted = 0, ...parts] = (identity.match(/\d+/g) ?? []).map(Number);
const settled = points.slice(Math.ceil(points.length / 10));
const [early = 0, late = 0] = [settled[0], settled.at(-1)];
const problems = [
	child.exitCode !== 0 && `ig ended with ${child.exitCode ?? child.signalCode}`,
	submitted !== parts.reduce((sum, part) => sum + part, 0) && 'the identity does not hold',
	submitted !== opens && `${opens} opens, but ${submitted} submitted`,
	late - early > MOST_GROWTH && `RSS grew by ${mib(late - early)}`,
	counts.failures === 0 && 'the operator never failed',
	counts.reloads < (minutes * 60) / 10 && 'too few new builds were taken',
].filter(Boolean);

process.stdout.write(
	[
		`${minutes} min, ${opens} opens; ${identity}`,
		`failures ${counts.failures} (cut off ${counts.cutOff}), quarantined ${counts.quarantines} times; builds ${build}, taken ${counts.reloads}, refused ${counts.kept}`,
		`longest pause for a new build ${counts.pause.toFixed(1)} ms`,
		`RSS ${mib(early)} at a tenth of the time, ${mib(late)} at the end, at most ${mib(Math.max(...points))}`,
		...other.filter((line) => !line.includes('has no effect')).slice(-8),
		...problems.map((problem) => `PROBLEM: ${problem}`),
		problems.length === 0 ? 'ok' : '',
	].join('\n'),
);
process.stdout.write('\n');
process.exit(problems.length === 0 ? 0 : 1);
