/** What one operator of a chain reaches beyond its batch: its grants, in front of emissions, metrics and maps. */
import { deleteEntry, lookupEntry, type MapPlan, readEntries, updateEntry } from '../ebpf/map-entry.js';
import type { Access, MapInfo } from '../operator/access.js';
import { allows } from '../operator/capability.js';
import type { Effect } from '../operator/effects.js';
import { Errno } from '../operator/errno.js';
import type { Emissions } from './emission.js';
import type { Metrics } from './metrics.js';

/** Open maps of one operator. */
const MAX_MAPS = 64;

interface OpenMap extends MapPlan {
	readonly writable: boolean;
}

export interface AccessOptions {
	/** Index of the operator in the plan. */
	readonly operator: number;
	readonly grants: readonly string[];
	/** Rows that one call may emit. */
	readonly mostRows: number;
	/** Rows were not taken: the limit is reached. */
	readonly refused?: (rows: number) => void;
	readonly emissions: Emissions;
	readonly metrics: Metrics;
	readonly maps: readonly MapPlan[];
}

export class LinkAccess implements Access {
	/** Whether the call that runs is one that may emit. */
	emitting = false;
	readonly #options: AccessOptions;
	readonly #maps: OpenMap[] = [];
	/** Bytes of a row of each data source that this operator added. */
	#sources: ReadonlyMap<number, number> = new Map();
	#metrics: readonly (Effect & { do: 'metric' })[] = [];

	constructor(options: AccessOptions) {
		this.#options = options;
	}

	/** What its init added: its data sources (bytes of a row by id) and metrics are its own from here on. */
	know(effects: readonly Effect[], sources: ReadonlyMap<number, number>): void {
		this.#sources = sources;
		this.#metrics = effects.filter((effect) => effect.do === 'metric');
	}

	/** A fresh instance has opened no map. */
	reset(): void {
		this.#maps.length = 0;
	}

	allows(capability: string): boolean {
		return allows(this.#options.grants, capability);
	}

	emit(ds: number, rows: Uint8Array, count: number, stride: number): number {
		if (!this.emitting) return -Errno.NOTCAPABLE;
		const size = this.#sources.get(ds);
		if (size === undefined) return -Errno.NOTCAPABLE;
		const { emissions, operator, mostRows, refused } = this.#options;
		const result = emissions.take({ operator, ds, size, mostRows }, rows, count, stride);
		if (result === -Errno.NOSPC) refused?.(count);
		return result;
	}

	record(metric: number, value: number): number {
		const added = this.#metrics[metric];
		if (added === undefined) return -Errno.BADF;
		return this.#options.metrics.record(this.#options.operator, metric, added.kind, value);
	}

	openMap(name: string): number {
		if (!this.allows(`map:${name}`)) return -Errno.NOTCAPABLE;
		const plan = this.#options.maps.find((map) => map.name === name);
		if (plan === undefined) return -Errno.NOENT;
		const open = this.#maps.findIndex((map) => map.name === name);
		if (open >= 0) return open;
		if (this.#maps.length >= MAX_MAPS) return -Errno.NOSPC;
		return this.#maps.push({ ...plan, writable: this.allows(`map:${name}:rw`) }) - 1;
	}

	mapInfo(map: number): (MapInfo & { readonly writable: boolean }) | undefined {
		return this.#maps[map];
	}

	lookup(map: number, key: Uint8Array, value: Uint8Array): number {
		const open = this.#maps[map];
		return open === undefined ? -Errno.BADF : lookupEntry(open, key, value);
	}

	update(map: number, key: Uint8Array, value: Uint8Array, flags: number): number {
		const open = this.#maps[map];
		if (open === undefined) return -Errno.BADF;
		return open.writable ? updateEntry(open, key, value, flags) : -Errno.NOTCAPABLE;
	}

	remove(map: number, key: Uint8Array): number {
		const open = this.#maps[map];
		if (open === undefined) return -Errno.BADF;
		return open.writable ? deleteEntry(open, key) : -Errno.NOTCAPABLE;
	}

	read(map: number, after: Uint8Array | undefined, entries: Uint8Array): number {
		const open = this.#maps[map];
		return open === undefined ? -Errno.BADF : readEntries(open, after, entries);
	}
}
