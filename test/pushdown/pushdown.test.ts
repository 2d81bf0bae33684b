/** Random filters on random records: with and without the kernel's part, the same events come out. */
import { describe, expect, it } from 'vitest';
import { modulePlan } from '../../host/operator/module.js';
import { type SplitFilter, splitFilter } from '../../host/operator/predicates.js';
import { builtinModule, builtinOperator, runPipeline } from '../support/pipeline.js';
import { eventsSource, packRow, type Row, SIZE, throughKernel } from './records.js';

/** xorshift */
function randomOf(seed: number): (most: number) => number {
	let state = seed;
	return (most) => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) % most;
	};
}
const random = randomOf(20_261_124);
const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;

const texts = {
	odd: ['', 'a', 'abc', 'thirteen-long', 'thirteen-lon', 'a,b'],
	comm: ['', 'sh', 'bash', 'cat', 'sixteen-letters!', 'sixteen-letters', '12345678', '1234567', 'a\\b'],
	path: ['/etc/passwd', '/etc/pass', '/etc', '/usr/lib/x86_64-linux-gnu/libc.so.6', '/', 'é\n'],
	tail: ['', 'x', 'twenty-bytes-without', '/etc'],
} as const;
const numbers = {
	u64: [0n, 1n, 5n, 1n << 63n, (1n << 64n) - 1n],
	s64: [0n, -1n, 5n, -(1n << 63n), (1n << 63n) - 1n],
	u32: [0, 1, 1000, 0x7fff_ffff, 0xffff_ffff],
	s32: [0, -1, 3, 0x7fff_ffff, -0x8000_0000],
	u16: [0, 1, 0xffff],
	s16: [0, -1, 0x7fff, -0x8000],
	u8: [0, 7, 255],
	s8: [0, -1, 127, -128],
} as const;
type Text = keyof typeof texts;
type Numeric = keyof typeof numbers;

const row = (): Row =>
	Object.fromEntries([
		...Object.entries(numbers).map(([name, values]) => [name, pick<number | bigint>(values)]),
		...Object.entries(texts).map(([name, values]) => [name, pick<string>(values)]),
		['yes', pick([0, 1, 2])],
	]) as unknown as Row;

const quoted = (text: string): string => JSON.stringify(text);

function condition(depth: number): string {
	const choice = random(depth === 0 ? 6 : 9);
	if (choice === 0) return pick(['yes', 'not yes', 'yes == false', 'true', 'false']);
	if (choice <= 2) {
		const name = pick(Object.keys(numbers) as Numeric[]);
		const value = pick<number | bigint>([...numbers[name], -7, 1n << 40n]);
		return `${name} ${pick(['==', '!=', '<', '<=', '>', '>='])} ${value}`;
	}
	if (choice === 3) {
		const name = pick(Object.keys(numbers) as Numeric[]);
		const list = [...numbers[name]].filter(() => random(2) === 0);
		return pick([`${name} in [${list.join(', ')}]`, `${name} in -1..1000`, `not (${name} in [${list.join(', ')}])`]);
	}
	if (choice <= 5) {
		const name = pick(Object.keys(texts) as Text[]);
		const value = pick<string>([...texts[name], 'longer than any of these fields can ever be', 'a\0b']);
		const among = [...texts[name]].filter(() => random(3) === 0).map(quoted);
		return pick([
			`${name} == ${quoted(value)}`,
			`${name} != ${quoted(value)}`,
			`${name} startsWith ${quoted(value)}`,
			`not (${name} startsWith ${quoted(value)})`,
			`${name} in [${among.join(', ')}]`,
			// For the operator alone.
			`${name} contains "a"`,
			`${name} < ${quoted(value)}`,
			`${name} matches "^/[a-e]"`,
		]);
	}
	const many = Array.from({ length: 1 + random(3) }, () => condition(depth - 1));
	if (choice === 6) return `not (${many[0]})`;
	return `(${many.join(choice === 7 ? ' && ' : ' || ')})`;
}

const rows = Array.from({ length: 300 }, (_, id) => packRow(row(), id));

function records(length: number): Uint8Array {
	const size = 8 + ((length + 7) & ~7);
	const bytes = new Uint8Array(rows.length * size);
	rows.forEach((row, i) => {
		new DataView(bytes.buffer).setUint32(i * size, length, true);
		bytes.set(row.subarray(0, length), i * size + 8);
	});
	return bytes;
}

/** Ids of the rows that the filter operator, which knows nothing of the kernel, keeps. */
async function throughOperator(params: Record<string, string>, length = SIZE): Promise<number[]> {
	const operators = [await builtinOperator('filter', params), await builtinOperator('json')];
	const batches = [{ ds: 0, rows: rows.length, records: records(length) }];
	const { output, end, log } = await runPipeline({ sources: [eventsSource()], batches, operators });
	expect(end, log.join('\n')).toEqual({ reason: 'finished' });
	return output
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => (JSON.parse(line) as { id: number }).id);
}

async function split(params: Record<string, string>): Promise<SplitFilter> {
	return splitFilter(modulePlan(await builtinModule()), eventsSource(), params);
}

const sorted = (ids: readonly number[]): number[] => [...ids].sort((a, b) => a - b);

describe('a filter in the kernel', () => {
	it('drops what the operator would drop, and nothing else', { timeout: 120_000 }, async () => {
		let whole = 0;
		let dropped = 0;
		for (let i = 0; i < 50; i++) {
			const expression = Array.from({ length: 1 + random(3) }, () => condition(2)).join(' && ');
			const params = { 'filter-expr': expression };
			const part = await split(params);
			const wanted = await throughOperator(params);
			const kept = throughKernel(pick(['submits', 'outputs', 'outputs_from_stack']), part.table, rows);
			expect(kept.lost, expression).toBe(0);
			expect(kept.ids.length + kept.filtered, expression).toBe(rows.length);
			expect(sorted(kept.ids), expression).toEqual(expect.arrayContaining(wanted));
			if (part.operator.length === 0) {
				whole++;
				expect(sorted(kept.ids), expression).toEqual(sorted(wanted));
			}
			dropped += kept.filtered;
		}
		expect(whole).toBeGreaterThan(15);
		expect(dropped).toBeGreaterThan(1000);
	});

	it('takes the rules of --filter, and leaves the others', async () => {
		const params = { filter: 'comm==bash, u32>=1,path~tc,tail!=x', 'filter-expr': 'odd startsWith "a" && (yes || s8 == -1)' };
		const part = await split(params);
		expect(part.kernel).toEqual(['comm==bash', 'u32>=1', 'tail!=x', 'odd startsWith "a"', '(yes || s8 == -1)']);
		expect(part.operator).toEqual(['path~tc']);
	});

	it('reads what a short record does not have as zero, and leaves a record that ends within a word to the operator', async () => {
		for (const length of [16, 29, 48, 61, 104]) {
			for (const filter of ['comm == "sh"', 'path == "" && u32 == 0', 's16 < 0 || odd != "a"', 'tail == ""']) {
				const part = await split({ 'filter-expr': filter });
				expect(part.operator, filter).toEqual([]);
				const wanted = await throughOperator({ 'filter-expr': filter }, length);
				const kept = throughKernel('outputs', part.table, rows, length);
				expect(kept.ids.length + kept.filtered).toBe(rows.length);
				const label = `${filter} of ${length} bytes`;
				if (length < 20) expect(kept.ids.length, label).toBeGreaterThanOrEqual(wanted.length);
				else expect(kept.ids, label).toEqual(expect.arrayContaining(wanted));
			}
		}
	});

	it('has room for sixteen predicates; the operator does the rest', async () => {
		const many = Array.from({ length: 20 }, (_, i) => `u32!=${i + 5000}`);
		const part = await split({ filter: many.join(',') });
		expect(part.kernel).toEqual(many.slice(0, 16));
		expect(part.operator).toEqual(many.slice(16));
		expect(part.table).toHaveLength(16 * 32);
		expect(throughKernel('submits', part.table, rows).ids).toHaveLength(rows.length);
	});

	it('leaves a field that no longer is what the kernel wrote to the operator', async () => {
		const source = eventsSource();
		const fields = source.fields.map((field) => (field.name === 'comm' ? { ...field, slot: 0 } : field));
		const part = splitFilter(modulePlan(await builtinModule()), { ...source, fields }, { filter: 'comm==sh,u8==7,unknown==1' });
		expect(part.kernel).toEqual(['u8==7']);
		expect(part.operator).toEqual(['comm==sh', 'unknown==1']);
	});
});
