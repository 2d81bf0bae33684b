/** `ig operator`, as the author of an operator meets it: in an empty folder outside of the repository. */
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { diff } from '../../host/cli/operator/diff.js';
import { languages } from '../../host/cli/operator/languages.js';
import { ig, type Result } from '../support/cli.js';
import { root } from '../support/pipeline.js';
import { skipWithoutTools } from '../support/toolchains.js';

const cwd = mkdtempSync(join(tmpdir(), 'ig-operator-'));
afterAll(() => rmSync(cwd, { recursive: true }));
const operator = (...args: string[]): Promise<Result> => ig(['operator', ...args], { cwd });

describe.each(languages.map(({ name }) => name))('a new project in %s', (lang) => {
	const name = `only-${lang}`;
	const module = join(name, 'build', `${name}.wasm`);

	test('passes its own test', async (context) => {
		skipWithoutTools(lang, context.skip);
		const made = await operator('new', name, '--lang', lang);
		expect(made).toMatchObject({ code: 0, stderr: '' });
		const { code, stdout } = await operator('test', name);
		expect(stdout).toBe('ok   default (12 rows in, 5 out)\nok   prefix (12 rows in, 3 out)\n2 passed, 0 failed\n');
		expect(code).toBe(0);
	}, 240_000);

	test('builds to the file that the help names', async (context) => {
		skipWithoutTools(lang, context.skip);
		const { code, stdout } = await operator('build', name);
		expect(stdout).toMatch(new RegExp(`^only-${lang}/build/only-${lang}\\.wasm \\([\\d.]+ KiB\\)\\n$`));
		expect(code).toBe(0);
	}, 240_000);

	test('tells what it is', async (context) => {
		skipWithoutTools(lang, context.skip);
		const { code, stdout } = await operator('inspect', module, '-o', 'json');
		expect(code).toBe(0);
		expect(JSON.parse(stdout)).toMatchObject({
			file: module,
			bytes: readFileSync(join(cwd, module)).length,
			abi: 1,
			fields: { of: 'trace_open' },
			operators: [
				{ name, kind: 'filter', onError: 'pass', params: [{ key: 'prefix', default: '/etc/' }], wants: { open: ['fname'] }, adds: {} },
			],
		});
		const { stdout: text } = await operator('inspect', module);
		expect(text).toMatch(/^fields wanted +open: fname$/m);
	});

	test('takes another manifest', async (context) => {
		skipWithoutTools(lang, context.skip);
		writeFileSync(join(cwd, name, 'other.json'), `{"operators": [{"name": "other", "dataSources": ["open"]}]}`);
		const other = join(name, 'other.wasm');
		cpSync(join(cwd, module), join(cwd, other));
		expect(await operator('manifest', other, join(name, 'other.json'))).toMatchObject({ code: 0, stdout: '', stderr: '' });
		expect((await operator('inspect', other)).stdout).toMatch(/^operator +other 0\.0\.0$/m);
	});

	test('is measured beside a no-op', async (context) => {
		skipWithoutTools(lang, context.skip);
		const args = [module, '--recording', join(name, 'tests/opens.rec'), '--time', '300ms', '-o', 'json'];
		const { code, stdout, stderr } = await operator('bench', ...args);
		expect(stderr).toBe('');
		expect(code).toBe(0);
		const { nsPerRow, noOpNsPerRow, rows, rowsOut } = JSON.parse(stdout) as Record<string, number>;
		expect(nsPerRow).toBeGreaterThan(0);
		expect(noOpNsPerRow).toBeGreaterThan(0);
		// Five of the recording's twelve; its last pass may have been cut short.
		expect(Math.abs((rowsOut as number) - ((rows as number) * 5) / 12)).toBeLessThan(12);
	});
});

describe('a test that fails', () => {
	const golden = join(cwd, 'only-c/tests/default.golden');

	test('shows what changed, and --update takes it', async () => {
		const before = readFileSync(golden, 'utf8');
		writeFileSync(golden, before.replace('nginx', 'apache').replace(/.*vim.*\n/, ''));
		const { code, stdout } = await operator('test', 'only-c', '--case', 'default');
		expect(code).toBe(1);
		expect(stdout).toMatch(/^FAIL default/);
		expect(stdout).toContain('\n  - {"proc.comm": "apache",');
		expect(stdout).toContain('\n  + {"proc.comm": "nginx",');
		expect(stdout).toMatch(/\n {2}\+ .*vim.*\n0 passed, 1 failed\n$/);
		expect((await operator('test', 'only-c', '--update')).stdout).toContain('ok   default (12 rows in, 5 out; written)');
		expect(readFileSync(golden, 'utf8')).toBe(before);
	});

	test('without a golden file it says how to get one', async () => {
		renameSync(golden, `${golden}.away`);
		const { code, stdout } = await operator('test', 'only-c');
		renameSync(`${golden}.away`, golden);
		expect(code).toBe(1);
		expect(stdout).toContain('only-c/tests/default.golden is missing; --update writes it');
	});

	test('an operator that traps fails its case, with its message', async () => {
		cpSync(join(cwd, 'only-c'), join(cwd, 'traps'), { recursive: true });
		const source = join(cwd, 'traps/operator.c');
		writeFileSync(source, readFileSync(source, 'utf8').replace('uint32_t kept = 0;', 'uint32_t kept = 0; __builtin_trap();'));
		const { code, stdout } = await operator('test', 'traps');
		expect(code).toBe(1);
		expect(stdout).toMatch(/FAIL default.*operator only-c failed in ig_batch: unreachable.*the operator failed \d times/s);
	});

	test("a compiler's error is shown as the compiler wrote it", async () => {
		const source = join(cwd, 'traps/operator.c');
		writeFileSync(source, `${readFileSync(source, 'utf8')}int x = y;\n`);
		const { code, stderr } = await operator('build', 'traps');
		expect(code).toBe(1);
		expect(stderr).toContain("use of undeclared identifier 'y'");
		expect(stderr).toMatch(/^error: .*traps was not built: clang\S* ended with 1$/m);
	});
});

describe('mistakes', () => {
	const mistakes: readonly [string, string[], number, RegExp][] = [
		['no language', ['new', 'x'], 2, /in which language\? --lang rust\|assemblyscript\|c\|js\|go/],
		['an unknown language', ['new', 'x', '--lang', 'rst'], 2, /'rst' is none of .*did you mean rust\?/],
		['a name that no package can have', ['new', 'X_y', '--lang', 'c'], 2, /'X_y' cannot be the name of a project/],
		['a folder that is there', ['new', 'only-c', '--lang', 'c'], 2, /'only-c' is there already, and not empty/],
		['a folder without a project', ['build', tmpdir()], 2, /has none of Cargo\.toml, index\.ts, operator\.c, index\.js, go\.mod/],
		['a folder that is not there', ['test', 'nowhere'], 2, /nowhere' does not exist/],
		['an unknown case', ['test', 'only-c', '--case', 'x'], 2, /has no case 'x', only default, prefix/],
		['an unknown command', ['biuld'], 2, /unknown command 'biuld' \(did you mean build\?\)/],
		['no file', ['inspect'], 2, /inspect needs the file of a module/],
		['a folder instead of its module', ['inspect', 'only-c'], 2, /'only-c': is a folder; `ig operator build` puts/],
		['a file that is not there', ['inspect', 'only-c.wasm'], 2, /there is no such file/],
		['not a module', ['inspect', '/etc/hostname'], 1, /not a WebAssembly file/],
		['no rows', ['bench', 'only-c/build/only-c.wasm'], 2, /bench needs rows: --recording FILE/],
	];
	test.each(mistakes)('%s', async (_, args, code, message) => {
		const result = await operator(...args);
		expect(result.stderr).toMatch(message);
		expect(result.code).toBe(code);
	});

	test.each([
		['rust', 'cargo', /rustup\.rs/],
		['c', 'clang', /apt-get install clang lld/],
	])('a missing toolchain: %s', async (lang, tool, hint) => {
		const { code, stderr } = await ig(['operator', 'build', `only-${lang}`], { cwd, env: { PATH: '/nowhere' } });
		expect(code).toBe(1);
		expect(stderr).toContain(`an operator in ${lang} needs ${tool}, which is not here`);
		expect(stderr).toMatch(hint);
	});

	test('each command has its help', async () => {
		for (const name of ['new', 'build', 'test', 'inspect', 'bench']) {
			const { code, stdout } = await operator(name, '--help');
			expect(code).toBe(0);
			expect(stdout).toContain(`Usage: ig operator ${name}`);
		}
		expect((await operator('--help')).stdout).toContain('inspect <FILE>');
	});
});

test('a difference keeps the fewest lines', () => {
	expect(diff('a\nb\nc\n', 'a\nb\nc\n')).toEqual([]);
	expect(diff('a\nb\nc\nd\n', 'a\nc\nd\ne\n')).toEqual(['  a', '- b', '  c', '  d', '+ e']);
	expect(diff('', 'a\n')).toEqual(['+ a']);
	const many = Array.from({ length: 20 }, (_, i) => `${i}\n`);
	expect(diff(many.join(''), many.with(10, 'x\n').join(''))).toEqual(['  8', '  9', '- 10', '+ x', '  11', '  12']);
});

test('the templates name no path of their own', () => {
	expect(readFileSync(join(root, 'templates/rust/Cargo.toml'), 'utf8')).toContain('{{root}}/sdk-rust');
});
