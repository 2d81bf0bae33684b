/** A gadget that brings an operator of its own: `params.wasm` of its gadget.yaml are flags, and reach it. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { built, root } from '../../host/root.js';
import { ig } from '../support/cli.js';
import { fixture, igDuring, jsonLines } from '../support/live.js';

const dir = mkdtempSync(join(tmpdir(), 'ig-gadget-operator-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** trace_open with the filter of sdk-rust's examples. */
function gadget(name: string, params: string): string {
	const folder = join(dir, name);
	mkdirSync(folder);
	copyFileSync(built('gadgets/trace_open/program.bpf.o'), join(folder, 'program.bpf.o'));
	copyFileSync(join(root, 'dist/examples/rust-filter.wasm'), join(folder, 'operator.wasm'));
	writeFileSync(join(folder, 'gadget.yaml'), `name: mine\nparams:\n  wasm:\n${params}`);
	return folder;
}

const mine = gadget(
	'mine',
	`    prefix:
      key: below
      description: Only files below this
`,
);
const folder = gadget(
	'folder',
	`    prefix:
      alias: x
      description: Only files below this
      defaultValue: /ig-a
      possibleValues: [/ig-a, /ig-b]
    pid:
`,
);

async function opened(...flags: string[]): Promise<string[]> {
	const run = await igDuring([folder, '-o', 'json', '--comm', 'opener', ...flags], () => {
		execFileSync(fixture('opener'), ['openat:0:0:/ig-a/file', 'openat:0:0:/ig-b/file']);
	});
	expect(run.code).toBe(0);
	// Without trace_open's `hooks`, all of its ways to see a call are taken at once.
	return [...new Set(jsonLines<{ fname: string }>(run).map(({ fname }) => fname))];
}

test('they have their default, or what the user says', async () => {
	expect(await opened()).toEqual(['/ig-a/file']);
	expect(await opened('--prefix', '/ig-b')).toEqual(['/ig-b/file']);
	expect(await opened('-x', '/ig-b')).toEqual(['/ig-b/file']);
	expect(await opened('--pid', '1')).toEqual([]);
});

test('they are in the help, and checked', async () => {
	const { stdout } = await ig(['run', folder, '--help']);
	expect(stdout.replaceAll(/\s+/g, ' ')).toContain('-x, --prefix <string> Only files below this [one of /ig-a, /ig-b] (default: /ig-a)');
	// The program has a parameter of that name, too: one flag for both.
	expect(stdout.match(/--pid /g)).toHaveLength(1);
	expect(await ig(['run', folder, '--prefix', '/x'])).toMatchObject({
		code: 2,
		stderr: expect.stringContaining('is not one of /ig-a, /ig-b'),
	});
});

test('one that the operator does not know is refused', async () => {
	const { code, stderr } = await ig(['run', mine, '--below', '/etc']);
	expect(code).toBe(2);
	expect(stderr).toMatch(/operator '.*' has no parameter 'below'/);
});
