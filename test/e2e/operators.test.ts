import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Ig, ig } from '../support/cli.js';
import { fixture, igDuring, jsonLines } from '../support/live.js';
import { root } from '../support/pipeline.js';

const opener = fixture('opener');
const dir = mkdtempSync(join(tmpdir(), 'ig-e2e-'));
afterAll(() => rmSync(dir, { recursive: true }));
const example = (name: string): string => join(root, 'dist/examples', `${name}.wasm`);
const inside = join(dir, 'inside');
const outside = join(tmpdir(), `ig-outside-${process.pid}`);
writeFileSync(inside, '');

interface Event {
	readonly fname: string;
	readonly proc: { readonly pid: number };
	readonly area?: string;
	readonly opener?: string;
}

async function run(...flags: string[]): Promise<{ events: Event[]; pid: number; stderr: string; code: number | null }> {
	let pid = 0;
	const result = await igDuring(['trace_open', '-o', 'json', '--comm', 'opener', '--stats', ...flags], () => {
		const out = execFileSync(opener, [`openat:0:0:${inside}`, `openat:0:0:${outside}`], { encoding: 'utf8' });
		pid = (JSON.parse(out.split('\n')[0] ?? '') as { pid: number }).pid;
	});
	return { events: jsonLines<Event>(result), pid, stderr: result.stderr, code: result.code };
}

const about = (events: Event[], ...names: string[]) => events.filter(({ fname }) => names.includes(fname)).map(({ fname }) => fname);

describe.each(['rust', 'as'])('operators written with sdk-%s', (language) => {
	test('a filter keeps what its parameter says', async () => {
		const { events, code } = await run('--wasm-operator', `${example(`${language}-filter`)},prefix=${dir}`);
		expect(code).toBe(0);
		expect(events.every(({ fname }) => fname.startsWith(dir))).toBe(true);
		expect(about(events, inside, outside)).toEqual([inside]);
	});

	test('an enricher adds its column to what is shown', async () => {
		const { events, pid } = await run('--wasm-operator', example(`${language}-enrich`));
		const event = events.find(({ fname }) => fname === inside);
		if (language === 'as') expect(event?.opener).toBe(`opener[${pid}]`);
		else expect(event?.area).toBe('temporary');
	});
});

test('operators of both languages work in one chain, and the counts add up', async () => {
	const flags = ['rust-enrich', 'as-enrich', 'as-filter', 'rust-filter'].flatMap((name) => [
		'--wasm-operator',
		name.endsWith('filter') ? `${example(name)},prefix=${dir}` : example(name),
	]);
	const { events, pid, stderr } = await run(...flags);
	expect(about(events, inside, outside)).toEqual([inside]);
	expect(events.find(({ fname }) => fname === inside)).toMatchObject({ area: 'temporary', opener: `opener[${pid}]` });
	const [, ...numbers] = /submitted (\d+) = delivered (\d+) \+ filtered (\d+) \+ lost (\d+)/.exec(stderr) ?? [];
	const [submitted, delivered, filtered, lost] = numbers.map(Number) as [number, number, number, number];
	expect(delivered + filtered + lost).toBe(submitted);
	expect(delivered).toBe(events.length);
});

test('a format operator of the user takes the place of -o', async () => {
	const result = await igDuring(['trace_open', '--comm', 'opener', '--wasm-operator', example('as-csv')], () => {
		execFileSync(opener, [`openat:0:0:${inside}`]);
	});
	expect(result.stdout).toContain(`"${inside}"`);
	expect(result.stdout.split('\n')[0]).toContain(',');
});

test('builds that take over while events come lose none and show none twice', async () => {
	const file = join(dir, 'watched.wasm');
	const build = (): void => {
		copyFileSync(example('rust-filter'), `${file}.new`);
		renameSync(`${file}.new`, file);
	};
	build();
	const running = new Ig([
		'run',
		'trace_open',
		'-o',
		'json',
		'--comm',
		'opener',
		'-v',
		'--watch',
		'--wasm-operator',
		`${file},prefix=${dir}`,
	]);
	await running.until('running...');
	const names = Array.from({ length: 1000 }, (_, i) => join(dir, `number-${i}`));
	for (let i = 0; i < 10; i++) {
		build();
		execFileSync(
			opener,
			names.slice(i * 100, i * 100 + 100).map((name) => `openat:0:0:${name}`),
		);
		while ((running.stderr.match(/runs now/g) ?? []).length <= i) await new Promise((resolve) => setTimeout(resolve, 5));
	}
	running.signal('SIGINT');
	const result = await running.done;
	expect(result.code).toBe(0);
	expect(result.stderr).not.toMatch(/warning|lost/);
	expect(jsonLines<Event>(result).flatMap(({ fname }) => (names.includes(fname) ? [fname] : []))).toEqual(names);
});

test('an operator parameter that is not there is refused, with those that are', async () => {
	const { code, stderr } = await ig(['run', 'trace_open', '--wasm-operator', `${example('rust-filter')},prefx=/etc`]);
	expect(code).toBe(2);
	expect(stderr).toContain('prefix');
});

describe('output modes show the same event', () => {
	const modes: readonly [string, (text: string) => void][] = [
		['json', (text) => expect(text.split('\n').some((line) => line !== '' && (JSON.parse(line) as Event).fname === inside)).toBe(true)],
		['jsonpretty', (text) => expect(text).toContain(`\n  "fname": "${inside}",\n`)],
		['yaml', (text) => expect(text).toMatch(new RegExp(`^---\\n(?:.*\\n)*fname: ${inside}\\n`, 'm'))],
		['columns', (text) => expect(text.split('\n').some((line) => line.startsWith('opener') && line.includes(dir.slice(0, 20)))).toBe(true)],
		['none', (text) => expect(text).toBe('')],
	];
	test.each(modes)('%s', async (mode, check) => {
		const fields = mode === 'columns' ? ['--fields', 'proc.comm,proc.pid,fd,fname,error'] : [];
		const result = await igDuring(['trace_open', '-o', mode, '--comm', 'opener', ...fields], () => {
			execFileSync(opener, [`openat:0:0:${inside}`]);
		});
		expect(result.code).toBe(0);
		check(result.stdout);
	});
});
