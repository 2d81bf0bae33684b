/** A few seconds of what `npm run fuzz` does for longer. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/pipeline.js';
import { Random } from './random.js';
import { targets } from './targets.js';

const ROUNDS = 400;

test.each(targets.map((target) => [target.name, target] as const))('%s', async (_, target) => {
	const first = Date.now() % 2 ** 31;
	for (let seed = first; seed < first + ROUNDS; seed++) {
		try {
			await target.run(new Random(seed));
		} catch (cause) {
			throw new Error(`npm run fuzz -- --seed ${seed} --only '${target.name}'`, { cause });
		}
	}
});

const native = join(root, 'dist/native/fuzz');

test('the native checks, over the corpus and 20,000 changes of it', (context) => {
	if (!existsSync(native)) return context.skip('this machine has no clang with libFuzzer');
	const corpus = join(root, 'test/fuzz/corpus/native');
	expect(readdirSync(corpus).length).toBeGreaterThan(10);
	const files = readdirSync(corpus).map((file) => join(corpus, file));
	const replayed = spawnSync(native, files, { encoding: 'utf8' });
	expect(replayed.status, replayed.stderr.slice(-2000)).toBe(0);
	const changed = spawnSync(native, ['-runs=20000', '-max_len=512', '-artifact_prefix=/tmp/'], { encoding: 'utf8' });
	expect(changed.status, changed.stderr.slice(-2000)).toBe(0);
});
