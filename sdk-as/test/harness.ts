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

const ENOENT = 44;
const EPERM = 63;
const ENOTCAPABLE = 76;

export class Guest {
	/** Fields that it reads, as `dataSource:field`. */
	readonly wanted = new Set<string>();
	readonly filled: Filled[] = [];
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

	#imports(): Record<string, (...args: number[]) => number> {
		const during =
			(call: (...args: number[]) => number) =>
			(...args: number[]) =>
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
			field_want: during((ds = 0, field = 0) => {
				this.wanted.add(`${ds}:${field}`);
				return 0;
			}),
		};
	}
}
