/** What a gadget's object offers: variables whose names carry it (bpf/include/gadget/macros.h). */
import { type Btf, BtfKind, GLOBAL_LINKAGE } from './btf.js';

/** GADGET_TRACER: records of `struct` come through ring or perf buffer `map`. */
export interface Tracer {
	readonly name: string;
	readonly map: string;
	readonly struct: string;
}

/** GADGET_ITER: records of `struct` that the programs write when they are run. */
export interface Iterator {
	readonly name: string;
	readonly struct: string;
	readonly programs: readonly string[];
}

/** GADGET_MAPITER: the entries of a hash map. */
export interface MapIterator {
	readonly name: string;
	readonly map: string;
}

/** GADGET_OPTIONAL: a program that is loaded when a boolean parameter is set. */
export interface OptionalProgram {
	readonly program: string;
	readonly param: string;
	/** The parameter that stands for all such programs, as long as none is named. */
	readonly all: string;
}

export interface Markers {
	readonly tracers: readonly Tracer[];
	readonly iterators: readonly Iterator[];
	readonly mapIterators: readonly MapIterator[];
	/** GADGET_ITER_TARGET_MAP: the map that a program goes through, by the program's name. */
	readonly iteratedMaps: ReadonlyMap<string, string>;
	/** GADGET_SK_TARGET_MAP: the socket map that a program serves, by the program's name. */
	readonly socketMaps: ReadonlyMap<string, string>;
	readonly optional: readonly OptionalProgram[];
	/** GADGET_PARAM: names of variables. */
	readonly params: readonly string[];
	/** GADGET_PF: names of packet filters; '' for the one without. */
	readonly packetFilters: readonly string[];
}

/** Of a marker's name, and what may follow: so many parts, separated by `___`. */
const kinds = {
	gadget_tracer_: [3, 3],
	gadget_iter_: [3, 5],
	// Inspektor Gadget's older name for the same.
	gadget_snapshotter_: [3, 5],
	gadget_mapiter_: [2, 2],
	gadget_mapelem_iter_target_: [2, 2],
	gadget_sk_prog_target_: [2, 2],
	gadget_optional_: [3, 3],
	gadget_param_: [1, 1],
} as const;
/** The functions of GADGET_PF: this, and the filter's name. */
export const PACKET_FILTER = 'gadget_pf_';

/** A global `const void *`. */
function isMarker(btf: Btf, id: number): boolean {
	const pointer = btf.type(id);
	if (pointer.kind !== BtfKind.Ptr) return false;
	const target = btf.type(pointer.type);
	return target.kind === BtfKind.Const && target.type === 0;
}

/** The parts of every marker of a kind, in the order of the object. */
function findParts(btf: Btf): Record<keyof typeof kinds, string[][]> {
	const found = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []])) as unknown as Record<keyof typeof kinds, string[][]>;
	for (const { name, type, linkage } of btf.types(BtfKind.Var)) {
		if (linkage !== GLOBAL_LINKAGE || !name.startsWith('gadget_') || !isMarker(btf, type)) continue;
		const kind = (Object.keys(kinds) as (keyof typeof kinds)[]).find((prefix) => name.startsWith(prefix));
		if (kind === undefined) continue;
		const parts = kind === 'gadget_param_' ? [name.slice(kind.length)] : name.slice(kind.length).split('___');
		const [least, most] = kinds[kind];
		if (parts.length >= least && parts.length <= most && parts.every((part) => part !== '')) found[kind].push(parts);
	}
	return found;
}

function byName<Item extends { readonly name: string }>(items: readonly Item[]): Item[] {
	return [...new Map(items.map((item) => [item.name, item])).values()];
}

const known = new WeakMap<Btf, Markers>();

/** What the object's markers say. Found once: every look at a type is a call into libbpf. */
export function findMarkers(btf: Btf): Markers {
	let markers = known.get(btf);
	if (markers === undefined) {
		markers = readMarkers(btf);
		known.set(btf, markers);
	}
	return markers;
}

function readMarkers(btf: Btf): Markers {
	const found = findParts(btf);
	const tracers = found.gadget_tracer_.map(([name = '', map = '', struct = '']) => ({ name, map, struct }));
	const iterators = [...found.gadget_iter_, ...found.gadget_snapshotter_];
	const pairs = (parts: readonly string[][]): Map<string, string> => new Map(parts.map(([program = '', map = '']) => [program, map]));
	const filters: string[] = [];
	for (const { name } of btf.types(BtfKind.Func)) if (name.startsWith(PACKET_FILTER)) filters.push(name.slice(PACKET_FILTER.length));
	return {
		tracers: byName(tracers),
		iterators: byName(iterators.map(([name = '', struct = '', ...programs]) => ({ name, struct, programs }))),
		mapIterators: byName(found.gadget_mapiter_.map(([name = '', map = '']) => ({ name, map }))),
		iteratedMaps: pairs(found.gadget_mapelem_iter_target_),
		socketMaps: pairs(found.gadget_sk_prog_target_),
		optional: found.gadget_optional_.map(([program = '', param = '', all = '']) => ({ program, param, all })),
		params: [...new Set(found.gadget_param_.map(([name = '']) => name))],
		packetFilters: filters,
	};
}
