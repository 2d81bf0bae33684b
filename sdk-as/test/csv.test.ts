import { expect, test } from 'vitest';
import { type BatchResult, Guest } from './harness.js';
import { open, row } from './opens.js';

const file = new URL('../../dist/examples/as-csv.wasm', import.meta.url);

function csv(): { guest: Guest; text: (result: BatchResult) => string } {
	const guest = new Guest(file);
	expect(guest.init([open])).toBe(0);
	const text = ({ output }: BatchResult) => new TextDecoder().decode(guest.bytes(output.address, output.size));
	return { guest, text };
}

test('start outputs the header', () => {
	const { guest, text } = csv();
	expect(text(guest.batch({ rows: [] }, 'ig_start'))).toBe('pid,path\n');
});

test('outputs the selected rows in their order', () => {
	const { guest, text } = csv();
	const rows = [row({ pid: 1, fname: '/a' }), row({ pid: 4294967295, fname: 'b"c' }), row({ pid: 1234567, fname: '' })];
	expect(text(guest.batch({ rows, selection: [2, 1] }))).toBe('1234567,""\n4294967295,"b""c"\n');
	expect(text(guest.batch({ rows: [] }))).toBe('');
});

test('output grows beyond its first size', () => {
	const { guest, text } = csv();
	const fname = `/${'x'.repeat(200)}`;
	const lines = text(guest.batch({ rows: Array.from({ length: 3000 }, (_, pid) => row({ pid, fname })) })).split('\n');
	expect(lines).toHaveLength(3001);
	expect(lines[2999]).toBe(`2999,"${fname}"`);
});
