/** Entries of a BPF map by its descriptor, on any thread: what operators do with the gadget's maps. */
import type { Memory } from './functions.js';
import { type BpfMap, MapType } from './maps.js';
import { native } from './native.js';

/** A map, as plain data for another thread. The descriptor is the object's: valid until that is closed. */
export interface MapPlan {
	readonly name: string;
	readonly fd: number;
	/** enum bpf_map_type */
	readonly type: number;
	readonly keySize: number;
	/** Bytes of a value as it is read and written: for a per-CPU map those of all CPUs, each rounded up to 8. */
	readonly valueSize: number;
	readonly maxEntries: number;
}

/** Key and value are bytes; in others they are descriptors, or there is no key. */
const plain: readonly number[] = [
	MapType.Hash,
	MapType.Array,
	MapType.PercpuHash,
	MapType.PercpuArray,
	MapType.LruHash,
	MapType.LruPercpuHash,
	MapType.LpmTrie,
];

/** Undefined: not a map of plain entries. */
export function mapPlan(map: BpfMap): MapPlan | undefined {
	const { name, fd, type, keySize, maxEntries } = map;
	return plain.includes(type) && fd >= 0 ? { name, fd, type, keySize, valueSize: map.readSize, maxEntries } : undefined;
}

/** Linux errnos that these calls give to WASI's; the rest is EIO. */
const wasi: Readonly<Record<number, number | undefined>> = {
	1: 63,
	2: 44,
	7: 1,
	11: 6,
	12: 48,
	14: 21,
	16: 10,
	17: 20,
	22: 28,
	28: 51,
	95: 58,
	524: 58,
};
const EIO = 29;
const EINVAL = 28;

/** As WASI has it: a count, or a negated errno. */
function result(value: number): number {
	return value >= 0 ? value : -(wasi[-value] ?? EIO);
}

export function lookupEntry(map: MapPlan, key: Memory, value: Memory): number {
	return result(native.bpf_map_lookup_elem(map.fd, key, value));
}

/** `flags`: BPF_ANY 0, BPF_NOEXIST 1, BPF_EXIST 2. */
export function updateEntry(map: MapPlan, key: Memory, value: Memory, flags: number): number {
	return result(native.bpf_map_update_elem(map.fd, key, value, flags));
}

export function deleteEntry(map: MapPlan, key: Memory): number {
	return result(native.bpf_map_delete_elem(map.fd, key));
}

/** Entries behind the key `after` (undefined: from the first), key and value each padded to 8. Returns their number. */
export function readEntries(map: MapPlan, after: Memory | undefined, entries: Uint8Array): number {
	const room = ((map.keySize + 7) & ~7) + ((map.valueSize + 7) & ~7);
	if (entries.length < room) return -EINVAL;
	return result(native.ig_map_read(map.fd, after ?? null, map.keySize, map.valueSize, entries, entries.length));
}
