/** Snapshots that are larger than a batch. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadBuiltin } from '../../host/cli/builtin.js';
import { RecordingReader } from '../../host/record/reader.js';
import { RecordingWriter } from '../../host/record/writer.js';
import { ig } from '../support/cli.js';
import { builtinOperator, foreign, type Outcome, playFile } from '../support/pipeline.js';
import { numbersSource, packNumbers } from '../support/schema.js';
import { watModule, watOperator } from '../support/wat.js';

/** 40 bytes each in the recording: 6 MiB. */
const ROWS = 150_000;
const SMALL = 3;

const source = { ...numbersSource(), type: 'array' as const };
const dir = mkdtempSync(join(tmpdir(), 'ig-snapshot-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** The numbers 0 to `count` - 1, in an order that is none. */
function snapshot(count: number): Uint8Array {
	const step = 99_991;
	return packNumbers(Array.from({ length: count }, (_, i) => ({ number: (i * step) % count, pid: i, uid: 0, comm: 'x' })));
}

/** A large one and a small one; `parts`: the large one as so many batches. */
function record(name: string, parts: number): string {
	const path = join(dir, name);
	const writer = new RecordingWriter(path, {
		...{ ig: 'test', created: '2026-01-01T00:00:00Z', gadget: { name: 'numbers' } },
		...{ host: { kernel: 'none', arch: 'none' }, dataSources: [source] },
	});
	const batch = { ds: 0, lost: 0, boot: 0n, mono: 0n, at: 0n };
	const records = snapshot(ROWS);
	const size = records.length / parts;
	for (let i = 0; i < parts; i++) {
		const part = records.subarray(i * size, (i + 1) * size);
		writer.batch({ ...batch, rows: ROWS / parts, records: part, ...(i < parts - 1 && { more: true }) });
	}
	writer.batch({ ...batch, rows: SMALL, records: snapshot(SMALL) });
	writer.end();
	return path;
}
const whole = record('whole.rec', 1);
const inParts = record('parts.rec', 3);

/** With all the memory that it has in a run. */
const home = await loadBuiltin();
const passOn = await watModule(watOperator({}), 'pass.wasm');

/** The snapshots that came out as JSON, of each the numbers. */
async function play(path: string, params: Record<string, Record<string, string>>, withForeign: boolean): Promise<[number[][], Outcome]> {
	const operators = await Promise.all(Object.entries(params).map(([name, values]) => builtinOperator(name, values)));
	operators.push(await builtinOperator('json'));
	if (withForeign) operators.unshift(foreign(passOn, 1));
	const outcome = await playFile(path, { home, sources: [source], operators, ...(withForeign && { modules: [passOn] }) });
	expect(outcome.end).toEqual({ reason: 'finished' });
	const { submitted, delivered, filtered, dropped } = outcome.stats;
	expect({ submitted, dropped }).toEqual({ submitted: ROWS + SMALL, dropped: 0 });
	expect(delivered + filtered).toBe(submitted);
	const lines = outcome.output.split('\n').slice(0, -1);
	return [lines.map((line) => (JSON.parse(line) as { number: number }[]).map(({ number }) => number)), outcome];
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Said in a line when it is not so. */
function expectNumbers(found: readonly number[] = [], count: number): void {
	const wrong = found.findIndex((number, i) => number !== i);
	expect({ count: found.length, wrong, there: found[wrong] }).toEqual({ count, wrong: -1, there: undefined });
}

test('built-in operators get it as a whole: sorted, cut, and written as one array', { timeout: 120_000 }, async () => {
	const [[large, small, ...more], { log }] = await play(whole, { sort: { sort: 'number' } }, false);
	expectNumbers(large, ROWS);
	expect([small, more, log]).toEqual([numbers(SMALL), [], []]);
	const top = { sort: { sort: '-number' }, limiter: { 'max-entries': '5' } };
	expect((await play(whole, top, false))[0]).toEqual([[1, 2, 3, 4, 5].map((i) => ROWS - i), [2, 1, 0]]);
});

test.each([
	['beside an operator of the user', whole, true],
	['recorded in parts', inParts, false],
	['recorded in parts, beside an operator of the user', inParts, true],
])('%s it comes in parts, and is one array and has one limit all the same', { timeout: 120_000 }, async (_, path, withForeign) => {
	const [[large = [], small, ...more]] = await play(path, {}, withForeign);
	expectNumbers(
		large.toSorted((a, b) => a - b),
		ROWS,
	);
	expect([small?.length, more]).toEqual([SMALL, []]);
	const [limited] = await play(path, { limiter: { 'max-entries': '120000' } }, withForeign);
	expect(limited.map(({ length }) => length)).toEqual([120_000, SMALL]);
	const [, { log }] = await play(path, { sort: { sort: 'number' } }, withForeign);
	expect(log.filter((line) => line.includes('it is sorted in parts'))).toHaveLength(1);
});

test('columns have one header, pretty JSON one bracket', { timeout: 120_000 }, async () => {
	for (const path of [whole, inParts]) {
		const columns = await ig(['replay', path, '--max-entries', '140000', '--fields', 'number']);
		expect(columns.code).toBe(0);
		const lines = columns.stdout.trimEnd().split('\n');
		expect(lines.length).toBe(1 + 140_000 + 1 + SMALL);
		expect(lines.filter((line) => line.startsWith('NUMBER'))).toHaveLength(2);
	}
	const pretty = await ig(['replay', whole, '-o', 'jsonpretty', '--fields', 'number']);
	expect(pretty.stdout.match(/^\[$/gm)).toHaveLength(2);
	expect(pretty.stdout.match(/^\]$/gm)).toHaveLength(2);
});

test('a recording of a run keeps parts together', () => {
	const reader = new RecordingReader(inParts);
	const first = reader.at(reader.start);
	expect(first?.value).toMatchObject({ rows: ROWS / 3, more: true });
	reader.close();
});
