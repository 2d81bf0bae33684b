/** The examples in the gadgets' READMEs: each command runs, and its columns are called as shown. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ig } from '../support/cli.js';
import { root } from '../support/pipeline.js';

const examples = readdirSync(join(root, 'gadgets'), { withFileTypes: true })
	.filter((entry) => entry.isDirectory())
	.flatMap(({ name }) => {
		const lines = readFileSync(join(root, 'gadgets', name, 'README.md'), 'utf8').split('\n');
		const at = lines.findIndex((line) => line.startsWith('    $ ig run '));
		return { name, command: lines[at]?.slice(6) ?? '', heading: lines[at + 1]?.trim() ?? '' };
	});

test.each(examples)('$name: $command', async ({ name, command, heading }) => {
	const words = (command.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''));
	const [program, run, gadget, ...flags] = words;
	expect([program, run, gadget]).toEqual(['ig', 'run', name]);
	const { code, stdout, stderr } = await ig(['run', name, ...flags, '--timeout', '300ms']);
	// What this kernel cannot do, others do in test/vm/matrix.test.ts.
	if (stderr.startsWith(`error: gadget '${name}' cannot hook`)) return;
	expect(stderr).not.toContain('error');
	expect(code).toBe(0);
	// What is shown at intervals may have had nothing to show.
	if (stdout === '') return;
	const columns = stdout.split('\n', 1)[0]?.trim().split(/\s+/);
	expect(columns).toEqual(expect.arrayContaining(heading.split(/\s+/)));
});
