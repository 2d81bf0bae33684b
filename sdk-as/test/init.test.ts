import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Kind } from '../../host/schema.js';
import { Guest, GuestAbort } from './harness.js';
import { open } from './opens.js';

const file = new URL('../../dist/examples/as-filter.wasm', import.meta.url);
const ENOENT = 44;
const EINVAL = 28;

test('a field that is not there fails init and is named in the log', () => {
	const guest = new Guest(file);
	expect(guest.init([{ ...open, fields: open.fields.filter((field) => field.name !== 'fname') }])).toBe(ENOENT);
	expect(guest.logged).toEqual([{ level: 0, text: 'no field fname in data source open' }]);
});

test('a field of another kind fails init, with both kinds in the log', () => {
	const guest = new Guest(file);
	const fields = open.fields.map((field) => (field.name === 'proc.creds.uid' ? { ...field, kind: Kind.Int64 } : field));
	expect(guest.init([{ ...open, fields }])).toBe(EINVAL);
	expect(guest.logged).toEqual([{ level: 0, text: 'field proc.creds.uid of data source open is i64, not u32' }]);
});

test('an abort carries message, file and line', () => {
	const guest = new Guest(file);
	expect(() => guest.init([{ ...open, name: 'exec' }])).toThrow(GuestAbort);
	expect(() => guest.init([{ ...open, name: 'exec' }])).toThrow(/no data source open \(.*init\.ts:\d+:\d+\)/);
});

test('the second of several data sources is found, and only its batches are bound', () => {
	const guest = new Guest(file);
	const exec = { name: 'exec', recordSize: 8, fields: [{ name: 'x', kind: Kind.Uint64, offset: 0, size: 8 }] };
	expect(guest.init([exec, open], { prefix: '', uid: '0' })).toBe(0);
	expect([...guest.wanted].sort()).toEqual(['1:4', '1:5']);
});

test('the manifest is in the module', () => {
	const module = new WebAssembly.Module(readFileSync(file));
	const [section] = WebAssembly.Module.customSections(module, 'ig.manifest');
	expect(JSON.parse(new TextDecoder().decode(section))).toMatchObject({ operators: [{ name: 'as-filter', kind: 'filter' }] });
});

test('ig_alloc returns 0 when there is no room', () => {
	const guest = new Guest(file);
	expect(guest.call('ig_alloc', 64 << 20)).toBe(0);
	expect(guest.alloc(1 << 20) % 16).toBe(0);
	expect(guest.alloc(100) % 16).toBe(0);
});
