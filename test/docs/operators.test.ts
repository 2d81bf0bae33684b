/** docs/operators.md: its commands run in a new user's folder, and its code does what it says, in every language. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { languages } from '../../host/cli/operator/languages.js';
import { defaultLimits, MOST_MODULE_BYTES, MOST_WISHED_MEMORY } from '../../host/operator/limits.js';
import { RecordingReader } from '../../host/record/reader.js';
import { RecordingWriter } from '../../host/record/writer.js';
import { Ig, ig } from '../support/cli.js';
import { root } from '../support/pipeline.js';
import { skipWithoutTools } from '../support/toolchains.js';

const page = readFileSync(join(root, 'docs/operators.md'), 'utf8');
const blocks = (language: string): string[] =>
	[...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text ?? '');
const cwd = mkdtempSync(join(tmpdir(), 'ig-operators-'));
afterAll(() => rmSync(cwd, { recursive: true }));

/** Where the page's code goes. */
const sources: Readonly<Record<string, readonly [block: string, file: string]>> = {
	rust: ['rust', 'src/lib.rs'],
	assemblyscript: ['ts', 'index.ts'],
	c: ['c', 'operator.c'],
	js: ['js', 'index.js'],
	go: ['go', 'operator.go'],
};

/** The page's code, as a project's; `which`: the how manieth of its language. */
function put(project: string, language: string, which: number): void {
	const [block, file] = sources[language] as (typeof sources)[string] & object;
	writeFileSync(join(cwd, project, file), blocks(block)[which] ?? '');
}

describe('the commands', () => {
	/** A run that does not end by itself would wait for Ctrl-C. */
	const ending = (line: string): string => (line.startsWith('ig run') && !line.includes('--timeout') ? `${line} --timeout 300ms` : line);

	test.each(blocks('sh').map((text) => text.trim()))('%s', { timeout: 240_000 }, (text) => {
		if (text.includes('--update\nig operator test only-etc')) put('only-etc', 'rust', 0);
		const { status, stdout, stderr } = spawnSync('sh', ['-euc', text.split('\n').map(ending).join('\n')], {
			...{ cwd, encoding: 'utf8' },
			env: { ...process.env, PATH: `${root}${delimiter}${process.env.PATH}` },
		});
		expect(stderr).not.toMatch(/^error/m);
		expect(status).toBe(0);
		if (text.includes('|| ')) expect(stdout).toMatch(/FAIL.*1 passed, 1 failed|0 passed, 2 failed/s);
	});
});

describe.each(languages.map(({ name }) => name))('in %s', (language) => {
	test('the page has a row, and code that filters on two fields', { timeout: 240_000 }, async (context) => {
		skipWithoutTools(language, context.skip);
		expect(page).toContain(`\n| \`${language}\` | `);
		await ig(['operator', 'new', `two-${language}`, '--lang', language], { cwd });
		put(`two-${language}`, language, 0);
		const { stdout, stderr } = await ig(['operator', 'test', `two-${language}`, '--update'], { cwd });
		expect(stderr).not.toMatch(/^error|warning/m);
		expect(stdout).toContain('ok   default (12 rows in, 1 out; written)\nok   prefix (12 rows in, 1 out; written)\n');
		expect(readFileSync(join(cwd, `two-${language}/tests/default.golden`), 'utf8')).toContain('"/etc/shadow", "error": "EACCES"');
	});
});

/** The first row of a project's sample, over and over: one per batch, every 10 ms, for three minutes. */
function endless(project: string): string {
	const reader = new RecordingReader(join(cwd, project, 'tests/opens.rec'));
	const path = join(cwd, project, 'endless.rec');
	const entry = reader.at(reader.start);
	if (entry === undefined || 'end' in entry.value) throw new Error('an empty sample');
	const { records, ...batch } = entry.value;
	const one = records.slice(0, records.length / batch.rows);
	const writer = new RecordingWriter(path, { ...reader.header });
	for (let i = 0; i < 18_000; i++) writer.batch({ ...batch, rows: 1, records: one, at: BigInt(i) * 10_000_000n });
	writer.end();
	reader.close();
	return path;
}

test.each(['rust', 'assemblyscript'])(
	'a change in a project that is watched is built, and state goes along, in %s',
	{ timeout: 240_000 },
	async (language) => {
		const project = `counter-${language}`;
		await ig(['operator', 'new', project, '--lang', language], { cwd });
		put(project, language, 1);
		const running = new Ig(['replay', endless(project), '--realtime', '--watch', '-o', 'json', '--wasm-operator', join(cwd, project)]);
		await running.until(/^building .*counter-/m);
		await running.until(/"number":10\b/, 'stdout');
		const source = join(cwd, project, (sources[language] ?? [])[1] ?? '');
		const text = readFileSync(source, 'utf8');
		writeFileSync(source, `${text}\n}`);
		// What the compiler says, and what it means.
		await running.until(/unexpected closing delimiter|ERROR TS/);
		await running.until('cannot be built; the build before runs on');
		expect(running.stderr).not.toContain('runs now');
		writeFileSync(source, `${text}\n// Another version.\n`);
		await running.until('runs now');
		const rows = running.stdout.split('\n').length;
		await running.until(new RegExp(`"number":${rows + 50}\\b`), 'stdout');
		running.signal('SIGINT');
		const { stdout, stderr, code } = await running.done;
		expect(stderr.match(/^warning/gm)).toHaveLength(1);
		expect(code).toBe(0);
		const numbers = stdout
			.split('\n')
			.filter((line) => line !== '')
			.map((line) => (JSON.parse(line) as { number: number }).number);
		expect(numbers).toEqual(numbers.map((_, i) => i));
	},
);

test('totals are a data source of their own', { timeout: 240_000 }, async () => {
	await ig(['operator', 'new', 'totals', '--lang', 'rust'], { cwd });
	put('totals', 'rust', 2);
	writeFileSync(join(cwd, 'totals/manifest.json'), blocks('json')[0] ?? '');
	expect(await ig(['operator', 'build', 'totals'], { cwd })).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/^error/m) });
	const flags = ['-o', 'open:none,opens:json', '--stats', '--wasm-operator', 'totals/build/opens.wasm'];
	const { stdout, stderr, code } = await ig(['replay', 'totals/tests/opens.rec', ...flags], { cwd });
	expect({ code, stderr }).toMatchObject({ code: 0 });
	const rows = stdout
		.trim()
		.split('\n')
		.map((line) => JSON.parse(line) as { uid: number; user: string; opens: number });
	const submitted = Number(/submitted (\d+)/.exec(stderr)?.[1]);
	expect(rows.reduce((sum, { opens }) => sum + opens, 0)).toBe(submitted);
	expect(rows.find(({ uid }) => uid === 0)?.user).toBe('root');
	expect(stderr).toMatch(new RegExp(`seen +counter +${submitted} opens`));
	expect(stderr).toContain(`emitted ${rows.length} = delivered ${rows.length} + filtered 0`);
});

test('the limits are those of the code', () => {
	const { ms, log, rows, metrics, elements, files } = defaultLimits;
	const words = (count: number): string => count.toLocaleString('en-US');
	expect(page).toContain(`| a batch | ${ms.batch} ms |`);
	expect(page).toContain(`| ${ms.init / 1000} s; ${ms.tick} ms; ${ms.start / 1000} s |`);
	expect([ms.stop, ms.table]).toEqual([ms.start, ms.start]);
	expect(page).toContain(`| ${log} a second |`);
	expect(page).toContain(`| ${words(rows)} per call; ${metrics} |`);
	expect(page).toContain(`| granted files | ${files >> 20} MiB, `);
	expect(page).toContain(`| ${MOST_MODULE_BYTES >> 20} MiB; ${words(elements)} elements |`);
	expect(page).toContain(`up to ${MOST_WISHED_MEMORY >> 20} MiB`);
});
