/** What a gadget's object offers: variables whose names carry it (bpf/include/gadget/macros.h). */
import { type Btf, BtfKind, GLOBAL_LINKAGE } from './btf.js';

/** GADGET_TRACER: records of `struct` come through ring `map`. */
export interface Tracer {
	readonly name: string;
	readonly map: string;
	readonly struct: string;
}

export interface Markers {
	readonly tracers: readonly Tracer[];
	/** GADGET_PARAM: names of variables. */
	readonly params: readonly string[];
}

const TRACER = 'gadget_tracer_';
const PARAM = 'gadget_param_';

/** A global `const void *`. */
function isMarker(btf: Btf, id: number): boolean {
	const pointer = btf.type(id);
	if (pointer.kind !== BtfKind.Ptr) return false;
	const target = btf.type(pointer.type);
	return target.kind === BtfKind.Const && target.type === 0;
}

export function findMarkers(btf: Btf): Markers {
	const tracers = new Map<string, Tracer>();
	const params = new Set<string>();
	for (const variable of btf.types(BtfKind.Var)) {
		if (variable.linkage !== GLOBAL_LINKAGE || !isMarker(btf, variable.type)) continue;
		if (variable.name.startsWith(PARAM)) params.add(variable.name.slice(PARAM.length));
		if (!variable.name.startsWith(TRACER)) continue;
		const [name, map, struct, more] = variable.name.slice(TRACER.length).split('___');
		if (name && map && struct && more === undefined) tracers.set(name, { name, map, struct });
	}
	return { tracers: [...tracers.values()], params: [...params] };
}
