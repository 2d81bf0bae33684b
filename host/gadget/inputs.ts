/** The inputs of a loaded gadget: what its data sources are read from, in one native source. */
import { type RingCounts, ringCounts } from '../ebpf/counters.js';
import type { GadgetSource } from '../ebpf/data-sources.js';
import { MapType } from '../ebpf/maps.js';
import type { BpfObject } from '../ebpf/object.js';
import type { Link } from '../ebpf/programs.js';
import { openSource, type Schedule, type Source } from '../ebpf/source.js';
import { keepsEntries } from './fetch.js';

/** Pages of a perf buffer, for each CPU. */
const PERF_PAGES = 64;

/** Iterators that show what is in the network namespace of the thread that runs them. */
const OF_NETWORK = /^iter(\.s)?\/(tcp|udp)$/;

/** Inputs of a native source, and the data sources that their records are of. */
export interface LivePlan {
	readonly kind: 'live';
	readonly handle: bigint;
	readonly inputs: readonly { readonly input: number; readonly dataSource: number }[];
}

/** Belongs to the thread that opened the gadget; the pipeline reads `plan` on another. */
export class Inputs {
	readonly plan: LivePlan;
	readonly #source: Source;
	/** Of iterators: a run needs its link. */
	readonly #links: Link[] = [];
	readonly #counts: RingCounts[] = [];

	/** @param schedules per data source, undefined for those that are not snapshots @throws IgError IG_ATTACH for an iterator */
	constructor(object: BpfObject, sources: readonly GadgetSource[], schedules: readonly (Schedule | undefined)[]) {
		this.#source = openSource();
		try {
			const inputs = sources.map((source, dataSource) => ({ input: this.#add(object, source), dataSource }));
			for (const { input, dataSource } of inputs) {
				const schedule = schedules[dataSource];
				if (schedule !== undefined) this.#source.schedule(input, schedule);
			}
			this.plan = { kind: 'live', handle: this.#source.handle, inputs };
		} catch (error) {
			this.close();
			throw error;
		}
	}

	#add(object: BpfObject, source: GadgetSource): number {
		const { origin, dataSource } = source;
		switch (origin.kind) {
			case 'buffer':
				return this.#buffer(object, origin.map, dataSource.recordSize);
			case 'iterator': {
				const iterators = origin.programs.map((name) => {
					const program = object.program(name);
					const map = origin.maps.get(name);
					const link = program.attachIterator(map === undefined ? undefined : object.map(map));
					this.#links.push(link);
					return { link: link.fd, ofNetwork: OF_NETWORK.test(program.section) };
				});
				return this.#source.addIters(iterators, dataSource.recordSize);
			}
			case 'map':
				return this.#source.addMap(object.map(origin.map).fd, { ...origin, keep: keepsEntries(source) });
		}
	}

	#buffer(object: BpfObject, name: string, recordSize: number): number {
		const map = object.map(name);
		const counts = ringCounts(object, name);
		if (counts !== undefined) this.#counts.push(counts);
		if (map.type === MapType.RingBuf) return this.#source.addRing(map.fd);
		const input = this.#source.addPerf(map.fd, PERF_PAGES, recordSize);
		if (counts === undefined) this.#counts.push({ lost: () => this.#source.lost(input), filtered: () => 0 });
		return input;
	}

	/** The programs are attached: the times of snapshots count from now. */
	start(): void {
		this.#source.start();
	}

	/** Records that the kernel had no room for, since the load. */
	lost(): number {
		return this.#counts.reduce((sum, counts) => sum + counts.lost(), 0);
	}

	/** Records that predicates threw away, since the load. */
	filtered(): number {
		return this.#counts.reduce((sum, counts) => sum + counts.filtered(), 0);
	}

	/** No pipeline may be reading. May be repeated. */
	close(): void {
		this.#source.free();
		for (const link of this.#links.splice(0)) link.close();
	}
}
