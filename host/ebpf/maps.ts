/** Maps of an eBPF object. */
import type { Memory, Pointer } from './functions.js';
import { errnoName, native } from './native.js';

/** enum bpf_map_type, the ones that matter here. */
export const MapType = {
	Hash: 1,
	Array: 2,
	PerfEventArray: 4,
	PercpuHash: 5,
	PercpuArray: 6,
	LruHash: 9,
	LruPercpuHash: 10,
	LpmTrie: 11,
	StructOps: 26,
	RingBuf: 27,
} as const;
/** BPF_F_NO_PREALLOC */
const NO_PREALLOC = 1;
const perCpu: readonly number[] = [MapType.PercpuArray, MapType.PercpuHash, MapType.LruPercpuHash];

/** A map, before and after it was created. Valid until the object is closed. */
export class BpfMap {
	readonly handle: Pointer;
	readonly name: string;

	constructor(handle: Pointer) {
		this.handle = handle;
		this.name = native.bpf_map__name(handle);
	}

	get type(): number {
		return native.bpf_map__type(this.handle);
	}
	get keySize(): number {
		return native.bpf_map__key_size(this.handle);
	}
	get valueSize(): number {
		return native.bpf_map__value_size(this.handle);
	}
	/** Bytes that a lookup writes: for per-CPU maps all CPUs' values, each rounded up to 8. */
	get readSize(): number {
		return perCpu.includes(this.type) ? ((this.valueSize + 7) & ~7) * native.libbpf_num_possible_cpus() : this.valueSize;
	}
	/** BTF ids of its key's and value's types; 0: it has none. */
	get btfKeyType(): number {
		return native.bpf_map__btf_key_type_id(this.handle);
	}
	get btfValueType(): number {
		return native.bpf_map__btf_value_type_id(this.handle);
	}
	get maxEntries(): number {
		return native.bpf_map__max_entries(this.handle);
	}
	/** Below 0 until the object is loaded. */
	get fd(): number {
		return native.bpf_map__fd(this.handle);
	}

	/** Before the load. libbpf rounds a ring buffer up to pages and a power of two. */
	setMaxEntries(entries: number): void {
		check(native.bpf_map__set_max_entries(this.handle, entries), `resize map ${this.name}`);
	}

	/** Before the load: all its entries are made at once, and not one by one as they come. */
	preallocate(): void {
		check(native.bpf_map__set_map_flags(this.handle, native.bpf_map__map_flags(this.handle) & ~NO_PREALLOC), `set up map ${this.name}`);
	}

	/** Before the load: where it is pinned, if its object says that it is to be; made there by the load if it is not. */
	get pinPath(): string | undefined {
		return native.bpf_map__pin_path(this.handle) ?? undefined;
	}
	/** Before the load: one of its own, which ends with the object. */
	unpin(): void {
		check(native.bpf_map__set_pin_path(this.handle, null), `set up map ${this.name}`);
	}

	/** Before the load: do not create it (no loaded program may use it). */
	setAutocreate(autocreate: boolean): void {
		check(native.bpf_map__set_autocreate(this.handle, autocreate), `set up map ${this.name}`);
	}

	/** Before the load: use an existing map of the same shape. */
	reuse(fd: number): void {
		check(native.bpf_map__reuse_fd(this.handle, fd), `reuse a map for ${this.name}`);
	}

	/** Value of a key (all CPUs' values, each rounded up to 8 bytes, for per-CPU maps), or undefined. */
	lookup(key: Memory): Uint8Array | undefined {
		const value = new Uint8Array(this.readSize);
		return native.bpf_map_lookup_elem(this.fd, key, value) === 0 ? value : undefined;
	}

	update(key: Memory, value: Memory): void {
		check(native.bpf_map_update_elem(this.fd, key, value, 0), `write to map ${this.name}`);
	}

	/** Whether the key was there. */
	delete(key: Memory): boolean {
		return native.bpf_map_delete_elem(this.fd, key) === 0;
	}
}

function check(result: number, doing: string): void {
	if (result < 0) throw new Error(`cannot ${doing}: ${errnoName(-result)}`);
}
