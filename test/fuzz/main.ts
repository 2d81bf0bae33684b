/**
 * Fuzzes all that comes from a guest: `npm run fuzz -- --minutes 10 [--seed N] [--only TARGET]`. The native checks run under
 * libFuzzer beside it, where clang has it. Ends with 1 and the seed of the round when something does not hold.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../bench/paths.js';
import { Random } from './random.js';
import { targets } from './targets.js';

const { values } = parseArgs({
	options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' }, only: { type: 'string' } },
});
const seconds = Number(values.minutes) * 60;
if (!(seconds > 0)) throw new Error(`--minutes ${values.minutes}: a number above 0 is wanted`);
const first = Number(values.seed ?? Date.now() % 2 ** 31);
const chosen = targets.filter(({ name }) => values.only === undefined || name === values.only);

const native = join(root, 'dist/native/fuzz');
const scratch = mkdtempSync(join(tmpdir(), 'ig-fuzz-'));
let nativeEnd: Promise<string> | undefined;
if (values.only === undefined && existsSync(native)) {
	cpSync(join(root, 'test/fuzz/corpus/native'), join(scratch, 'corpus'), { recursive: true });
	const child = spawn(
		native,
		[`-max_total_time=${Math.ceil(seconds)}`, '-max_len=512', `-artifact_prefix=${scratch}/`, join(scratch, 'corpus')],
		{
			stdio: ['ignore', 'ignore', 'pipe'],
		},
	);
	let tail = '';
	child.stderr.on('data', (text: Buffer) => {
		tail = (tail + text.toString('latin1')).slice(-4000);
	});
	nativeEnd = once(child, 'exit').then(([code]) => {
		if (code !== 0) throw new Error(`native: ended with ${code}; its input is in ${scratch}\n${tail}`);
		return /Done (\d+) runs/.exec(tail)?.[1] ?? '?';
	});
	nativeEnd.catch(() => {});
} else process.stdout.write('no libFuzzer here: the native checks are left out\n');

const counts = new Map(chosen.map(({ name }) => [name, 0]));
const until = performance.now() + seconds * 1000;
for (let seed = first; performance.now() < until; seed++) {
	for (const target of chosen) {
		try {
			await target.run(new Random(seed));
		} catch (cause) {
			process.stdout.write(`${target.name}: repeat it with --seed ${seed} --only '${target.name}'\n`);
			throw cause;
		}
		counts.set(target.name, (counts.get(target.name) ?? 0) + 1);
	}
}
for (const [name, count] of counts) process.stdout.write(`${name}: ${count} runs\n`);
if (nativeEnd !== undefined) process.stdout.write(`native: ${await nativeEnd} runs\n`);
rmSync(scratch, { recursive: true });
process.stdout.write('ok\n');
