/** What an operator can reach beyond its batch, free of addresses: each door of the ABI puts its own imports in front of it. */

/** A BPF map as an operator sees it. */
export interface MapInfo {
	readonly name: string;
	/** enum bpf_map_type */
	readonly type: number;
	readonly keySize: number;
	/** Bytes of a value as it is read and written: for a per-CPU map those of all CPUs, each rounded up to 8. */
	readonly valueSize: number;
	readonly maxEntries: number;
}

/**
 * Of one operator. Results below 0 are negated WASI errnos; nothing throws and nothing blocks. Byte arrays are the guest's
 * memory: read or written during the call only.
 */
export interface Access {
	/** Whether the user granted it. */
	allows(capability: string): boolean;
	/** Takes `count` rows of data source `ds`, `stride` bytes apart. They count when the operator's call succeeds. Returns count. */
	emit(ds: number, rows: Uint8Array, count: number, stride: number): number;
	/** Adds to a counter, sets a gauge, or puts into a histogram. */
	record(metric: number, value: number): number;
	/** A handle; its shape is {@link mapInfo}. */
	openMap(name: string): number;
	mapInfo(map: number): (MapInfo & { readonly writable: boolean }) | undefined;
	lookup(map: number, key: Uint8Array, value: Uint8Array): number;
	update(map: number, key: Uint8Array, value: Uint8Array, flags: number): number;
	remove(map: number, key: Uint8Array): number;
	/** Fills `entries` with keys and values (each padded to 8) of those after `after`, or from the first. Returns how many. */
	read(map: number, after: Uint8Array | undefined, entries: Uint8Array): number;
}
