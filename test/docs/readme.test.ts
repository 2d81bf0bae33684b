import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ig } from '../support/cli.js';
import { root } from '../support/pipeline.js';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const dir = mkdtempSync(join(tmpdir(), 'ig-readme-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Words of a command line; only single quotes are used. */
const words = (line: string): string[] => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

describe('the commands under "What it shows"', () => {
	const section = readme.split('## What it shows')[1]?.split('\n## ')[0] ?? '';
	const commands = section
		.split('\n')
		.filter((line) => line.startsWith('    ig '))
		.map((line) => line.trim().split(/ {2,}/)[0] ?? '')
		.flatMap((line) => line.split('; '))
		.map((line) => line.replace('FILE', join(dir, 'file.rec')).replace('--fields ...', '--fields proc.comm,fname'));

	test('there are some', () => {
		expect(commands.length).toBeGreaterThanOrEqual(7);
	});

	test.each(commands)('%s', async (command) => {
		const [, ...args] = words(command);
		const endless = args[0] === 'run' && !args.includes('--help');
		const { code, stderr } = await ig(endless ? [...args, '--timeout', '300ms'] : args);
		expect(stderr).not.toContain('error');
		expect(code).toBe(0);
	});
});

describe('the first operator', () => {
	const section = readme.split('## Ten minutes to a first operator')[1]?.split('\n## ')[0] ?? '';
	const commands = [...section.matchAll(/^ {4}ig (operator .*?|run .*?)(?: {2,}#.*)?$/gm)].map(([, command]) => (command ?? '').split(' '));

	test.each(commands)('ig %s %s …', { timeout: 240_000 }, async (...args) => {
		const { code, stderr } = await ig(args[0] === 'run' ? [...args, '--timeout', '500ms'] : args, { cwd: dir });
		expect(stderr).not.toContain('error');
		expect(code).toBe(0);
	});

	test('looks like this', () => {
		expect(commands).toHaveLength(3);
		const code = /```rust\n([\s\S]*?)```/.exec(section)?.[1] ?? 'none';
		expect(readFileSync(join(root, 'templates/rust/src/lib.rs'), 'utf8')).toContain(code);
	});
});
