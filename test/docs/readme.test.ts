import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

test('the first operator builds and runs as it is written', async () => {
	const blocks = [...readme.matchAll(/```(toml|rust)\n([\s\S]*?)```/g)].map(([, language, text]) => ({ language, text: text ?? '' }));
	const toml = blocks.find(({ language }) => language === 'toml')?.text ?? '';
	const rust = blocks.find(({ language }) => language === 'rust')?.text ?? '';
	mkdirSync(join(dir, 'only-pid/src'), { recursive: true });
	writeFileSync(join(dir, 'only-pid/Cargo.toml'), toml.replace('../ig/sdk-rust', join(root, 'sdk-rust')));
	writeFileSync(join(dir, 'only-pid/src/lib.rs'), rust);
	execFileSync('sh', [join(root, 'scripts/cargo-wasm.sh')], {
		cwd: join(dir, 'only-pid'),
		env: { ...process.env, CARGO_TARGET_DIR: join(root, 'dist/cargo') },
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	const module = join(root, 'dist/cargo/wasm32-unknown-unknown/release/only_pid.wasm');
	const { code, stderr } = await ig(['run', 'trace_open', '--stats', '--timeout', '500ms', '--wasm-operator', `${module},pid=1234`]);
	expect(code).toBe(0);
	expect(stderr).toMatch(/^only-pid +\d/m);
}, 240_000);
