import { afterEach, describe, expect, it } from 'vitest';
import { findMarkers } from '../../host/ebpf/markers.js';
import type { BpfObject } from '../../host/ebpf/object.js';
import { readSources } from '../../host/ebpf/data-sources.js';
import { readParams } from '../../host/ebpf/schema.js';
import { ARRAY_OF, type Field, FieldFlag, Kind } from '../../host/schema.js';
import { openFixture } from './fixture.js';

let object: BpfObject | undefined;

afterEach(() => object?.close());

const kindNames = new Map<number, string>(Object.entries(Kind).map(([name, kind]) => [kind, name.toLowerCase()]));

function kindName(kind: number): string {
	return kind & ARRAY_OF ? `${kindNames.get(kind & ~ARRAY_OF)}[]` : (kindNames.get(kind) ?? String(kind));
}

describe('strange types', () => {
	const fields = (): readonly Field[] => {
		object = openFixture('types');
		return readSources(object)[0]?.dataSource.fields ?? [];
	};

	it('become fields where they can, and are left out where they cannot', () => {
		expect(fields().map(({ name, kind, offset, size }) => `${name} ${kindName(kind)} ${offset}+${size}`)).toMatchInlineSnapshot(`
			[
			  "byte uint8 0+1",
			  "ppid uint32 4+4",
			  "comm cstring 8+16",
			  "letter int8 24+1",
			  "signed_bytes int8[] 25+4",
			  "yes bool 29+1",
			  "several bool[] 30+3",
			  "color uint32 36+4",
			  "below int32 40+4",
			  "set uint8 44+1",
			  "wide uint64 48+8",
			  "number int64 56+8",
			  "ratio float32 64+4",
			  "precise float64 72+8",
			  "ports uint16[] 80+8",
			  "node bytes 96+16",
			  "node.value uint64 104+8",
			  "address bytes 112+16",
			  "address.v6 uint8[] 112+16",
			  "address.v4 uint32 112+4",
			  "endpoint bytes 128+4",
			  "endpoint.port uint16 128+2",
			  "endpoint.version uint8 130+1",
			  "inner uint32 132+4",
			  "left uint32 136+4",
			  "right int32 136+4",
			  "whole uint32 144+4",
			  "large uint8[] 216+100000",
			]
		`);
	});

	it('carry the names of their types, outermost first', () => {
		const tags = new Map(fields().map((field) => [field.name, field.tags.filter((tag) => tag.startsWith('type:'))]));
		expect(tags.get('ppid')).toEqual(['type:gadget_ppid', 'type:gadget_pid', 'type:__u32', 'type:unsigned int']);
		expect(tags.get('comm')).toEqual(['type:gadget_comm', 'type:char']);
		expect(tags.get('endpoint')).toEqual(['type:endpoint_t']);
		expect(tags.get('color')).toEqual(['type:color']);
	});

	it('that are enums carry the names of their values', () => {
		const annotations = new Map(fields().map((field) => [field.name, field.annotations]));
		expect(annotations.get('color')).toEqual({ 'enum.values': 'RED=0,GREEN=1' });
		expect(annotations.get('below')).toEqual({ 'enum.values': 'BELOW=-1' });
		expect(annotations.get('set')).toEqual({ 'enum.values': 'ONE=1', 'enum.flags': 'true' });
		expect(annotations.get('wide')).toEqual({ 'enum.values': `WIDE=${2n ** 40n}` });
		expect(annotations.get('byte')).toEqual({});
	});

	it('have their parents', () => {
		const all = fields();
		const named = (name: string): Field => all.find((field) => field.name === name) as Field;
		expect(named('address')).toMatchObject({ parent: -1, flags: FieldFlag.StaticMember });
		expect(named('address.v4')).toMatchObject({ parent: named('address').id, flags: FieldFlag.StaticMember | FieldFlag.HasParent });
		expect(named('left')).toMatchObject({ parent: -1, offset: named('right').offset });
		expect(all.map((field) => field.id)).toEqual(all.map((_, i) => i));
	});
});

describe('markers', () => {
	it('are global pointers to const void with the right number of parts', () => {
		object = openFixture('types');
		expect(findMarkers(object.btf)).toMatchObject({
			tracers: [{ name: 'weird', map: 'events', struct: 'event' }],
			params: ['targ_pid', 'targ_failed', 'targ_name', 'targ_address', 'missing'],
		});
	});

	it('give parameters with kind, size and initial value', () => {
		object = openFixture('types');
		const params = readParams(object).map(({ name, kind, size, initial, types }) => ({
			name,
			kind: kindName(kind),
			size,
			first: initial[0],
			types,
		}));
		expect(params).toEqual([
			{ name: 'targ_pid', kind: 'uint32', size: 4, first: 7, types: ['gadget_pid', '__u32', 'unsigned int'] },
			{ name: 'targ_failed', kind: 'bool', size: 1, first: 1, types: ['bool', '_Bool'] },
			{ name: 'targ_name', kind: 'cstring', size: 12, first: 'i'.charCodeAt(0), types: ['char'] },
			{ name: 'targ_address', kind: 'bytes', size: 17, first: 0, types: ['endpoint_param'] },
		]);
	});
});
