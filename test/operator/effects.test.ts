import { expect, test } from 'vitest';
import { applyEffect, cloneSources, ownedSlots } from '../../host/operator/effects.js';
import { Errno } from '../../host/operator/errno.js';
import { Kind } from '../../host/schema.js';
import { numbersSource } from '../support/schema.js';

test('an added field gets the next id and a column slot', () => {
	const sources = [numbersSource()];
	const id = applyEffect(sources, { do: 'add', ds: 0, parent: -1, name: 'shout', kind: Kind.String, flags: 0 }, new Set());
	expect(id).toBe(4);
	expect(sources[0]?.fields[4]).toMatchObject({ name: 'shout', slot: 0, kind: Kind.String });
	expect(sources[0]?.slots).toBe(1);
});

test('a name that exists is refused, and nothing changes', () => {
	const sources = [numbersSource()];
	const effect = { do: 'add', ds: 0, parent: -1, name: 'pid', kind: Kind.String, flags: 0 } as const;
	expect(applyEffect(sources, effect, new Set())).toBe(-Errno.EXIST);
	expect(sources[0]).toEqual(numbersSource());
});

test.each([
	['a data source that is not there', { do: 'add', ds: 9, parent: -1, name: 'x', kind: Kind.String, flags: 0 }, -Errno.NOENT],
	['a parent that is not there', { do: 'add', ds: 0, parent: 99, name: 'x', kind: Kind.String, flags: 0 }, -Errno.NOENT],
	['an empty name', { do: 'add', ds: 0, parent: -1, name: '', kind: Kind.String, flags: 0 }, -Errno.INVAL],
	['a name with a dot', { do: 'add', ds: 0, parent: -1, name: 'a.b', kind: Kind.String, flags: 0 }, -Errno.INVAL],
	['a name with an escape sequence', { do: 'add', ds: 0, parent: -1, name: '\x1b[31m', kind: Kind.String, flags: 0 }, -Errno.INVAL],
	['a kind that is not there', { do: 'add', ds: 0, parent: -1, name: 'x', kind: 77, flags: 0 }, -Errno.INVAL],
	["an annotation on another's field", { do: 'annotate', ds: 0, field: 0, key: 'k', value: 'v' }, -Errno.PERM],
	["a tag on another's field", { do: 'tag', ds: 0, field: 0, tag: 't' }, -Errno.PERM],
	['an override of nothing', { do: 'override', ds: 0, field: 50, kind: Kind.String }, -Errno.NOENT],
] as const)('%s is refused', (_, effect, errno) => {
	expect(applyEffect([numbersSource()], effect, new Set())).toBe(errno);
});

test('an operator owns the slots of the fields that it added or overrode', () => {
	const sources = [numbersSource()];
	const before = cloneSources(sources);
	const owned = new Set<string>();
	const effects = [
		{ do: 'override', ds: 0, field: 3, kind: Kind.String },
		{ do: 'add', ds: 0, parent: -1, name: 'shout', kind: Kind.Uint64, flags: 0 },
		{ do: 'hide', ds: 0, field: 0, hidden: true },
	] as const;
	for (const effect of effects) expect(applyEffect(sources, effect, owned)).toBeGreaterThanOrEqual(0);
	expect(ownedSlots(before, effects)).toEqual([[0, 1]]);
	expect(sources[0]?.fields[3]).toMatchObject({ slot: 0, kind: Kind.String });
});
