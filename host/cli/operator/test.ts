/** `ig operator test`: recordings through a project's operator, against golden files. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { IgError } from '../../errors.js';
import { loadModule } from '../../operator/load.js';
import type { LoadedModule } from '../../operator/module.js';
import type { Values } from '../flags.js';
import { booleanOf } from '../options.js';
import { printable } from '../report.js';
import { buildProject } from './build.js';
import { type Case, readCases } from './case.js';
import { diff } from './diff.js';
import { languageOf } from './languages.js';
import { type Played, play } from './play.js';

function valueAt(row: unknown, name: string): unknown {
	const step = (value: unknown, key: string): unknown =>
		typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
	return name.split('.').reduce(step, row) ?? step(row, name);
}

/** What is compared: as it was written, or a line of JSON per row with the fields that the case names. */
function shown({ text }: Played, { fields }: Case, formats: boolean): string {
	if (formats || fields === undefined) return text;
	const rows = text.split('\n').filter((line) => line !== '');
	return rows
		.map((line) => {
			const row: unknown = JSON.parse(line);
			const values = fields.map((name) => `${JSON.stringify(name)}: ${JSON.stringify(valueAt(row, name) ?? null)}`);
			return `{${values.join(', ')}}\n`;
		})
		.join('');
}

interface Verdict {
	readonly ok: boolean;
	readonly lines: readonly string[];
	readonly summary: string;
}

async function runCase(test: Case, loaded: LoadedModule, update: boolean): Promise<Verdict> {
	const played = await play({ loaded, ...test });
	const own = played.stats.operators.filter(({ name }) => loaded.manifest.operators.some((operator) => name.startsWith(operator.name)));
	const errors = own.reduce((sum, operator) => sum + operator.errors, 0);
	const summary = own.map(({ rowsIn, rowsOut }) => `${rowsIn} rows in, ${rowsOut} out`).join('; ');
	const log = played.log.map((line) => `  ${line}`);
	if (played.end.reason === 'failed') return { ok: false, summary, lines: [...log, `  ${played.end.error.message}`] };
	if (errors > 0) return { ok: false, summary, lines: [...log, `  the operator failed ${errors} times`] };
	const actual = shown(
		played,
		test,
		loaded.manifest.operators.some(({ kind }) => kind === 'format'),
	);
	const golden = existsSync(test.golden) ? readFileSync(test.golden, 'utf8') : undefined;
	if (update) {
		const changed = golden !== actual;
		if (changed) writeFileSync(test.golden, actual);
		return { ok: true, summary: `${summary}; ${changed ? 'written' : 'unchanged'}`, lines: log };
	}
	if (golden === actual) return { ok: true, summary, lines: log };
	const file = relative(process.cwd(), test.golden);
	if (golden === undefined) return { ok: false, summary, lines: [...log, `  ${file} is missing; --update writes it`] };
	return { ok: false, summary, lines: [...log, `  - ${file}`, '  + this build', ...diff(golden, actual).map((line) => `  ${line}`)] };
}

const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
const codes: Readonly<Record<string, number | undefined>> = { '+': 32, '-': 31 };

function paint(line: string): string {
	const code = codes[line.trimStart()[0] ?? ''];
	const text = printable(line);
	return colour && code !== undefined ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/** @returns the exit code: 1 when a case failed */
export async function testCommand(directory: string, values: Values, help: string): Promise<number> {
	const project = resolve(directory);
	const update = booleanOf(values, 'update', help);
	languageOf(project);
	const cases = readCases(relative(process.cwd(), project) || '.', values.get('case') ?? []);
	const loaded = await loadModule(buildProject(project));
	let failed = 0;
	for (const test of cases) {
		let verdict: Verdict;
		try {
			verdict = await runCase(test, loaded, update);
		} catch (error) {
			if (!(error instanceof IgError)) throw error;
			verdict = { ok: false, summary: 'did not run', lines: [`  ${error.message}`] };
		}
		if (!verdict.ok) failed++;
		process.stdout.write(`${verdict.ok ? 'ok  ' : 'FAIL'} ${test.name}${verdict.summary === '' ? '' : ` (${verdict.summary})`}\n`);
		for (const line of verdict.lines) process.stdout.write(`${paint(line)}\n`);
	}
	process.stdout.write(`${cases.length - failed} passed, ${failed} failed\n`);
	return failed === 0 ? 0 : 1;
}
