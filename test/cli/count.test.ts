import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ig } from '../support/cli.js';
import { igDuring, jsonLines } from '../support/live.js';

/** Opens that nobody else makes: two of the one, one of the other. */
function open(): void {
	for (const files of [['/nowhere/twice', '/nowhere/once'], ['/nowhere/twice']]) {
		try {
			execFileSync('cat', files, { stdio: 'ignore' });
		} catch {
			// They are not there.
		}
	}
}

describe('--count-by', () => {
	const only = ['trace_open', '--filter-expr', 'proc.comm == "cat" && fname startsWith "/nowhere/"'];

	it('shows groups instead of records, the largest first', async () => {
		const run = await igDuring([...only, '--count-by', 'fname,error', '-o', 'json', '--stats'], open);
		expect(jsonLines(run)).toEqual([
			[
				{ fname: '/nowhere/twice', error: 'ENOENT', count: 2 },
				{ fname: '/nowhere/once', error: 'ENOENT', count: 1 },
			],
		]);
		expect(run.stderr).toMatch(/submitted (\d+) = delivered 0 \+ filtered \1 /);
		expect(run.stderr).toContain('emitted 2 = delivered 2');
	});

	it('is sorted, cut and filtered as snapshots are', async () => {
		const run = await igDuring([...only, '--count-by', 'fname', '--sort', 'count', '--max-entries', '1', '-o', 'columns'], open);
		expect(run.stdout).toMatch(/^FNAME +COUNT *\n\/nowhere\/once +1\s*$/);
		const filtered = await igDuring([...only, '--count-by', 'fname,proc.creds.uid', '--filter.counts', 'count>1', '-o', 'json'], open);
		expect(jsonLines(filtered)).toEqual([[{ fname: '/nowhere/twice', uid: 0, count: 2 }]]);
	});

	it('shows them again and again, with --every', async () => {
		const { stdout } = await ig(['run', 'trace_open', '--count-by', 'proc.comm', '--every', '1', '--timeout', '3', '-o', 'json']);
		expect(stdout.trimEnd().split('\n').length).toBeGreaterThan(1);
	});

	it('says which field there is not', async () => {
		expect(await ig(['run', 'trace_open', '--count-by', 'fnam'])).toMatchObject({
			code: 2,
			stderr: expect.stringContaining('did you mean "fname"?'),
		});
		expect(await ig(['run', 'trace_open', '--count-by', ','])).toMatchObject({
			code: 2,
			stderr: expect.stringContaining('needs fields to count by'),
		});
	});
});
