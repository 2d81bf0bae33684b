/** Memory is given back: what hostile modules took is not there any more when their runs are over. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/pipeline.js';

/** Each of eight runs takes 16 MiB, up to three times over; one that stayed would be seen, garbage that waits is allowed for. */
const MOST_GROWTH_MIB = 48;

test.each(['take-and-trap', 'grow-memory', 'loop-in-batch'])(
	'%s, again and again: the process stays as large as it was',
	(name) => {
		const child = spawnSync(process.execPath, ['--expose-gc', join(root, 'dist/test/hostile/again.js'), name], { encoding: 'utf8' });
		expect(child.status, child.stderr).toBe(0);
		const { before, after } = JSON.parse(child.stdout) as { before: number; after: number };
		expect(after - before).toBeLessThan(MOST_GROWTH_MIB);
	},
	180_000,
);
