/** The example aggregators on the running kernel: a new data source, in every output. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ig } from '../support/cli.js';
import { fixture, igDuring, jsonLines } from '../support/live.js';
import { root } from '../support/pipeline.js';

const opener = fixture('opener');
const dir = mkdtempSync(join(tmpdir(), 'ig-e2e-'));
afterAll(() => rmSync(dir, { recursive: true }));
const there = join(dir, 'there');
const missing = join(dir, 'missing');
writeFileSync(there, '');

interface Opens {
	readonly comm?: string;
	readonly fname?: string;
	readonly opens: number;
	readonly failed: number;
}

const run = (language: string, params: string, ...flags: string[]) =>
	igDuring(
		[
			'trace_open',
			'--comm',
			'opener',
			'--stats',
			'--wasm-operator',
			`${join(root, `dist/examples/${language}-aggregate.wasm`)}${params}`,
			...flags,
		],
		() => {
			execFileSync(opener, [`openat:0:0:${there}`, `openat:0:0:${missing}`, `openat:0:0:${there}`]);
		},
	);

describe.each(['rust', 'as'])('the aggregator written with sdk-%s', (language) => {
	test('counts by command, shows nothing else, and every row is accounted for', async () => {
		const result = await run(language, '', '-o', 'json');
		const lines = jsonLines<Opens>(result);
		expect(lines.length).toBeGreaterThan(0);
		expect(lines.every(({ comm }) => comm === 'opener')).toBe(true);
		const sum = (key: 'opens' | 'failed') => lines.reduce((all, line) => all + line[key], 0);
		const submitted = Number(/submitted (\d+)/.exec(result.stderr)?.[1]);
		expect(sum('opens')).toBe(submitted);
		expect(sum('failed')).toBeGreaterThanOrEqual(1);
		expect(result.stderr).toContain(`submitted ${submitted} = delivered 0 + filtered ${submitted} + lost 0`);
		expect(result.stderr).toContain(`emitted ${lines.length} = delivered ${lines.length} + filtered 0`);
		expect(result.stderr).toMatch(new RegExp(`${language}-aggregate +opens +counter +${submitted}`));
	});

	test('counts by file name, and the opens go on where they are wanted', async () => {
		const result = await run(language, ',by=fname,events=true', '-o', 'open:json,opens:none');
		expect(jsonLines<{ fname: string }>(result).filter(({ fname }) => fname === there)).toHaveLength(2);
		const counted = await run(language, ',by=fname', '-o', 'open:none,opens:json');
		const counts = jsonLines<Opens>(counted).filter(({ fname }) => fname === there || fname === missing);
		expect(counts.map(({ opens, failed }) => [opens, failed]).sort()).toEqual(expect.arrayContaining([[1, 1]]));
		expect(counts.filter(({ fname }) => fname === there).reduce((all, { opens }) => all + opens, 0)).toBe(2);
	});

	test('its rows are filtered as any, and a filter of the events is for the events', async () => {
		const some = await run(language, ',by=fname', '-o', 'json', '--filter', 'proc.comm==opener', '--filter.opens', `fname==${missing}`);
		expect(jsonLines<Opens>(some).map(({ fname, opens, failed }) => [fname, opens, failed])).toEqual([[missing, 1, 1]]);
		expect(some.stderr).toMatch(/emitted (\d+) = delivered 1 \+ filtered \d+/);
		const { code, stderr } = await ig(['run', 'trace_open', '--filter.nothing', 'a==b', '--timeout', '1']);
		expect(code).toBe(2);
		expect(stderr).toContain("no data source 'nothing'");
	});

	test('tables of several data sources take turns, each with its header', async () => {
		const result = await run(language, ',events=true', '--fields', 'open:fname;opens:comm,opens');
		const lines = result.stdout.split('\n').map((line) => line.trimEnd());
		expect(lines[0]).toBe('FNAME');
		const turn = lines.findIndex((line) => /^COMM +OPENS$/.test(line));
		expect(turn).toBeGreaterThan(1);
		expect(lines[turn - 1]).toBe('');
		expect(lines[turn + 1]).toMatch(/^opener +\d+$/);
	});

	test('columns have what was declared', async () => {
		const result = await run(language, '', '-o', 'open:none,opens:columns');
		expect(result.stdout).toMatch(/^COMM +OPENS +FAILED/);
		expect(result.stdout).toMatch(/^opener +\d+ +\d+/m);
	});
});
