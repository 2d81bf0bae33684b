/**
 * What an operator's init did to the schema, as a list of calls with their results. Kept, so that a fresh instance of the
 * operator (after a trap, or in a new worker) gets the same answers, and a quarantined one leaves its fields behind.
 */
import { configuredFor } from '../later-fields.js';
import { ARRAY_OF, type DataSource, FieldFlag, Kind, kindWidth } from '../schema.js';
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
	| { readonly do: 'hide'; readonly ds: number; readonly field: number; readonly hidden: boolean }
	| { readonly do: 'source'; readonly name: string; readonly array: boolean; readonly recordSize: number }
	/** A field in the rows of a data source that the operator added. */
	| {
			readonly do: 'place';
			readonly ds: number;
			readonly parent: number;
			readonly name: string;
			readonly kind: number;
			readonly flags: number;
			readonly offset: number;
			readonly size: number;
	  }
	| { readonly do: 'annotateSource'; readonly ds: number; readonly key: string; readonly value: string }
	| { readonly do: 'metric'; readonly kind: MetricKind; readonly name: string; readonly unit: string };

export const metricKinds = ['counter', 'gauge', 'histogram'] as const;
export type MetricKind = (typeof metricKinds)[number];

/** Most columns of one data source (`ig_batch_spec.fields` in native/ig.h). */
export const MAX_SLOTS = 256;
const MAX_NAME = 256;
const MAX_TEXT = 65536;
/** Of one data source; bounds the init tables of the operators after it. */
const MAX_FIELDS = 1024;
const MAX_SOURCES = 64;
/** Bytes of an emitted row. */
export const MAX_RECORD = 65536;

function validKind(kind: number): boolean {
	return kind >= Kind.Bool && kind <= Kind.Bytes && kind !== Kind.CString;
}

/** Whether a value of that kind can be `size` bytes of a row. */
function fitsRow(kind: number, size: number): boolean {
	const element = kind & ~ARRAY_OF;
	const width = kindWidth(element);
	if (element !== kind) return width > 0 && size % width === 0;
	return width > 0 ? size === width : kind === Kind.CString || kind === Kind.Bytes;
}

/** The data source and its own id for a new one, or a negated errno. */
function addSource(sources: DataSource[], effect: Effect & { do: 'source' }, owned: Set<string>): number {
	if (!/^[\w-]{1,64}$/.test(effect.name) || effect.recordSize < 1 || effect.recordSize > MAX_RECORD) return -Errno.INVAL;
	if (sources.some((source) => source.name === effect.name)) return -Errno.EXIST;
	if (sources.length >= MAX_SOURCES) return -Errno.NOSPC;
	const { name, array, recordSize } = effect;
	owned.add(String(sources.length));
	return sources.push({ name, type: array ? 'array' : 'single', recordSize, fields: [], annotations: {}, tags: [], slots: 0 }) - 1;
}

/** A name that no field has yet under that parent, or a negated errno. */
function newName(source: DataSource, parent: number, leaf: string): string | number {
	if (leaf === '' || leaf.length > MAX_NAME || !/^[\w-]+$/.test(leaf)) return -Errno.INVAL;
	const above = parent === -1 ? undefined : source.fields[parent];
	if (parent !== -1 && above === undefined) return -Errno.NOENT;
	const name = above === undefined ? leaf : `${above.name}.${leaf}`;
	if (source.fields.some((field) => field.name === name)) return -Errno.EXIST;
	return source.fields.length >= MAX_FIELDS ? -Errno.NOSPC : name;
}

function placeField(source: DataSource, effect: Effect & { do: 'place' }): number {
	const name = newName(source, effect.parent, effect.name);
	if (typeof name === 'number') return name;
	const container = effect.kind === Kind.Invalid && (effect.flags & FieldFlag.Empty) !== 0;
	if (!container && !fitsRow(effect.kind, effect.size)) return -Errno.INVAL;
	if (effect.offset + effect.size > source.recordSize) return -Errno.INVAL;
	const id = source.fields.length;
	const asked = effect.flags & (FieldFlag.Empty | FieldFlag.Hidden);
	const flags = asked | (effect.parent === -1 ? 0 : FieldFlag.HasParent) | (container ? 0 : FieldFlag.StaticMember);
	const { kind, offset, size, parent } = effect;
	source.fields.push({ id, name, kind, offset, size, flags, parent, slot: -1, tags: [], annotations: {}, order: id });
	return id;
}

/**
 * Applies one effect to `sources` in place. `owned` holds the `ds:field` of fields and the `ds` of data sources that the operator
 * added; it grows. Returns a result (an id or a slot, or 0) or a negated errno; nothing has changed then.
 */
export function applyEffect(sources: DataSource[], effect: Effect, owned: Set<string>): number {
	if (effect.do === 'source') return addSource(sources, effect, owned);
	if (effect.do === 'metric') return 0;
	const source = sources[effect.ds];
	if (source === undefined) return -Errno.NOENT;
	const ownSource = owned.has(String(effect.ds));
	if (effect.do === 'annotateSource') {
		if (!ownSource) return -Errno.PERM;
		if (effect.key.length > MAX_NAME || effect.value.length > MAX_TEXT) return -Errno.INVAL;
		source.annotations[effect.key] = effect.value;
		return 0;
	}
	if (effect.do === 'place') {
		if (!ownSource) return -Errno.PERM;
		const id = placeField(source, effect);
		if (id >= 0) owned.add(`${effect.ds}:${id}`);
		return id;
	}
	if (effect.do === 'add') {
		// Who emits a data source writes whole rows; columns are what others add to them.
		if (ownSource) return -Errno.PERM;
		const name = newName(source, effect.parent, effect.name);
		if (typeof name === 'number') return name;
		const parent = effect.parent === -1 ? undefined : source.fields[effect.parent];
		const container = effect.kind === Kind.Invalid && (effect.flags & FieldFlag.Empty) !== 0;
		if (!container && !validKind(effect.kind)) return -Errno.INVAL;
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
			if (ownSource) return -Errno.PERM;
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
		if (effect.do !== 'override' && (effect.do !== 'add' || effect.kind === Kind.Invalid)) continue;
		const slot = next[effect.ds] ?? 0;
		next[effect.ds] = slot + 1;
		slots[effect.ds]?.push(slot);
	}
	return slots;
}
