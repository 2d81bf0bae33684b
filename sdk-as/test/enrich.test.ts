import { expect, test } from 'vitest';
import { Kind } from '../../host/schema.js';
import { Guest } from './harness.js';
import { open, row } from './opens.js';

const file = new URL('../../dist/examples/as-enrich.wasm', import.meta.url);
const ENOSPC = 51;

function enrich(): Guest {
	const guest = new Guest(file);
	expect(guest.init([open])).toBe(0);
	return guest;
}

const rows = [row({ comm: 'cat', pid: 42 }), row({ comm: 'sixteen-bytes-!!', pid: 0 }), row({ comm: '', pid: 4294967295 })];

test('adds a string column with its annotations', () => {
	const [added] = enrich().filled;
	expect(added).toMatchObject({ name: 'opener', kind: Kind.String, slot: 0, field: open.fields.length });
	expect(added?.annotations).toEqual({ description: 'Process that opened the file', 'columns.width': '24' });
});

test('writes a value for each selected row, and touches no selection', () => {
	const result = enrich().batch({ rows });
	expect(result.errno).toBe(0);
	expect(result.selected).toEqual([0, 1, 2]);
	expect(rows.map((_, i) => result.string(0, i))).toEqual(['cat[42]', 'sixteen-bytes-!![0]', '[4294967295]']);
});

test('rows that are not selected have no value', () => {
	const result = enrich().batch({ rows, selection: [2, 0], scattered: true });
	expect(rows.map((_, i) => result.string(0, i))).toEqual(['cat[42]', undefined, '[4294967295]']);
});

test('an empty batch leaves the column absent and the heap alone', () => {
	const result = enrich().batch({ rows: [] });
	expect(result.errno).toBe(0);
	expect(result.heapUsed).toBe(0);
});

test('a heap that is too small fails the batch with ENOSPC', () => {
	const many = Array.from({ length: 1000 }, (_, i) => row({ comm: 'sixteen-bytes-!!', pid: i }));
	const guest = enrich();
	expect(guest.batch({ rows: many, heap: 0 }).errno).toBe(ENOSPC);
	expect(guest.batch({ rows: many, heap: 12000 }).errno).toBe(ENOSPC);
	expect(guest.batch({ rows: many, heap: 64000 }).errno).toBe(0);
});
