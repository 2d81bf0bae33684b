/** A gadget's object: opened to see what it offers, loaded to run, closed to leave nothing behind. */
import { readFileSync } from 'node:fs';
import { addContainerFields } from '../container/fields.js';
import { type MapPlan, mapPlan } from '../ebpf/map-entry.js';
import { ringCounts } from '../ebpf/counters.js';
import { BpfObject } from '../ebpf/object.js';
import { meets } from '../ebpf/probe.js';
import { ProgramType } from '../ebpf/programs.js';
import { readParams, readTracers, type TracerSource } from '../ebpf/schema.js';
import { openSource, type Source } from '../ebpf/source.js';
import { IgError } from '../errors.js';
import type { DataSource } from '../schema.js';
import { annotateDefaults, applyMetadata } from './annotations.js';
import type { Gadget } from './gadget.js';
import { chooseHooks, type HookChoice } from './hooks.js';
import { encodeParam, makeParams, type Param } from './params.js';

/** Where a pipeline reads a loaded gadget's records. */
export interface RingsPlan {
	readonly kind: 'rings';
	readonly handle: bigint;
	readonly rings: readonly { readonly ring: number; readonly dataSource: number }[];
}

/** A gadget whose programs are in the kernel. Attached ones end with the process at the latest. */
export interface LoadedGadget {
	readonly source: RingsPlan;
	/** Its maps of plain keys and values, for operators that were granted them. */
	readonly maps: readonly MapPlan[];
	/** Records come from here on. @throws IgError IG_HOOK_MISSING, IG_ATTACH … */
	attach(): void;
	/** No more records come; those in the rings stay readable. May be repeated. */
	detach(): void;
	/** Records that the kernel had no room for, since the load. */
	lost(): number;
	/** Records that the kernel threw away since a filter does not want them. */
	filtered(): number;
	/** Frees all. No pipeline may be reading. */
	close(): void;
}

export interface LoadOptions {
	readonly log?: (level: 'debug', text: string) => void;
	/** By data source: tables of `bpf/include/gadget/predicates.h`. */
	readonly predicates?: ReadonlyMap<number, Uint8Array>;
}

export interface OpenedGadget {
	readonly gadget: Gadget;
	/** With annotations and the fields for containers, but without what operators add. */
	readonly dataSources: readonly DataSource[];
	readonly params: readonly Param[];
	/** Some of its programs are attached through tracefs. */
	readonly needsTracefs: boolean;
	/** Checks values of parameters by key. @throws IgError IG_PARAM */
	check(values: ReadonlyMap<string, string>): void;
	/** Per hook of gadget.yaml, the programs that this kernel lets it use. @throws IgError IG_GADGET_HOOK */
	hooks(): ReadonlyMap<string, readonly string[]>;
	/** Whether its programs filter records of that data source by {@link LoadOptions.predicates}. */
	takesPredicates(dataSource: number): boolean;
	/** Loads its programs with these parameters. Once. @throws IgError IG_PARAM, IG_GADGET_HOOK, IG_VERIFIER … */
	load(values: ReadonlyMap<string, string>, options?: LoadOptions): LoadedGadget;
	/** Frees what opening took, and what {@link load} made. */
	close(): void;
}

function describeSource(tracer: TracerSource, gadget: Gadget): DataSource {
	const { dataSource } = tracer;
	annotateDefaults(dataSource);
	addContainerFields(dataSource);
	applyMetadata(dataSource, gadget.metadata);
	return dataSource;
}

class Opened implements OpenedGadget {
	readonly gadget: Gadget;
	readonly dataSources: readonly DataSource[];
	readonly params: readonly Param[];
	readonly #object: BpfObject;
	readonly #tracers: readonly TracerSource[];
	#rings: Source | undefined;

	constructor(gadget: Gadget, object: BpfObject) {
		this.gadget = gadget;
		this.#object = object;
		this.#tracers = readTracers(object);
		this.dataSources = this.#tracers.map((tracer) => describeSource(tracer, gadget));
		this.params = makeParams(readParams(object), gadget.metadata);
	}

	get needsTracefs(): boolean {
		return this.#object.programs.some((program) => program.type === ProgramType.Tracepoint);
	}

	check(values: ReadonlyMap<string, string>): void {
		for (const param of this.params) {
			const value = values.get(param.key);
			if (value !== undefined) encodeParam(param, value);
		}
	}

	hooks(): ReadonlyMap<string, readonly string[]> {
		return this.#choice().chosen;
	}

	takesPredicates(dataSource: number): boolean {
		const map = this.#tracers[dataSource]?.map;
		// A ring that two data sources share has one table.
		if (map === undefined || this.#tracers.filter((tracer) => tracer.map === map).length > 1) return false;
		return this.#object.variables.includes(`${map}_predicates`);
	}

	load(values: ReadonlyMap<string, string>, { log = () => {}, predicates }: LoadOptions = {}): LoadedGadget {
		const object = this.#object;
		this.#choosePrograms(log);
		for (const param of this.params) {
			const value = values.get(param.key) ?? param.default;
			if (value !== '' || values.has(param.key)) this.#set(param, encodeParam(param, value));
		}
		for (const [id, table] of predicates ?? []) object.setGlobal(`${this.#tracers[id]?.map}_predicates`, table);
		object.load();
		const rings = openSource();
		this.#rings = rings;
		const source: RingsPlan = {
			kind: 'rings',
			handle: rings.handle,
			rings: this.#tracers.map((tracer, dataSource) => ({ ring: rings.addRing(object.map(tracer.map).fd), dataSource })),
		};
		const counters = this.#tracers.flatMap((tracer) => ringCounts(object, tracer.map) ?? []);
		return {
			source,
			maps: object.maps.flatMap((map) => mapPlan(map) ?? []),
			attach: () => object.attach(),
			detach: () => object.detach(),
			lost: () => counters.reduce((sum, count) => sum + count.lost(), 0),
			filtered: () => counters.reduce((sum, count) => sum + count.filtered(), 0),
			close: () => this.close(),
		};
	}

	close(): void {
		this.#object.detach();
		this.#rings?.free();
		this.#object.close();
	}

	#choice(): HookChoice {
		const names = this.#object.programs.map((program) => program.name);
		return chooseHooks(this.gadget.name, this.gadget.metadata.hooks, names, meets);
	}

	#choosePrograms(log: (level: 'debug', text: string) => void): void {
		const { unused, chosen } = this.#choice();
		for (const program of this.#object.programs) if (unused.has(program.name)) program.setAutoload(false);
		for (const [hook, picked] of chosen) log('debug', `hook ${hook}: ${picked.join(', ') || 'done without'}`);
	}

	/** `<map>_max_entries` is more than a constant: the size of that map. */
	#set(param: Param, bytes: Uint8Array): void {
		this.#object.setGlobal(param.variable, bytes);
		const name = /^(.+)_max_entries$/.exec(param.variable)?.[1];
		const map = name === undefined ? undefined : this.#object.maps.find((candidate) => candidate.name === name);
		map?.setMaxEntries(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true));
	}
}

/**
 * Opens a gadget's object, without loading anything: needs no root.
 * @throws IgError IG_GADGET_INVALID, IG_OBJECT
 */
export function inspectGadget(gadget: Gadget): OpenedGadget {
	if (gadget.object === undefined)
		throw new IgError('IG_GADGET_INVALID', { gadget: gadget.name, reason: 'it has no program.bpf.o; is it built?' });
	const object = BpfObject.open(readFileSync(gadget.object), { name: gadget.name });
	try {
		return new Opened(gadget, object);
	} catch (error) {
		object.close();
		throw error;
	}
}
