/** A host in little, for tests of operators in any language: one module, one instance, and a record of what it asked for. */
import { readFileSync } from 'node:fs';
import { initTable, type SourceSpec, slotsOf } from './init-table.js';
import { BatchResult, type BatchSpec, regionSize, writeRegion } from './region.js';

export type { FieldSpec, SourceSpec } from './init-table.js';
export { BatchResult, type BatchSpec, type ColumnSpec } from './region.js';

/** The guest called `env.abort` (AssemblyScript's `assert`, `throw` and failed checks). */
export class GuestAbort extends Error {}

/** A field that the operator added, or whose values it took over. */
export interface Filled {
	readonly dataSource: number;
	readonly field: number;
	readonly slot: number;
	readonly kind: number;
	/** Of an added field. */
	readonly name?: string;
	readonly annotations: Record<string, string>;
	readonly tags: string[];
}

/** A data source that the operator added. */
export interface AddedSource {
	readonly id: number;
	readonly name: string;
	readonly array: boolean;
	readonly recordSize: number;
	readonly annotations: Record<string, string>;
	readonly fields: { name: string; parent: number; kind: number; flags: number; offset: number; size: number; tags: string[] }[];
	/** Rows that it emitted. */
	readonly rows: Uint8Array[];
}

/** A BPF map: entries by the hexadecimal text of their key. */
export interface TestMap {
	readonly keySize: number;
	readonly valueSize: number;
	readonly entries: Map<string, Uint8Array>;
}

type Imports = Record<string, (...args: number[]) => number>;
type During = (call: (...args: number[]) => number) => (...args: number[]) => number;

const EBADF = 8;
const EEXIST = 20;
const ENOENT = 44;
const EPERM = 63;
const ENOTCAPABLE = 76;

export class Guest {
	/** Fields that it reads, as `dataSource:field`. */
	readonly wanted = new Set<string>();
	readonly filled: Filled[] = [];
	readonly added: AddedSource[] = [];
	readonly metrics: { readonly kind: number; readonly name: string; readonly unit: string; readonly values: number[] }[] = [];
	/** What it can open, by name; put them here before `init`. */
	readonly maps = new Map<string, TestMap>();
	readonly #open: TestMap[] = [];
	/** Capabilities that the user took away. */
	readonly refused = new Set<string>();
	readonly logged: { level: number; text: string }[] = [];
	/** How many times it grew its memory and what it is, for tests of allocation. */
	readonly memory: WebAssembly.Memory;
	readonly #exports: Record<string, (...args: number[]) => number>;
	#sources: readonly SourceSpec[] = [];
	#initialising = false;
	#region = { address: 0, size: 0 };
	#scratch = { address: 0, size: 0 };

	/** Instantiates the module in `file`. */
	constructor(file: string | URL) {
		const module = new WebAssembly.Module(readFileSync(file));
		const imported = new WebAssembly.Memory({ initial: 4, maximum: 256 });
		const { exports } = new WebAssembly.Instance(module, { ig: this.#imports(), env: { memory: imported, abort: this.#abort } });
		this.#exports = exports as Record<string, (...args: number[]) => number>;
		this.memory = (exports.memory as unknown as WebAssembly.Memory | undefined) ?? imported;
		this.#exports._initialize?.();
	}

	/** `ig_init` with these data sources; its result. */
	init(sources: readonly SourceSpec[], params: Readonly<Record<string, string>> = {}, op = 0): number {
		this.#sources = sources;
		const table = initTable(sources, params);
		const address = this.put(table);
		this.#initialising = true;
		try {
			return this.call('ig_init', op, address, table.length);
		} finally {
			this.#initialising = false;
		}
	}

	/** One batch through `ig_batch`, or through another call that takes a batch. */
	batch(spec: BatchSpec, name: 'ig_batch' | 'ig_start' | 'ig_tick' | 'ig_stop' = 'ig_batch', op = 0): BatchResult {
		const address = this.prepare(spec);
		const errno = this.call(name, op, address);
		return new BatchResult(errno, this.bytes(address, this.#region.size));
	}

	/** Writes a batch into the guest; its address. */
	prepare(spec: BatchSpec): number {
		const whole = { ...spec, columnCount: this.slots(spec.dataSource ?? 0) };
		const size = regionSize(whole);
		if (size > this.#region.size || spec.heap !== undefined) this.#region = { address: this.alloc(size), size };
		writeRegion(this.bytes(this.#region.address, this.#region.size), whole);
		return this.#region.address;
	}

	/** Changes of a side table; a null value deletes. */
	table(index: number, entries: ReadonlyMap<number, string | null>, op = 0): number {
		const parts = [...entries].map(([key, value]) => {
			const text = Buffer.from(value ?? '');
			const entry = Buffer.alloc(Math.ceil((16 + text.length) / 4) * 4);
			for (const [i, word] of [value === null ? 2 : 1, 4, text.length, key].entries()) entry.writeUInt32LE(word, i * 4);
			text.copy(entry, 16);
			return entry;
		});
		const bytes = Buffer.concat(parts);
		return this.call('ig_table', op, index, this.put(bytes), bytes.length);
	}

	/** The column slot of a field that the operator added. */
	slotOf(name: string): number {
		const field = this.filled.find((filled) => filled.name === name);
		if (field === undefined) throw new Error(`the operator added no field ${name}`);
		return field.slot;
	}

	slots(dataSource: number): number {
		const source = this.#sources[dataSource];
		return (source ? slotsOf(source) : 0) + this.filled.filter((filled) => filled.dataSource === dataSource).length;
	}

	call(name: string, ...args: number[]): number {
		const call = this.#exports[name];
		if (call === undefined) throw new Error(`the module does not export ${name}`);
		return call(...args);
	}

	has(name: string): boolean {
		return name in this.#exports;
	}

	alloc(size: number): number {
		const address = this.call('ig_alloc', size) >>> 0;
		if (address === 0 || address % 16 !== 0 || address + size > this.memory.buffer.byteLength)
			throw new Error(`ig_alloc(${size}) returned ${address}`);
		return address;
	}

	/** Copies bytes into the guest, where the ones before were. */
	put(bytes: Uint8Array): number {
		if (bytes.length > this.#scratch.size) this.#scratch = { address: this.alloc(bytes.length), size: bytes.length };
		this.bytes(this.#scratch.address, bytes.length).set(bytes);
		return this.#scratch.address;
	}

	bytes(address: number, size: number): Uint8Array {
		return new Uint8Array(this.memory.buffer, address, size);
	}

	#text(address: number, size: number): string {
		return new TextDecoder().decode(this.bytes(address, size));
	}

	#abort = (message: number, file: number, line: number, column: number): never => {
		// AssemblyScript's strings: UTF-16, their size in bytes in the u32 before them.
		const string = (at: number) => {
			if (at === 0) return '';
			const size = new DataView(this.memory.buffer).getUint32(at - 4, true);
			return Buffer.from(this.bytes(at, size)).toString('utf16le');
		};
		throw new GuestAbort(`${string(message)} (${string(file)}:${line}:${column})`);
	};

	#owned(dataSource: number, field: number): Filled | undefined {
		return this.filled.find((filled) => filled.dataSource === dataSource && filled.field === field && filled.name !== undefined);
	}

	#imports(): Imports {
		const during: During =
			(call) =>
			(...args) =>
				this.#initialising ? call(...args) : -ENOTCAPABLE;
		const fill = (dataSource: number, field: number, kind: number, name?: string): Filled => {
			const filled = {
				dataSource,
				field,
				slot: this.slots(dataSource),
				kind,
				annotations: {},
				tags: [],
				...(name === undefined ? {} : { name }),
			};
			this.filled.push(filled);
			return filled;
		};
		return {
			log: (level = 0, text = 0, size = 0) => {
				this.logged.push({ level, text: this.#text(text, size) });
				return 0;
			},
			field_add: during((ds = 0, parent = -1, name = 0, size = 0, kind = 0) => {
				const source = this.#sources[ds];
				if (source === undefined) return -ENOENT;
				const added = this.filled.filter((filled) => filled.dataSource === ds && filled.name !== undefined).length;
				const under = parent < 0 ? '' : `${source.fields[parent]?.name}.`;
				return fill(ds, source.fields.length + added, kind, under + this.#text(name, size)).field;
			}),
			field_override: during((ds = 0, field = 0, kind = 0) => (this.#sources[ds]?.fields[field] ? fill(ds, field, kind).slot : -ENOENT)),
			field_slot: during((ds = 0, field = 0) => {
				const filled = this.filled.findLast((one) => one.dataSource === ds && one.field === field);
				return filled?.slot ?? this.#sources[ds]?.fields[field]?.slot ?? -1;
			}),
			field_annotate: during((ds = 0, field = 0, key = 0, keySize = 0, value = 0, valueSize = 0) => {
				const filled = this.#owned(ds, field);
				if (filled) filled.annotations[this.#text(key, keySize)] = this.#text(value, valueSize);
				return filled ? 0 : -EPERM;
			}),
			field_tag: during((ds = 0, field = 0, tag = 0, size = 0) => {
				const filled = this.#owned(ds, field);
				filled?.tags.push(this.#text(tag, size));
				return filled ? 0 : -EPERM;
			}),
			field_hide: during(() => 0),
			...this.#sourceImports(during),
			...this.#metricImports(during),
			...this.#mapImports(),
			field_want: during((ds = 0, field = 0) => {
				this.wanted.add(`${ds}:${field}`);
				return 0;
			}),
		};
	}

	#sourceImports(during: During): Imports {
		return {
			source_add: during((name = 0, size = 0, type = 0, recordSize = 0) => {
				const text = this.#text(name, size);
				if (this.refused.has(`emit:${text}`)) return -ENOTCAPABLE;
				const id = this.#sources.length + this.added.length;
				this.added.push({ id, name: text, array: type === 2, recordSize, annotations: {}, fields: [], rows: [] });
				return id;
			}),
			source_annotate: during((ds = 0, key = 0, keySize = 0, value = 0, valueSize = 0) => {
				const source = this.added.find(({ id }) => id === ds);
				if (source) source.annotations[this.#text(key, keySize)] = this.#text(value, valueSize);
				return source ? 0 : -EPERM;
			}),
			source_field: during((ds = 0, parent = 0, name = 0, nameSize = 0, kind = 0, flags = 0, offset = 0, size = 0) => {
				const fields = this.added.find(({ id }) => id === ds)?.fields;
				if (fields === undefined) return -EPERM;
				return fields.push({ name: this.#text(name, nameSize), parent, kind, flags, offset, size, tags: [] }) - 1;
			}),
			emit: (ds = 0, rows = 0, count = 0, stride = 0) => {
				const source = this.added.find(({ id }) => id === ds);
				if (source === undefined) return -ENOTCAPABLE;
				for (let i = 0; i < count; i++) source.rows.push(this.bytes(rows + i * stride, source.recordSize).slice());
				return count;
			},
		};
	}

	#metricImports(during: During): Imports {
		const record = (metric: number, values: readonly number[]): number => {
			this.metrics[metric]?.values.push(...values);
			return this.metrics[metric] ? 0 : -EBADF;
		};
		return {
			metric_add: during((kind = 0, name = 0, size = 0, unit = 0, unitSize = 0) => {
				if (this.refused.has('metric')) return -ENOTCAPABLE;
				return this.metrics.push({ kind, name: this.#text(name, size), unit: this.#text(unit, unitSize), values: [] }) - 1;
			}),
			metric_record: (metric = 0, value = 0) => record(metric, [value]),
			metric_record_all: (metric = 0, values = 0, count = 0) =>
				record(metric, [...new Float64Array(this.bytes(values, count * 8).slice().buffer)]),
		};
	}

	#mapImports(): Imports {
		const on = (map: number, run: (open: TestMap) => number): number => {
			const open = this.#open[map];
			return open === undefined ? -EBADF : run(open);
		};
		const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
		const round8 = (size: number): number => (size + 7) & ~7;
		return {
			map_open: (name = 0, size = 0, info = 0) => {
				const text = this.#text(name, size);
				const map = this.maps.get(text);
				if (this.refused.has(`map:${text}`)) return -ENOTCAPABLE;
				if (map === undefined) return -ENOENT;
				new Uint32Array(this.memory.buffer, info, 8).set([1, map.keySize, map.valueSize, 16, 1, 0, 0, 0]);
				return this.#open.push(map) - 1;
			},
			map_lookup: (map = 0, key = 0, value = 0) =>
				on(map, ({ keySize, valueSize, entries }) => {
					const found = entries.get(hex(this.bytes(key, keySize)));
					if (found !== undefined) this.bytes(value, valueSize).set(found);
					return found === undefined ? -ENOENT : 0;
				}),
			map_update: (map = 0, key = 0, value = 0, flags = 0) =>
				on(map, ({ keySize, valueSize, entries }) => {
					const text = hex(this.bytes(key, keySize));
					if (flags === 1 && entries.has(text)) return -EEXIST;
					if (flags === 2 && !entries.has(text)) return -ENOENT;
					entries.set(text, this.bytes(value, valueSize).slice());
					return 0;
				}),
			map_delete: (map = 0, key = 0) => on(map, ({ keySize, entries }) => (entries.delete(hex(this.bytes(key, keySize))) ? 0 : -ENOENT)),
			map_read: (map = 0, after = 0, to = 0, size = 0) =>
				on(map, ({ keySize, valueSize, entries }) => {
					const keys = [...entries.keys()].sort();
					const first = after === 0 ? 0 : keys.indexOf(hex(this.bytes(after, keySize))) + 1;
					const step = round8(keySize) + round8(valueSize);
					const shown = keys.slice(first, first + Math.floor(size / step));
					shown.forEach((key, i) => {
						const entry = this.bytes(to + i * step, step).fill(0);
						entry.set(Buffer.from(key, 'hex'));
						entry.set(entries.get(key) ?? [], round8(keySize));
					});
					return shown.length;
				}),
		};
	}
}
