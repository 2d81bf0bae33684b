import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ig } from '../support/cli.js';
import { igDuring, jsonLines } from '../support/live.js';

/** A process that opens a file that is not there, three times, and one that is. */
function open(): void {
	execFileSync('cat', ['/nowhere/a', '/nowhere/a', '/nowhere/a', '/etc/hostname'], { stdio: 'ignore' });
}
function tried(): void {
	try {
		open();
	} catch {
		// It says so itself.
	}
}

interface Opened {
	readonly fname: string;
	readonly error: string;
}

describe('a filter that reaches into the kernel', () => {
	const filter = ['--filter', 'proc.comm==cat,fname==/nowhere/a,error==ENOENT'];

	it('shows the same events as one that does not, and counts what it threw away', async () => {
		const runs = [];
		for (const flags of [[], ['--no-pushdown']])
			runs.push(await igDuring(['trace_open', ...filter, ...flags, '-o', 'json', '--stats'], tried));
		const [pushed, plain] = runs.map((run) => jsonLines<Opened>(run).map(({ fname, error }) => `${fname} ${error}`));
		expect(plain).toEqual(['/nowhere/a ENOENT', '/nowhere/a ENOENT', '/nowhere/a ENOENT']);
		expect(pushed).toEqual(plain);
		const counts = runs.map((run) =>
			/submitted (\d+) = delivered 3 \+ filtered (\d+)(?: \((\d+) in the kernel\))? \+ lost 0/.exec(run.stderr),
		);
		for (const found of counts) expect(Number(found?.[1])).toBe(3 + Number(found?.[2]));
		// What other processes open while it runs is filtered there, too.
		expect(Number(counts[0]?.[3])).toBeGreaterThan(0);
		expect(counts[0]?.[3]).toBe(counts[0]?.[2]);
		expect(counts[1]?.[3]).toBeUndefined();
	});

	it('is explained', async () => {
		const { stdout, code } = await ig(['run', 'trace_open', '--filter', 'proc.comm==cat,fname~x', '--explain']);
		expect(code).toBe(0);
		expect(stdout).toContain('in the kernel    proc.comm==cat\n    in an operator   fname~x\n');
		expect(stdout).toMatch(/Hooks\n {2}open {5}ig_open/);
	});

	it.each([
		['--no-pushdown', ['--no-pushdown']],
		['the recording keeps all records', ['--record', '/dev/null']],
	])('stays out of it: %s', async (reason, flags) => {
		const { stdout } = await ig(['run', 'trace_open', '--filter', 'proc.comm==cat', '--explain', ...flags]);
		expect(stdout).toContain(`in an operator   proc.comm==cat\n    nothing in the kernel: ${reason}\n`);
	});

	it('reads the arguments of a program whole', async () => {
		const run = await igDuring(['trace_exec', '--filter', 'args~marked-[0-9]+', '-o', 'json'], () => {
			execFileSync('true', ['first', 'marked-1234']);
		});
		expect(jsonLines<{ args: string }>(run).map(({ args }) => args)).toEqual([expect.stringContaining('marked-1234')]);
	});
});
