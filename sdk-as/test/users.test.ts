import { expect, test } from 'vitest';
import { Kind } from '../../host/schema.js';
import { Guest } from './harness.js';
import { open, row } from './opens.js';

const file = new URL('../../dist/examples/as-users.wasm', import.meta.url);

function users(): Guest {
	const guest = new Guest(file);
	expect(guest.init([open])).toBe(0);
	return guest;
}

const rows = [row({ uid: 0 }), row({ uid: 1000 }), row({ uid: 1000 }), row({ uid: 7 })];
const names = (guest: Guest) => {
	const result = guest.batch({ rows });
	expect(result.errno).toBe(0);
	return rows.map((_, i) => result.string(guest.slotOf('proc.username'), i));
};

test('adds a string column under a parent, with a tag, and a number column', () => {
	const guest = users();
	expect(guest.filled).toMatchObject([
		{ name: 'proc.username', kind: Kind.String, slot: 0, tags: ['type:username'] },
		{ name: 'at', kind: Kind.Uint64, slot: 1 },
	]);
	const at = rows.map((bytes, i) => Buffer.from(bytes).fill(i + 1, 0, 8));
	const result = guest.batch({ rows: at, bootOffset: 1_000_000_000_000_000_000n });
	expect(at.map((_, i) => result.u64(1, i))).toEqual(
		[1, 2, 3, 4].map((byte) => 0x0101010101010101n * BigInt(byte) + 1_000_000_000_000_000_000n),
	);
});

test('follows sets, changes and deletes in the side table', () => {
	const guest = users();
	expect(names(guest)).toEqual([undefined, undefined, undefined, undefined]);
	guest.table(
		0,
		new Map([
			[0, 'root'],
			[1000, 'zoë'],
			[8, ''],
		]),
	);
	expect(names(guest)).toEqual(['root', 'zoë', 'zoë', undefined]);
	guest.table(
		0,
		new Map<number, string | null>([
			[0, null],
			[1000, 'z'],
			[7, 'lp'],
		]),
	);
	expect(names(guest)).toEqual([undefined, 'z', 'z', 'lp']);
});

test('a name in row after row is stored once', () => {
	const guest = users();
	guest.table(0, new Map([[1000, 'somebody-with-a-long-name']]));
	const many = Array.from({ length: 500 }, () => row({ uid: 1000 }));
	const columns = 2 * (512 / 8 + 500 * 8);
	expect(guest.batch({ rows: many }).heapUsed).toBeLessThan(columns + 64);
});

test('a table that changes all the time needs no more memory', () => {
	const guest = users();
	const change = () => guest.table(0, new Map([[1000, 'x'.repeat(1000)]]));
	change();
	const before = guest.memory.buffer.byteLength;
	for (let i = 0; i < 500; i++) change();
	expect(guest.memory.buffer.byteLength).toBe(before);
});
