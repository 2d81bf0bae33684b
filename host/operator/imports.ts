/** What a guest can call: module `ig` of the ABI, and AssemblyScript's `env.abort`. Nothing here blocks. */
import type { Access } from './access.js';
import { metricKinds } from './effects.js';
import { Errno } from './errno.js';
import { bytesInside } from './inside.js';
import { LineLimit, type LogLevel, MAX_LOG } from './lines.js';
import type { InitSession } from './session.js';

export type { LogLevel } from './lines.js';
const levels: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

/** The guest as its imports see it. */
export interface Caller {
	memory(): Uint8Array;
	/** The init that is running, if one is. */
	session(): InitSession | undefined;
	/** What the operator that is being called may reach; undefined while none is (start functions, `ig_alloc`). */
	access(): Access | undefined;
	readonly lines: LineLimit;
}

const MAX_STRING = 1 << 20;
/** Bytes of what `map_open` writes. */
const MAP_INFO = 32;
/** Values of one `metric_record_all`. */
const MAX_VALUES = 65536;

/** An AssemblyScript abort: message and place, decoded. */
export class GuestAbort extends Error {}

/** AssemblyScript strings: UTF-16, their size in bytes at -4 (assemblyscript.org, "Memory layout"). */
function assemblyScriptString(memory: Uint8Array, address: number): string {
	if (address < 4 || address > memory.length) return '?';
	const view = new DataView(memory.buffer, memory.byteOffset, memory.length);
	const size = Math.min(view.getUint32(address - 4, true), 2 * MAX_LOG);
	if (address + size > memory.length) return '?';
	return new TextDecoder('utf-16le').decode(memory.slice(address, address + size));
}

type Import = (...args: number[]) => number;

/** Reads what addresses in the guest's memory name. Undefined: not inside of it, or too much. */
class Reach {
	readonly #memory: () => Uint8Array;
	readonly #decoder = new TextDecoder();
	constructor(memory: () => Uint8Array) {
		this.#memory = memory;
	}
	bytes(address: number, size: number): Uint8Array | undefined {
		return bytesInside(this.#memory(), address, size);
	}
	text(address: number, size: number): string | undefined {
		if (size >>> 0 > MAX_STRING) return undefined;
		const bytes = this.bytes(address, size);
		return bytes === undefined ? undefined : this.#decoder.decode(bytes);
	}
}

/** What may be called only while `ig_init` runs: the schema, and metrics. */
function initImports(caller: Caller, reach: Reach): Record<string, Import> {
	const during = (run: (session: InitSession) => number): number => {
		const session = caller.session();
		return session === undefined ? -Errno.NOTCAPABLE : run(session);
	};
	const allowed = (capability: string): boolean => caller.access()?.allows(capability) === true;
	return {
		field_add: (ds = 0, parent = 0, address = 0, size = 0, kind = 0, flags = 0) =>
			during((session) => {
				const name = reach.text(address, size);
				return name === undefined ? -Errno.FAULT : session.perform({ do: 'add', ds, parent, name, kind, flags });
			}),
		field_override: (ds = 0, field = 0, kind = 0) => during((session) => session.perform({ do: 'override', ds, field, kind })),
		field_slot: (ds = 0, field = 0) => during((session) => session.slot(ds, field)),
		field_annotate: (ds = 0, field = 0, keyAt = 0, keySize = 0, valueAt = 0, valueSize = 0) =>
			during((session) => {
				const key = reach.text(keyAt, keySize);
				const value = reach.text(valueAt, valueSize);
				if (key === undefined || value === undefined) return -Errno.FAULT;
				return session.perform({ do: 'annotate', ds, field, key, value });
			}),
		field_tag: (ds = 0, field = 0, address = 0, size = 0) =>
			during((session) => {
				const tag = reach.text(address, size);
				return tag === undefined ? -Errno.FAULT : session.perform({ do: 'tag', ds, field, tag });
			}),
		field_hide: (ds = 0, field = 0, hidden = 0) => during((session) => session.perform({ do: 'hide', ds, field, hidden: hidden !== 0 })),
		field_want: (ds = 0, field = 0) => during((session) => session.want(ds, field)),
		source_add: (address = 0, size = 0, type = 0, recordSize = 0) =>
			during((session) => {
				const name = reach.text(address, size);
				if (name === undefined) return -Errno.FAULT;
				if (type !== 1 && type !== 2) return -Errno.INVAL;
				if (!allowed(`emit:${name}`)) return -Errno.NOTCAPABLE;
				return session.perform({ do: 'source', name, array: type === 2, recordSize: recordSize >>> 0 });
			}),
		source_annotate: (ds = 0, keyAt = 0, keySize = 0, valueAt = 0, valueSize = 0) =>
			during((session) => {
				const key = reach.text(keyAt, keySize);
				const value = reach.text(valueAt, valueSize);
				if (key === undefined || value === undefined) return -Errno.FAULT;
				return session.perform({ do: 'annotateSource', ds, key, value });
			}),
		source_field: (ds = 0, parent = 0, address = 0, nameSize = 0, kind = 0, flags = 0, offset = 0, size = 0) =>
			during((session) => {
				const name = reach.text(address, nameSize);
				if (name === undefined) return -Errno.FAULT;
				return session.perform({ do: 'place', ds, parent, name, kind, flags, offset: offset >>> 0, size: size >>> 0 });
			}),
		metric_add: (kind = 0, nameAt = 0, nameSize = 0, unitAt = 0, unitSize = 0) =>
			during((session) => {
				const name = reach.text(nameAt, nameSize);
				const unit = reach.text(unitAt, unitSize);
				const known = metricKinds[kind];
				if (name === undefined || unit === undefined) return -Errno.FAULT;
				if (known === undefined) return -Errno.INVAL;
				return allowed('metric') ? session.addMetric(known, name, unit) : -Errno.NOTCAPABLE;
			}),
	};
}

/** What reaches beyond the batch. */
function accessImports(caller: Caller, reach: Reach): Record<string, Import> {
	const through = (run: (access: Access) => number): number => {
		const access = caller.access();
		return access === undefined ? -Errno.NOTCAPABLE : run(access);
	};
	/** What init declares is there for all when it has returned. */
	const afterInit = (run: (access: Access) => number): number => (caller.session() === undefined ? through(run) : -Errno.NOTCAPABLE);
	/** A key, and a value beside it, of the sizes that the map has. */
	const entry = (map: number, key: number, value: number, run: (access: Access, key: Uint8Array, value: Uint8Array) => number): number =>
		through((access) => {
			const info = access.mapInfo(map);
			if (info === undefined) return -Errno.BADF;
			const keyBytes = reach.bytes(key, info.keySize);
			const valueBytes = reach.bytes(value, info.valueSize);
			return keyBytes === undefined || valueBytes === undefined ? -Errno.FAULT : run(access, keyBytes, valueBytes);
		});
	return {
		emit: (ds = 0, address = 0, count = 0, stride = 0) =>
			afterInit((access) => {
				const size = (count >>> 0) * (stride >>> 0);
				// Beyond this no memory reaches, and the sum in `bytes` must not wrap.
				if (size > 0xffff_ffff) return -Errno.FAULT;
				const rows = reach.bytes(address, size);
				return rows === undefined ? -Errno.FAULT : access.emit(ds, rows, count >>> 0, stride >>> 0);
			}),
		metric_record: (metric = 0, value = 0) => afterInit((access) => access.record(metric, value)),
		metric_record_all: (metric = 0, address = 0, count = 0) =>
			afterInit((access) => {
				if (count >>> 0 > MAX_VALUES) return -Errno['2BIG'];
				const values = reach.bytes(address, (count >>> 0) * 8);
				if (values === undefined) return -Errno.FAULT;
				const view = new DataView(values.buffer, values.byteOffset, values.length);
				for (let at = 0; at < values.length; at += 8) {
					const result = access.record(metric, view.getFloat64(at, true));
					if (result < 0) return result;
				}
				return 0;
			}),
		map_open: (address = 0, size = 0, infoAt = 0) =>
			through((access) => {
				const name = reach.text(address, size);
				const out = reach.bytes(infoAt, MAP_INFO);
				if (name === undefined || out === undefined) return -Errno.FAULT;
				const map = access.openMap(name);
				const info = map < 0 ? undefined : access.mapInfo(map);
				if (info === undefined) return map;
				const view = new DataView(out.buffer, out.byteOffset, MAP_INFO);
				const words = [info.type, info.keySize, info.valueSize, info.maxEntries, info.writable ? 1 : 0, 0, 0, 0];
				for (const [i, word] of words.entries()) view.setUint32(4 * i, word, true);
				return map;
			}),
		map_lookup: (map = 0, key = 0, value = 0) => entry(map, key, value, (access, k, v) => access.lookup(map, k, v)),
		map_update: (map = 0, key = 0, value = 0, flags = 0) => entry(map, key, value, (access, k, v) => access.update(map, k, v, flags >>> 0)),
		map_delete: (map = 0, key = 0) =>
			through((access) => {
				const bytes = reach.bytes(key, access.mapInfo(map)?.keySize ?? 0);
				return bytes === undefined ? -Errno.FAULT : access.remove(map, bytes);
			}),
		map_read: (map = 0, after = 0, entries = 0, size = 0) =>
			through((access) => {
				const key = after === 0 ? undefined : reach.bytes(after, access.mapInfo(map)?.keySize ?? 0);
				const out = reach.bytes(entries, size);
				return out === undefined || (after !== 0 && key === undefined) ? -Errno.FAULT : access.read(map, key, out);
			}),
	};
}

export function makeImports(caller: Caller): Record<string, Record<string, unknown>> {
	const reach = new Reach(caller.memory);
	return {
		ig: {
			log: (level: number, address: number, size: number): number => {
				const length = Math.min(size >>> 0, MAX_LOG);
				if (reach.bytes(address, length) === undefined) return -Errno.FAULT;
				caller.lines.line(levels[Math.min(Math.max(level, 0), 3)] ?? 'info', () => reach.text(address, length) ?? '');
				return 0;
			},
			...initImports(caller, reach),
			...accessImports(caller, reach),
		},
		env: {
			abort: (message: number, file: number, line: number, column: number): never => {
				const memory = caller.memory();
				const place = `${assemblyScriptString(memory, file >>> 0)}:${line}:${column}`;
				throw new GuestAbort(`${assemblyScriptString(memory, message >>> 0)} at ${place}`);
			},
		},
	};
}

/** `module.name` of every import there is. */
export const importNames: ReadonlySet<string> = new Set(
	Object.entries(
		makeImports({ memory: () => new Uint8Array(0), session: () => undefined, access: () => undefined, lines: new LineLimit(() => {}) }),
	).flatMap(([module, functions]) => Object.keys(functions).map((name) => `${module}.${name}`)),
);
