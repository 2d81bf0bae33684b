import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Kind } from '../../host/schema.js';
import { Guest, type SourceSpec } from './harness.js';
import { type Open, open, row } from './opens.js';

const file = new URL('../../dist/examples/as-filter.wasm', import.meta.url);

function filter(params: Record<string, string> = { prefix: '/etc', uid: '0' }, source: SourceSpec = open): Guest {
	const guest = new Guest(file);
	expect(guest.init([source], params)).toBe(0);
	return guest;
}

const opens: Open[] = [
	{ fname: '/etc/hosts' },
	{ fname: '/etc/hosts', uid: 1000 },
	{ fname: '/usr/lib' },
	{ fname: '/etc' },
	{ fname: '/et' },
	{ fname: '' },
	{ fname: '/etcetera' },
];
const rows = opens.map((one) => row(one));

test('keeps the rows that pass, in order', () => {
	const result = filter().batch({ rows });
	expect(result.errno).toBe(0);
	expect(result.selected).toEqual([0, 3, 6]);
	expect(result.heapUsed).toBe(0);
});

test('says which fields it reads, and only those', () => {
	expect([...filter().wanted].sort()).toEqual(['0:4', '0:5']);
});

test('an empty prefix keeps every path', () => {
	expect(filter({ prefix: '', uid: '0' }).batch({ rows }).selected).toEqual([0, 2, 3, 4, 5, 6]);
});

test('an empty batch stays empty', () => {
	expect(filter().batch({ rows: [] }).selected).toEqual([]);
});

test('a batch whose rows are all taken out', () => {
	expect(filter({ prefix: '/nowhere', uid: '0' }).batch({ rows }).selected).toEqual([]);
});

test('keeps the order of a permuted selection and leaves unselected rows out', () => {
	expect(filter().batch({ rows, selection: [6, 2, 0, 1] }).selected).toEqual([6, 0]);
});

test('finds rows by their offsets when there is no stride', () => {
	const scattered = opens.map((one, i) => row(one, 368 + i * 24));
	expect(filter().batch({ rows: scattered, scattered: true }).selected).toEqual([0, 3, 6]);
	expect(filter().batch({ rows: scattered, scattered: true, selection: [3, 4, 0] }).selected).toEqual([3, 0]);
});

test('reads overridden fields from their columns; rows without a value read as 0 and empty', () => {
	const overridden: SourceSpec = {
		...open,
		fields: open.fields.map((field) => {
			if (field.name === 'fname') return { name: 'fname', kind: Kind.String, slot: 1 };
			return field.name === 'proc.creds.uid' ? { ...field, slot: 0 } : field;
		}),
	};
	const guest = filter({ prefix: '/srv', uid: '7' }, overridden);
	const columns = {
		0: { values: [7, 7, 8, 7, 7, undefined, 7], width: 4 as const },
		1: { values: ['/srv/a', undefined, '/srv/b', '/sr', '/srv', '/srv/c', '/srv/Größe'] },
	};
	expect(guest.batch({ rows, columns }).selected).toEqual([0, 4, 6]);
	expect(guest.batch({ rows, columns, scattered: true }).selected).toEqual([0, 4, 6]);
	expect(guest.batch({ rows }).selected, 'columns in state 0').toEqual([]);
	expect(filter({ prefix: '', uid: '0' }, overridden).batch({ rows }).selected, 'columns in state 0').toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('prefixes of every length, across word boundaries', () => {
	const path = '/etc/ssl/certs/ca-certificates.crt';
	for (let size = 0; size <= path.length; size++) {
		const prefix = path.slice(0, size);
		const other = size === 0 ? path : `${path.slice(0, size - 1)}#${path.slice(size)}`;
		const result = filter({ prefix, uid: '0' }).batch({ rows: [row({ fname: path }), row({ fname: other })] });
		expect(result.selected, prefix).toEqual(size === 0 ? [0, 1] : [0]);
	}
});

test('agrees with a model for any rows, prefix, selection and layout', () => {
	const word = fc.string({ unit: fc.constantFrom('/', 'e', 't', 'c', 'ß'), maxLength: 12 });
	const anOpen = fc.record({ fname: word, uid: fc.constantFrom(0, 7) });
	fc.assert(
		fc.property(
			fc.array(anOpen, { maxLength: 80 }),
			word,
			fc.boolean(),
			fc.infiniteStream(fc.nat()),
			(some, prefix, scattered, numbers) => {
				const all = some.map((_, i) => ({ i, key: numbers.next().value }));
				const selection = all
					.filter(({ key }) => key % 4 !== 0)
					.sort((a, b) => a.key - b.key)
					.map(({ i }) => i);
				const result = filter({ prefix, uid: '7' }).batch({ rows: some.map((one) => row(one)), selection, scattered });
				expect(result.selected).toEqual(selection.filter((i) => some[i]?.uid === 7 && some[i]?.fname.startsWith(prefix)));
			},
		),
		{ numRuns: 50 },
	);
});

test('a thousand batches need no more memory than one', () => {
	const guest = filter();
	guest.batch({ rows });
	const before = guest.memory.buffer.byteLength;
	for (let i = 0; i < 1000; i++) guest.batch({ rows });
	expect(guest.memory.buffer.byteLength).toBe(before);
});

test('start, tick and stop succeed on a batch without rows', () => {
	const guest = filter();
	for (const call of ['ig_start', 'ig_tick', 'ig_stop'] as const) expect(guest.batch({ rows: [] }, call).errno).toBe(0);
});
