/** The data sources that an object's markers declare, and where their records come from. */
import { IgError } from '../errors.js';
import { ARRAY_OF, type DataSource, type Field, Kind, kindWidth } from '../schema.js';
import { BtfKind, type BtfType } from './btf.js';
import { findMarkers, type Iterator, type MapIterator, type Markers, type Tracer } from './markers.js';
import { type BpfMap, MapType } from './maps.js';
import type { BpfObject } from './object.js';
import { structFields } from './schema.js';
import type { Merge } from './source.js';

/** Where records come from. */
export type Origin =
	/** A ring or perf buffer. */
	| { readonly kind: 'buffer'; readonly map: string }
	/** What programs write each time they are run; `maps`: what they go through, by program. */
	| { readonly kind: 'iterator'; readonly programs: readonly string[]; readonly maps: ReadonlyMap<string, string> }
	/** The entries of a hash map. */
	| { readonly kind: 'map'; readonly map: string; readonly valueOffset: number; readonly merges: readonly Merge[] };

export interface GadgetSource {
	readonly dataSource: DataSource;
	readonly origin: Origin;
}

const hashes: readonly number[] = [MapType.Hash, MapType.LruHash, MapType.PercpuHash, MapType.LruPercpuHash];
const WHOLE_RECORDS: ReadonlySet<string> = new Set(['gadget_process', 'gadget_creds', 'gadget_parent']);
const ITERATORS = ['task', 'task_file', 'tcp', 'udp', 'ksym', 'bpf_map_elem'];

/** Numbers of these types say who or what, not how much: they are not added up over CPUs. */
const identities = new Set(
	[
		'pid',
		'tid',
		'ppid',
		'ptid',
		'uid',
		'gid',
		'mntns_id',
		'netns_id',
		'errno',
		'signal',
		'syscall',
		'file_mode',
		'file_flags',
		'kernel_stack',
	].map((name) => `type:gadget_${name}`),
);

class Reader {
	readonly #object: BpfObject;
	readonly #markers: Markers;

	constructor(object: BpfObject) {
		this.#object = object;
		this.#markers = findMarkers(object.btf);
	}

	all(): GadgetSource[] {
		const { tracers, iterators, mapIterators } = this.#markers;
		return [
			...tracers.map((tracer) => this.#tracer(tracer)),
			...iterators.map((iterator) => this.#iterator(iterator)),
			...mapIterators.map((iterator) => this.#mapIterator(iterator)),
		];
	}

	#fail(reason: string): never {
		throw new IgError('IG_OBJECT', { object: this.#object.name, reason });
	}

	#struct(what: string, name: string): BtfType {
		return this.#object.btf.find(BtfKind.Struct, name) ?? this.#fail(`${what} is of struct '${name}', which is not in its BTF`);
	}

	/** A record that is one of the framework's structs itself: its members are called what they are called inside of others. */
	#record(what: string, struct: BtfType): Field[] {
		const fields = structFields(this.#object.btf, struct);
		if (fields.length === 0) {
			this.#fail(`${what} is of struct '${struct.name}', of which nothing can be shown: it has no numbers, texts, or structs of them`);
		}
		if (WHOLE_RECORDS.has(struct.name)) {
			for (const field of fields) if (field.parent === -1) field.annotations['columns.alias'] = field.name;
		}
		return fields;
	}

	#source(name: string, type: DataSource['type'], recordSize: number, fields: Field[]): DataSource {
		return { name, type, recordSize, fields, annotations: {}, tags: [], slots: 0 };
	}

	#tracer({ name, map, struct: structName }: Tracer): GadgetSource {
		const what = `tracer '${name}'`;
		const struct = this.#struct(what, structName);
		const { type } = this.#object.map(map);
		if (type !== MapType.RingBuf && type !== MapType.PerfEventArray) {
			this.#fail(`${what} reads map '${map}', which is neither a ring buffer nor a perf event array`);
		}
		return {
			dataSource: this.#source(name, 'single', struct.size, this.#record(what, struct)),
			origin: { kind: 'buffer', map },
		};
	}

	#iterator({ name, struct: structName, programs }: Iterator): GadgetSource {
		const what = `iterator '${name}'`;
		const struct = this.#struct(what, structName);
		if (struct.size === 0) this.#fail(`${what} is of struct '${structName}', which is empty`);
		const maps = new Map<string, string>();
		for (const programName of programs) {
			const [, kind = ''] = /^iter(?:\.s)?\/(.*)$/.exec(this.#object.program(programName).section) ?? [];
			if (!ITERATORS.includes(kind)) {
				this.#fail(`${what} runs program '${programName}', whose section is not iter/ and one of ${ITERATORS.join(', ')}`);
			}
			if (kind !== 'bpf_map_elem') continue;
			const map = this.#markers.iteratedMaps.get(programName);
			if (map === undefined) this.#fail(`program '${programName}' iterates over a map: say which with GADGET_ITER_TARGET_MAP`);
			maps.set(programName, this.#object.map(map).name);
		}
		return {
			dataSource: this.#source(name, 'array', struct.size, this.#record(what, struct)),
			origin: { kind: 'iterator', programs, maps },
		};
	}

	#mapIterator({ name, map: mapName }: MapIterator): GadgetSource {
		const what = `map iterator '${name}'`;
		const map = this.#object.map(mapName);
		if (!hashes.includes(map.type)) this.#fail(`${what} reads map '${mapName}', which is not a hash map`);
		const key = this.#entryStruct(what, map, 'key', map.keySize);
		const value = this.#entryStruct(what, map, 'value', map.valueSize);
		const valueOffset = (key.size + 7) & ~7;
		const fields = structFields(this.#object.btf, key, [], 0, 'role:key');
		const keys = fields.length;
		structFields(this.#object.btf, value, fields, valueOffset);
		return {
			dataSource: this.#source(name, 'array', valueOffset + value.size, fields),
			origin: { kind: 'map', map: mapName, valueOffset, merges: merges(fields.slice(keys), valueOffset) },
		};
	}

	#entryStruct(what: string, map: BpfMap, part: 'key' | 'value', size: number): BtfType {
		const type = this.#object.btf.strip(part === 'key' ? map.btfKeyType : map.btfValueType);
		if (type.kind !== BtfKind.Struct)
			this.#fail(`${what}: the ${part} of map '${map.name}' must be a struct, given by __type(${part}, struct …)`);
		if (type.size !== size) this.#fail(`${what}: the ${part} of map '${map.name}' has ${size} bytes, its struct ${type.size}`);
		return type;
	}
}

/** How the numbers of a per-CPU value become one. */
function merges(fields: readonly Field[], valueOffset: number): Merge[] {
	return fields.flatMap((field) => {
		const kind = field.kind & ~ARRAY_OF;
		const width = kindWidth(kind);
		const isInteger = width > 0 && kind !== Kind.Bool && kind !== Kind.Float32 && kind !== Kind.Float64;
		const isName = field.tags.some((tag) => identities.has(tag)) || field.annotations['enum.values'] !== undefined;
		if (!isInteger || isName) return [];
		const latest = field.tags.includes('type:gadget_timestamp');
		return [{ offset: field.offset - valueOffset, width, count: field.size / width, latest }];
	});
}

/**
 * The data sources of an object: tracers, then iterators, then map iterators.
 * @throws IgError IG_OBJECT when a marker names what is not there, or is not of its kind
 */
export function readSources(object: BpfObject): GadgetSource[] {
	return new Reader(object).all();
}
