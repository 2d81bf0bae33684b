/**
 * What an operator's init did to the schema, as a list of calls with their results. Kept, so that a fresh instance of the
 * operator (after a trap, or in a new worker) gets the same answers, and a quarantined one leaves its fields behind.
 */
import { configuredFor } from '../later-fields.js';
import { type DataSource, FieldFlag, Kind } from '../schema.js';
import { Errno } from './errno.js';

export type Effect =
	| {
			readonly do: 'add';
			readonly ds: number;
			readonly parent: number;
			readonly name: string;
			readonly kind: number;
			readonly flags: number;
	  }
	| { readonly do: 'override'; readonly ds: number; readonly field: number; readonly kind: number }
	| { readonly do: 'annotate'; readonly ds: number; readonly field: number; readonly key: string; readonly value: string }
	| { readonly do: 'tag'; readonly ds: number; readonly field: number; readonly tag: string }
	| { readonly do: 'hide'; readonly ds: number; readonly field: number; readonly hidden: boolean };

/** Most columns of one data source (`ig_batch_spec.fields` in native/ig.h). */
export const MAX_SLOTS = 256;
const MAX_NAME = 256;
const MAX_TEXT = 65536;

function validKind(kind: number): boolean {
	return kind >= Kind.Bool && kind <= Kind.Bytes && kind !== Kind.CString;
}

/**
 * Applies one effect to `sources` in place. `owned` holds the `ds:field` of fields that the operator added; it grows.
 * Returns a result (field id or slot, or 0) or a negated errno; nothing has changed then.
 */
export function applyEffect(sources: readonly DataSource[], effect: Effect, owned: Set<string>): number {
	const source = sources[effect.ds];
	if (source === undefined) return -Errno.NOENT;
	if (effect.do === 'add') {
		if (effect.name === '' || effect.name.length > MAX_NAME || !/^[\w-]+$/.test(effect.name)) return -Errno.INVAL;
		const parent = effect.parent === -1 ? undefined : source.fields[effect.parent];
		if (effect.parent !== -1 && parent === undefined) return -Errno.NOENT;
		const container = effect.kind === Kind.Invalid && (effect.flags & FieldFlag.Empty) !== 0;
		if (!container && !validKind(effect.kind)) return -Errno.INVAL;
		const name = parent === undefined ? effect.name : `${parent.name}.${effect.name}`;
		if (source.fields.some((field) => field.name === name)) return -Errno.EXIST;
		if (!container && source.slots >= MAX_SLOTS) return -Errno.NOSPC;
		const id = source.fields.length;
		// What the gadget's author said about the field wins over what the operator says.
		const annotations = configuredFor(source, name);
		const hidden = annotations['columns.hidden'];
		let flags = (effect.flags & (FieldFlag.Empty | FieldFlag.Hidden)) | (parent === undefined ? 0 : FieldFlag.HasParent);
		if (hidden !== undefined) flags = hidden === 'true' ? flags | FieldFlag.Hidden : flags & ~FieldFlag.Hidden;
		source.fields.push({
			id,
			name,
			kind: effect.kind,
			offset: 0,
			size: 0,
			flags,
			parent: effect.parent,
			slot: container ? -1 : source.slots++,
			tags: [],
			annotations,
			order: id,
		});
		owned.add(`${effect.ds}:${id}`);
		return id;
	}
	const field = source.fields[effect.field];
	if (field === undefined) return -Errno.NOENT;
	const mine = owned.has(`${effect.ds}:${effect.field}`);
	switch (effect.do) {
		case 'override':
			if (!validKind(effect.kind)) return -Errno.INVAL;
			if (source.slots >= MAX_SLOTS) return -Errno.NOSPC;
			field.kind = effect.kind;
			field.slot = source.slots++;
			return field.slot;
		case 'annotate':
			if (!mine) return -Errno.PERM;
			if (effect.key.length > MAX_NAME || effect.value.length > MAX_TEXT) return -Errno.INVAL;
			if (!(effect.key in configuredFor(source, field.name))) field.annotations[effect.key] = effect.value;
			return 0;
		case 'tag':
			if (!mine) return -Errno.PERM;
			if (effect.tag.length > MAX_NAME) return -Errno.INVAL;
			field.tags.push(effect.tag);
			return 0;
		case 'hide':
			if (mine && 'columns.hidden' in configuredFor(source, field.name)) return 0;
			field.flags = effect.hidden ? field.flags | FieldFlag.Hidden : field.flags & ~FieldFlag.Hidden;
			return 0;
	}
}

/** A deep copy that effects can be applied to. */
export function cloneSources(sources: readonly DataSource[]): DataSource[] {
	return sources.map((source) => ({
		...source,
		annotations: { ...source.annotations },
		fields: source.fields.map((field) => ({ ...field, tags: [...field.tags], annotations: { ...field.annotations } })),
	}));
}

/** The column slots (per data source) that `effects` made: the operator fills these, and no others. */
export function ownedSlots(base: readonly DataSource[], effects: readonly Effect[]): number[][] {
	const next = base.map((source) => source.slots);
	const slots: number[][] = base.map(() => []);
	for (const effect of effects) {
		const makes = effect.do === 'override' || (effect.do === 'add' && effect.kind !== Kind.Invalid);
		if (!makes) continue;
		const slot = next[effect.ds] ?? 0;
		next[effect.ds] = slot + 1;
		slots[effect.ds]?.push(slot);
	}
	return slots;
}
