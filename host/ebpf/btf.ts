/**
 * The types in an object's BTF, read through libbpf: this decodes the struct btf_type that libbpf hands out
 * (Documentation/bpf/btf.rst), nothing else. Nothing is believed: ids, sizes and cycles are for the caller to survive.
 */
import type { Pointer } from './functions.js';
import { bytesAt, native } from './native.js';

export const BtfKind = {
	Void: 0,
	Int: 1,
	Ptr: 2,
	Array: 3,
	Struct: 4,
	Union: 5,
	Enum: 6,
	Fwd: 7,
	Typedef: 8,
	Volatile: 9,
	Const: 10,
	Restrict: 11,
	Func: 12,
	FuncProto: 13,
	Var: 14,
	DataSec: 15,
	Float: 16,
	DeclTag: 17,
	TypeTag: 18,
	Enum64: 19,
} as const;

/** Linkage of a variable that other files see. */
export const GLOBAL_LINKAGE = 1;

export interface BtfMember {
	readonly name: string;
	readonly type: number;
	/** From the start of the struct. */
	readonly bitOffset: number;
	/** 0: not a bitfield. */
	readonly bitSize: number;
}

export interface BtfVariable {
	/** Id of the VAR. */
	readonly type: number;
	/** In its section, bytes. */
	readonly offset: number;
	readonly size: number;
}

export interface BtfEnumerator {
	readonly name: string;
	readonly value: bigint;
}

export interface BtfType {
	readonly id: number;
	readonly kind: number;
	readonly name: string;
	/** Bytes; of kinds that have a size. */
	readonly size: number;
	/** The type it refers to; of kinds that do. 0 is void. */
	readonly type: number;
	/** Of an integer. */
	readonly encoding: { readonly signed: boolean; readonly char: boolean; readonly bool: boolean; readonly bits: number };
	/** Of an array. */
	readonly elements: { readonly type: number; readonly count: number };
	/** Of a struct or union. */
	readonly members: readonly BtfMember[];
	/** Of an enum: whether values are signed. */
	readonly signed: boolean;
	/** Of an enum. */
	readonly values: readonly BtfEnumerator[];
	/** Of a variable. */
	readonly linkage: number;
	/** Of a section. */
	readonly variables: readonly BtfVariable[];
}

const VOID: BtfType = {
	id: 0,
	kind: BtfKind.Void,
	name: '',
	size: 0,
	type: 0,
	encoding: { signed: false, char: false, bool: false, bits: 0 },
	elements: { type: 0, count: 0 },
	members: [],
	signed: false,
	values: [],
	linkage: 0,
	variables: [],
};

const HAS_SIZE: ReadonlySet<number> = new Set([
	BtfKind.Int,
	BtfKind.Struct,
	BtfKind.Union,
	BtfKind.Enum,
	BtfKind.DataSec,
	BtfKind.Float,
	BtfKind.Enum64,
]);

/** Bytes after struct btf_type, for the kinds whose details are read. */
function detailsSize(kind: number, count: number): number {
	if (kind === BtfKind.Int || kind === BtfKind.Var) return 4;
	if (kind === BtfKind.Array) return 12;
	if (kind === BtfKind.Enum) return 8 * count;
	if (kind === BtfKind.Struct || kind === BtfKind.Union || kind === BtfKind.DataSec || kind === BtfKind.Enum64) return 12 * count;
	return 0;
}

/** Valid as long as its owner (an object, usually) is open. */
export class Btf {
	readonly #handle: Pointer;
	readonly #types = new Map<number, BtfType>();
	/** Ids of all types are below it. */
	readonly count: number;

	constructor(handle: Pointer) {
		this.#handle = handle;
		this.count = native.btf__type_cnt(handle);
	}

	/** The type of that id; void when there is none. */
	type(id: number): BtfType {
		let type = this.#types.get(id);
		if (type === undefined) {
			type = this.#read(id);
			this.#types.set(id, type);
		}
		return type;
	}

	/** All types of a kind. */
	*types(kind: number): Generator<BtfType> {
		for (let id = native.ig_btf_next(this.#handle, 0, kind); id > 0; id = native.ig_btf_next(this.#handle, id, kind)) yield this.type(id);
	}

	/** The first type of a kind and name. */
	find(kind: number, name: string): BtfType | undefined {
		const id = native.btf__find_by_name_kind(this.#handle, name, kind);
		return id > 0 ? this.type(id) : undefined;
	}

	/** Without const, volatile, restrict, type tags, and (unless told) typedefs. */
	strip(id: number, typedefs = true): BtfType {
		let type = this.type(id);
		// libbpf checks that references exist, not that they end.
		for (let steps = 0; steps < 64; steps++) {
			const { kind } = type;
			const qualifier = kind === BtfKind.Const || kind === BtfKind.Volatile || kind === BtfKind.Restrict || kind === BtfKind.TypeTag;
			if (!qualifier && !(typedefs && kind === BtfKind.Typedef)) return type;
			type = this.type(type.type);
		}
		return VOID;
	}

	/** Bytes that a value takes; 0 for what has no size. */
	size(id: number): number {
		let elements = 1;
		for (let steps = 0, at = id; steps < 64; steps++) {
			const type = this.strip(at);
			if (type.kind === BtfKind.Array) {
				elements *= type.elements.count;
				at = type.elements.type;
			} else {
				return elements * (type.kind === BtfKind.Ptr ? 8 : HAS_SIZE.has(type.kind) ? type.size : 0);
			}
		}
		return 0;
	}

	#read(id: number): BtfType {
		if (id <= 0 || id >= this.count) return VOID;
		const address = native.btf__type_by_id(this.#handle, id);
		if (address === null) return VOID;
		const head = new DataView(bytesAt(address, 12).buffer);
		const info = head.getUint32(4, true);
		const kind = (info >>> 24) & 0x1f;
		const count = info & 0xffff;
		const flag = info >>> 31 === 1;
		const third = head.getUint32(8, true);
		const sized = HAS_SIZE.has(kind);
		const type = {
			...VOID,
			id,
			kind,
			name: this.#name(head.getUint32(0, true)),
			size: sized ? third : 0,
			type: sized ? 0 : third,
			signed: flag,
		};
		const size = detailsSize(kind, count);
		if (size === 0) return type;
		const details = new DataView(bytesAt(address + 12n, size).buffer);
		const word = (index: number): number => details.getUint32(4 * index, true);
		if (kind === BtfKind.Int) {
			const bits = word(0) >>> 24;
			return { ...type, encoding: { signed: (bits & 1) !== 0, char: (bits & 2) !== 0, bool: (bits & 4) !== 0, bits: word(0) & 0xff } };
		}
		if (kind === BtfKind.Var) return { ...type, linkage: word(0) };
		if (kind === BtfKind.Enum) {
			const value = (i: number): bigint => (flag ? BigInt(word(2 * i + 1) | 0) : BigInt(word(2 * i + 1)));
			return { ...type, values: Array.from({ length: count }, (_, i) => ({ name: this.#name(word(2 * i)), value: value(i) })) };
		}
		if (kind === BtfKind.Array) return { ...type, elements: { type: word(0), count: word(2) } };
		const triples = Array.from({ length: count }, (_, i): [number, number, number] => [word(3 * i), word(3 * i + 1), word(3 * i + 2)]);
		if (kind === BtfKind.Enum64) {
			const value = (low: number, high: number): bigint => (BigInt(flag ? high | 0 : high) << 32n) | BigInt(low);
			return { ...type, values: triples.map(([name, low, high]) => ({ name: this.#name(name), value: value(low, high) })) };
		}
		if (kind === BtfKind.DataSec)
			return { ...type, variables: triples.map(([variable, offset, bytes]) => ({ type: variable, offset, size: bytes })) };
		return {
			...type,
			members: triples.map(([name, member, offset]) => ({
				name: this.#name(name),
				type: member,
				bitOffset: flag ? offset & 0xffffff : offset,
				bitSize: flag ? offset >>> 24 : 0,
			})),
		};
	}

	#name(offset: number): string {
		return offset === 0 ? '' : (native.btf__name_by_offset(this.#handle, offset) ?? '');
	}
}
