/** What operators reach beyond their batches, and the order of rows in them. */
import { expect, test } from 'vitest';
import { Kind } from '../../host/schema.js';
import { Guest, type TestMap } from './harness.js';
import { type Open, open, row } from './opens.js';

function reach(prepare: (guest: Guest) => void = () => {}): Guest {
	const guest = new Guest(new URL('../../dist/fixtures/as-reach.wasm', import.meta.url));
	prepare(guest);
	expect(guest.init([open])).toBe(0);
	return guest;
}

const u32 = (value: number): string => Buffer.from(Uint32Array.of(value).buffer).toString('hex');
const u64 = (value: number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
const startMap = (): TestMap => ({ keySize: 4, valueSize: 8, entries: new Map([1, 2].map((key) => [u32(key), u64(10 * key)])) });

test('sorts rows; equal ones stay in their order', () => {
	const opens: Open[] = [5, 3, 5, 1, 3, 0, 4].map((uid, i) => ({ fname: `/${i}`, uid }));
	expect(reach().batch({ rows: opens.map((one) => row(one)) }).selected).toEqual([5, 3, 1, 4, 6, 0, 2]);
	expect(reach().batch({ rows: opens.map((one) => row(one)), selection: [6, 0, 3] }).selected).toEqual([3, 6, 0]);
});

test('sorts a thousand rows as JavaScript does', () => {
	const opens = Array.from({ length: 1000 }, (_, i) => ({ fname: '', uid: (i * 7919) % 101 }));
	const expected = opens.map(({ uid }, i) => ({ uid, i })).sort((a, b) => a.uid - b.uid);
	expect(reach().batch({ rows: opens.map((one) => row(one)) }).selected).toEqual(expected.map(({ i }) => i));
});

test('declares a data source, with fields laid out as in C', () => {
	const [source] = reach().added;
	expect(source).toMatchObject({ id: 1, name: 'totals', array: false, recordSize: 24, annotations: { description: 'so far' } });
	expect(source?.fields.map(({ name, parent, kind, offset, size }) => [name, parent, kind, offset, size])).toEqual([
		['flag', -1, Kind.Bool, 0, 1],
		['inner', -1, Kind.Invalid, 1, 0],
		['count', 1, Kind.Uint64, 8, 8],
		['name', -1, Kind.CString, 16, 4],
	]);
});

test('emits rows of numbered texts; what is beyond the bound has no number', () => {
	const guest = reach();
	const names = ['/a', '/b', '/a', '/c', '/d', '/b'];
	expect(guest.batch({ rows: names.map((fname) => row({ fname })) }).errno).toBe(0);
	const rows = (guest.added[0]?.rows ?? []).map((bytes) => Buffer.from(bytes));
	expect(rows.map((bytes) => bytes.readBigInt64LE(8))).toEqual([0n, 1n, 0n, 2n, -1n, 1n]);
	expect(rows.map((bytes) => bytes.toString('latin1', 16).replaceAll('\0', ''))).toEqual(names);
	expect(rows.every((bytes) => bytes[0] === 1)).toBe(true);
});

test('emitting batch after batch takes no more memory', () => {
	const guest = reach();
	const rows = Array.from({ length: 500 }, (_, i) => row({ fname: `/${i % 3}` }));
	for (let i = 0; i < 20; i++) guest.batch({ rows });
	const before = guest.memory.buffer.byteLength;
	for (let i = 0; i < 400; i++) guest.batch({ rows });
	expect(guest.memory.buffer.byteLength).toBe(before);
});

test('keeps metrics; without the grant they do nothing', () => {
	const guest = reach();
	guest.batch({ rows: [row({ fname: '/a' }), row({ fname: '/b' })] });
	expect(guest.metrics).toEqual([
		{ kind: 0, name: 'seen', unit: 'rows', values: [2] },
		{ kind: 1, name: 'level', unit: '', values: [-1.5] },
		{ kind: 2, name: 'sizes', unit: 'bytes', values: [2] },
	]);
	const without = reach((one) => one.refused.add('metric'));
	expect(without.batch({ rows: [row({ fname: '/a' })] }).errno).toBe(0);
	expect(without.metrics).toEqual([]);
});

test('reads and writes a map', () => {
	const map = startMap();
	const guest = reach((one) => one.maps.set('start', map));
	guest.batch({ rows: [] }, 'ig_tick');
	expect(guest.logged.map(({ text }) => text)).toEqual(['sum 33, of 1 10', 'set 0 20', 'delete true false']);
	expect([...map.entries.keys()].sort()).toEqual([u32(2), u32(3)]);
});

test('goes on without a map that was not granted, or is not there', () => {
	const refused = reach((one) => one.maps.set('start', startMap()) && one.refused.add('map:start'));
	refused.batch({ rows: [] }, 'ig_tick');
	expect(refused.logged.map(({ text }) => text)).toEqual(['errno 76']);
	const missing = reach();
	missing.batch({ rows: [] }, 'ig_tick');
	expect(missing.logged.map(({ text }) => text)).toEqual(['errno 44']);
});

test('says what to do when its data source was not granted', () => {
	const guest = new Guest(new URL('../../dist/fixtures/as-reach.wasm', import.meta.url));
	guest.refused.add('emit:totals');
	expect(guest.init([open])).toBe(76);
	expect(guest.logged.at(-1)?.text).toMatch(/cannot add data source totals: not granted/);
});
