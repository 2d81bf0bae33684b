/** Types in an object's BTF as data sources and parameters: kinds, places, tags. Annotations are host/gadget's. */
import { ARRAY_OF, type Field, FieldFlag, Kind } from '../schema.js';
import { type Btf, BtfKind, type BtfMember, type BtfType } from './btf.js';
import { enumAnnotations } from './enums.js';
import { findMarkers } from './markers.js';
import type { BpfObject } from './object.js';

/** A `const volatile` variable that the user may set. */
export interface ParamVariable {
	readonly name: string;
	/** {@link Kind}; CString: a character array; Bytes: a struct; Invalid: anything else. */
	readonly kind: number;
	readonly size: number;
	readonly initial: Uint8Array;
	/** Its type's names, outermost first: `gadget_l3endpoint_t`. */
	readonly types: readonly string[];
}

/** Deeper nesting, or more fields, is a mistake or an attack. */
const MAX_DEPTH = 16;
const MAX_FIELDS = 4096;

interface Described {
	readonly kind: number;
	readonly size: number;
	/** Names of the type and of what its typedefs stand for. */
	readonly names: readonly string[];
	/** The struct or union behind it. */
	readonly struct?: BtfType;
	/** The enum behind it. */
	readonly enum?: BtfType;
}

const signedKinds: Readonly<Record<number, number | undefined>> = { 1: Kind.Int8, 2: Kind.Int16, 4: Kind.Int32, 8: Kind.Int64 };
const unsignedKinds: Readonly<Record<number, number | undefined>> = { 1: Kind.Uint8, 2: Kind.Uint16, 4: Kind.Uint32, 8: Kind.Uint64 };

function scalarKind(type: BtfType): number | undefined {
	switch (type.kind) {
		case BtfKind.Int:
			if (type.encoding.bool) return Kind.Bool;
			return (type.encoding.signed ? signedKinds : unsignedKinds)[type.size];
		case BtfKind.Enum:
		case BtfKind.Enum64:
			return (type.signed ? signedKinds : unsignedKinds)[type.size];
		case BtfKind.Float:
			return type.size === 4 ? Kind.Float32 : type.size === 8 ? Kind.Float64 : undefined;
		default:
			return undefined;
	}
}

/** What a member or variable of that type is; undefined for what has no kind: pointers, 128-bit integers, arrays of structs or arrays. */
function describe(btf: Btf, id: number): Described | undefined {
	const names: string[] = [];
	let count: number | undefined;
	let at = id;
	for (let steps = 0; steps < 64; steps++) {
		const type = btf.strip(at, false);
		if (type.name !== '') names.push(type.name);
		if (type.kind === BtfKind.Typedef) {
			at = type.type;
		} else if (type.kind === BtfKind.Array) {
			if (count !== undefined) return undefined;
			({ type: at, count } = type.elements);
		} else if (type.kind === BtfKind.Struct || type.kind === BtfKind.Union) {
			return count === undefined ? { kind: Kind.Bytes, size: type.size, names, struct: type } : undefined;
		} else {
			const kind = scalarKind(type);
			if (kind === undefined) return undefined;
			if (count === undefined) return { kind, size: type.size, names, ...(type.values.length > 0 && { enum: type }) };
			const isText = kind === Kind.Int8 && names.includes('char');
			return { kind: isText ? Kind.CString : ARRAY_OF | kind, size: type.size * count, names };
		}
	}
	return undefined;
}

interface Walk {
	readonly btf: Btf;
	readonly fields: Field[];
	/** Bytes of the record: what lies outside is left out. */
	readonly recordSize: number;
}

function addMember(walk: Walk, member: BtfMember, at: { base: number; parent: Field | undefined; depth: number }): void {
	const { btf, fields, recordSize } = walk;
	if (member.name.startsWith('__') || member.bitOffset % 8 !== 0 || fields.length >= MAX_FIELDS) return;
	const described = describe(btf, member.type);
	const offset = at.base + member.bitOffset / 8;
	if (described === undefined || described.size === 0 || offset + described.size > recordSize) return;
	// A bitfield that is as wide as its type is an ordinary member; any other has no place of its own.
	if (member.bitSize !== 0 && member.bitSize !== described.size * 8) return;
	const { kind, size, names, struct } = described;
	if (member.name === '') {
		// The members of an anonymous struct or union are its parent's.
		if (struct !== undefined) addMembers(walk, struct, { base: offset, parent: at.parent, depth: at.depth + 1 });
		return;
	}
	const field: Field = {
		id: fields.length,
		name: at.parent === undefined ? member.name : `${at.parent.name}.${member.name}`,
		kind,
		offset,
		size,
		flags: FieldFlag.StaticMember | (at.parent === undefined ? 0 : FieldFlag.HasParent),
		parent: at.parent?.id ?? -1,
		slot: -1,
		tags: [...names.map((name) => `type:${name}`), `name:${member.name}`, 'src:ebpf'],
		annotations: described.enum === undefined ? {} : enumAnnotations(described.enum),
		order: fields.length,
	};
	fields.push(field);
	if (struct !== undefined) addMembers(walk, struct, { base: offset, parent: field, depth: at.depth + 1 });
}

function addMembers(walk: Walk, struct: BtfType, at: { base: number; parent: Field | undefined; depth: number }): void {
	if (at.depth > MAX_DEPTH) return;
	for (const member of struct.members) addMember(walk, member, at);
}

/**
 * The members of a struct as fields, in order, those of structs within it after their parent.
 * @param into fields of the record so far, which these follow
 * @param base where in the record the struct begins
 * @param role a tag for all of them
 */
export function structFields(btf: Btf, struct: BtfType, into: Field[] = [], base = 0, role?: string): Field[] {
	const first = into.length;
	addMembers({ btf, fields: into, recordSize: base + struct.size }, struct, { base, parent: undefined, depth: 0 });
	if (role !== undefined) for (const field of into.slice(first)) field.tags.push(role);
	return into;
}

/** Markers that name what the object does not have. They are passed over, which is seldom what their author meant. */
export function markerFlaws(object: BpfObject): string[] {
	const { params, optional } = findMarkers(object.btf);
	const constants = new Set(object.variables);
	const programs = new Set(object.programs.map(({ name }) => name));
	return [
		...params.filter((name) => !constants.has(name)).map((name) => `GADGET_PARAM(${name}): the program has no variable '${name}'`),
		...optional.flatMap(({ program, param, all }) => {
			const marker = `GADGET_OPTIONAL(${program}, ${param}, ${all})`;
			return [
				...(programs.has(program) ? [] : [`${marker}: there is no program '${program}'`]),
				...[param, all].filter((name) => !params.includes(name)).map((name) => `${marker}: there is no GADGET_PARAM(${name})`),
			];
		}),
	];
}

/** The variables that an object marks as parameters, in the markers' order. Those without a constant behind them are left out. */
export function readParams(object: BpfObject): ParamVariable[] {
	const constants = new Set(object.variables);
	return findMarkers(object.btf)
		.params.filter((name) => constants.has(name))
		.map((name) => {
			const { value, type } = object.global(name);
			const described = describe(object.btf, type);
			return { name, kind: described?.kind ?? Kind.Invalid, size: value.byteLength, initial: value, types: described?.names ?? [] };
		});
}
