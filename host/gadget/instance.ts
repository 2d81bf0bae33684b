/** A gadget's object: opened to see what it offers, loaded to run, closed to leave nothing behind. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { addContainerFields } from '../container/fields.js';
import { type GadgetSource, readSources } from '../ebpf/data-sources.js';
import { type MapPlan, mapPlan } from '../ebpf/map-entry.js';
import { findMarkers, PACKET_FILTER } from '../ebpf/markers.js';
import { BpfObject } from '../ebpf/object.js';
import { meets } from '../ebpf/probe.js';
import { ProgramType } from '../ebpf/programs.js';
import { markerFlaws, readParams } from '../ebpf/schema.js';
import { gadgetBtf } from '../ebpf/kernel-btf.js';
import { SOCKETS_MAP, SocketsBtf, type SocketsUse, useSockets } from '../ebpf/sockets.js';
import type { Schedule } from '../ebpf/source.js';
import { openStacks, type Stacks } from '../ebpf/stacks.js';
import { IgError } from '../errors.js';
import type { DataSource } from '../schema.js';
import { annotateDefaults, applyMetadata } from './annotations.js';
import { attachOptions, attachParams, packetFilters, retarget } from './attachment.js';
import type { Gadget } from './gadget.js';
import { fetchParams, scheduleOf } from './fetch.js';
import { chooseHooks, type HookChoice } from './hooks.js';
import { Inputs, type LivePlan } from './inputs.js';
import { filterByMountNamespace, type MountNamespaces } from './mount-namespaces.js';
import { chooseOptional } from './optional.js';
import { encodeParam, makeParams, type Param, parseBool } from './params.js';
import { addKernelStacks, addUserStacks, stackFields } from './stack-fields.js';

/** A gadget whose programs are in the kernel. Attached ones end with the process at the latest. */
export interface LoadedGadget {
	/** Where a pipeline reads its records. */
	readonly source: LivePlan;
	/** Its maps of plain keys and values, for operators that were granted them. */
	readonly maps: readonly MapPlan[];
	/** What makes texts of its stacks (`ebpf/stacks.ts`), if it has any. */
	readonly stacks: bigint | undefined;
	/** The mount namespaces whose events are shown; undefined: those of all, as it was loaded or since the gadget does not filter by them. */
	readonly mountNamespaces: MountNamespaces | undefined;
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
	readonly log?: (level: 'debug' | 'warn', text: string) => void;
	/** By data source: tables of `bpf/include/gadget/predicates.h`. */
	readonly predicates?: ReadonlyMap<number, Uint8Array>;
	/** Events of these alone, by inode; more may come and go later. Default: of all. */
	readonly mountNamespaces?: Iterable<bigint> | undefined;
	/** Who gives the functions in user stacks their names; without it nobody does. */
	readonly symbolizer?: Symbolizer;
}

export interface Symbolizer {
	/** blazesym's file; it may not be there. */
	readonly library: string;
	/** Folder of debuginfod's cache, or empty. */
	readonly debuginfod: string;
}

export interface OpenedGadget {
	readonly gadget: Gadget;
	/** With annotations and the fields for containers, but without what operators add. */
	readonly dataSources: readonly DataSource[];
	readonly params: readonly Param[];
	/** Names of the object's programs. */
	readonly programs: readonly string[];
	/** Markers of its source that name what is not there. */
	readonly flaws: readonly string[];
	/** Some of its programs are attached through tracefs. */
	readonly needsTracefs: boolean;
	/** Checks values of parameters by key. @throws IgError IG_PARAM */
	check(values: ReadonlyMap<string, string>): void;
	/** Per hook of gadget.yaml, the programs that this kernel lets it use. @throws IgError IG_GADGET_HOOK */
	hooks(): ReadonlyMap<string, readonly string[]>;
	/** Per hook of gadget.yaml, what would be better and why this kernel does not allow it. @throws IgError IG_GADGET_HOOK */
	passedOver(): HookChoice['passedOver'];
	/** Whether its programs filter records of that data source by {@link LoadOptions.predicates}. */
	takesPredicates(dataSource: number): boolean;
	/** Loads its programs with these parameters. Once. @throws IgError IG_PARAM, IG_GADGET_HOOK, IG_VERIFIER … */
	load(values: ReadonlyMap<string, string>, options?: LoadOptions): LoadedGadget;
	/** Frees what opening took, and what {@link load} made. */
	close(): void;
}

function describeSource(source: GadgetSource, gadget: Gadget): DataSource {
	const { dataSource } = source;
	annotateDefaults(dataSource);
	addKernelStacks(dataSource);
	addContainerFields(dataSource);
	addUserStacks(dataSource);
	applyMetadata(dataSource, gadget.metadata);
	return dataSource;
}

/** Where the kernel's types come from. */
interface KernelBtf {
	/** Undefined: the kernel has its own. */
	readonly path: string | undefined;
	/** Of a gadget that asks who owns a socket. */
	readonly sockets: SocketsBtf | undefined;
}

class Opened implements OpenedGadget {
	readonly gadget: Gadget;
	readonly dataSources: readonly DataSource[];
	readonly params: readonly Param[];
	readonly #object: BpfObject;
	readonly #sources: readonly GadgetSource[];
	readonly #btf: KernelBtf;
	#inputs: Inputs | undefined;
	#stacks: Stacks | undefined;
	#socketsUse: SocketsUse | undefined;

	constructor(gadget: Gadget, object: BpfObject, btf: KernelBtf) {
		this.#btf = btf;
		this.gadget = gadget;
		this.#object = object;
		const { metadata } = gadget;
		this.#sources = readSources(object);
		this.dataSources = this.#sources.map((source) => describeSource(source, gadget));
		this.params = [
			...makeParams(readParams(object), metadata),
			...fetchParams(this.#sources, metadata.paramDefaults),
			...attachParams(object, metadata.paramDefaults),
		];
		this.#schedules(new Map());
	}

	get programs(): readonly string[] {
		return this.#object.programs.map((program) => program.name);
	}

	get flaws(): readonly string[] {
		return markerFlaws(this.#object);
	}

	get needsTracefs(): boolean {
		return this.#object.programs.some((program) => program.type === ProgramType.Tracepoint);
	}

	check(values: ReadonlyMap<string, string>): void {
		for (const param of this.params) {
			const value = values.get(param.key);
			if (value !== undefined && param.variable !== '') encodeParam(param, value);
		}
		this.#schedules(values);
		packetFilters(this.#object, (key) => values.get(key));
	}

	/** Per data source, as the parameters and annotations have it. */
	#schedules(values: ReadonlyMap<string, string>): (Schedule | undefined)[] {
		const initial = (key: string): string | undefined => this.#default(key);
		return this.#sources.map((source) => scheduleOf(source, (key) => values.get(key), initial));
	}

	#default(key: string): string | undefined {
		return this.params.find((param) => param.key === key)?.default;
	}

	hooks(): ReadonlyMap<string, readonly string[]> {
		return this.#choice().chosen;
	}

	passedOver(): HookChoice['passedOver'] {
		return this.#choice().passedOver;
	}

	takesPredicates(dataSource: number): boolean {
		const buffer = this.#buffer(dataSource);
		// A ring that two data sources share has one table.
		if (buffer === undefined || this.#sources.filter((_, id) => this.#buffer(id) === buffer).length > 1) return false;
		return this.#object.variables.includes(`${buffer}_predicates`);
	}

	/** The map that a tracer's records come through. */
	#buffer(dataSource: number): string | undefined {
		const origin = this.#sources[dataSource]?.origin;
		return origin?.kind === 'buffer' ? origin.map : undefined;
	}

	load(values: ReadonlyMap<string, string>, options: LoadOptions = {}): LoadedGadget {
		const { log = () => {}, predicates, symbolizer } = options;
		const object = this.#object;
		const { metadata, name } = this.gadget;
		this.#choosePrograms(log);
		this.#chooseOptional(values, log);
		retarget(object.programs, metadata.programs);
		const given = (key: string): string | undefined => values.get(key) ?? this.#default(key);
		const attach = attachOptions(name, object, metadata.programs, given, log);
		for (const [filter, body] of packetFilters(object, given)) object.replaceFunction(`${PACKET_FILTER}${filter}`, body);
		for (const param of this.params) {
			const value = values.get(param.key) ?? param.default;
			if (param.variable !== '' && (value !== '' || values.has(param.key))) this.#set(param, encodeParam(param, value));
		}
		for (const [id, table] of predicates ?? []) object.setGlobal(`${this.#buffer(id)}_predicates`, table);
		const namespaces = options.mountNamespaces === undefined ? undefined : filterByMountNamespace(object);
		this.#provideSockets();
		this.#sizeStackMaps(values);
		// What others have pinned is shared; a run itself leaves nothing behind.
		for (const map of object.maps) if (map.pinPath !== undefined && !existsSync(map.pinPath)) map.unpin();
		object.load();
		const mountNamespaces = namespaces?.();
		for (const id of options.mountNamespaces ?? []) mountNamespaces?.add(id);
		const inputs = new Inputs(object, this.#sources, this.#schedules(values));
		this.#inputs = inputs;
		this.#stacks = this.#openStacks(symbolizer);
		return {
			stacks: this.#stacks?.handle,
			mountNamespaces,
			source: inputs.plan,
			maps: object.maps.flatMap((map) => mapPlan(map) ?? []),
			attach: () => {
				object.attach(attach);
				inputs.start();
			},
			detach: () => object.detach(),
			lost: () => inputs.lost(),
			filtered: () => inputs.filtered(),
			close: () => this.close(),
		};
	}

	/** The map of build ids takes 4 KiB an entry, and on kernels before 6.1 samplers may only use maps that are made whole. */
	#sizeStackMaps(values: ReadonlyMap<string, string>): void {
		const map = this.#object.maps.find(({ name }) => name === 'ig_build_id');
		if (map === undefined) return;
		const collect = this.params.find(({ variable }) => variable === 'collect_build_id');
		if (collect !== undefined && (values.get(collect.key) ?? collect.default) !== 'true') map.setMaxEntries(1);
		if (this.#object.programs.some((program) => program.type === ProgramType.PerfEvent)) map.preallocate();
	}

	#openStacks(symbolizer: Symbolizer | undefined): Stacks | undefined {
		if (this.dataSources.every((source) => stackFields(source).length === 0)) return undefined;
		const fd = (name: string): number | undefined => this.#object.maps.find((map) => map.name === name)?.fd;
		const maps = { kernel: fd('ig_kstack'), user: fd('ig_ustack'), buildIds: fd('ig_build_id') };
		return openStacks(maps, symbolizer?.library ?? '', symbolizer?.debuginfod ?? '');
	}

	/** The map of sockets' owners is the framework's. */
	#provideSockets(): void {
		const { sockets, path } = this.#btf;
		if (sockets === undefined) return;
		sockets.fill();
		this.#socketsUse = useSockets(path);
		this.#object.map(SOCKETS_MAP).reuse(this.#socketsUse.fd);
	}

	close(): void {
		this.#object.detach();
		this.#inputs?.close();
		this.#stacks?.free();
		this.#stacks = undefined;
		this.#object.close();
		this.#socketsUse?.close();
		this.#btf.sockets?.close();
	}

	#choice(): HookChoice {
		return chooseHooks(this.gadget.name, this.gadget.metadata.hooks, this.programs, meets);
	}

	#choosePrograms(log: (level: 'debug', text: string) => void): void {
		const { unused, chosen } = this.#choice();
		for (const program of this.#object.programs) if (unused.has(program.name)) program.setAutoload(false);
		for (const [hook, picked] of chosen) log('debug', `hook ${hook}: ${picked.join(', ') || 'done without'}`);
	}

	/** Left out with a word only if the user named it; of all hooks that there are, no kernel has every one. */
	#chooseOptional(values: ReadonlyMap<string, string>, log: NonNullable<LoadOptions['log']>): void {
		const { optional } = findMarkers(this.#object.btf);
		if (optional.length === 0) return;
		const programs = new Map(this.#object.programs.map((program) => [program.name, program]));
		const value = (variable: string): boolean => {
			const param = this.params.find((candidate) => candidate.variable === variable);
			return param !== undefined && parseBool(values.get(param.key) ?? param.default) === true;
		};
		const choice = chooseOptional(this.gadget.name, optional, value, (name) => {
			const program = programs.get(name);
			return program === undefined ? { ok: false, reason: 'the object does not have it' } : meets(`${program.hook}:${program.target}`);
		});
		const named = new Set(optional.filter(({ param }) => value(param)).map(({ program }) => program));
		for (const [name, reason] of choice.missing) log(named.has(name) ? 'warn' : 'debug', `program ${name} is left out: ${reason}`);
		for (const name of choice.unused) programs.get(name)?.setAutoload(false);
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
	const bytes = readFileSync(gadget.object);
	const { name } = gadget;
	const btfPath = gadget.btf ?? gadgetBtf(dirname(gadget.object));
	let object = BpfObject.open(bytes, { name, btfPath });
	const sockets = object.maps.some((map) => map.name === SOCKETS_MAP) ? new SocketsBtf(btfPath) : undefined;
	try {
		if (sockets !== undefined) {
			object.close();
			object = BpfObject.open(bytes, { name, btfPath: sockets.path });
		}
		return new Opened(gadget, object, { path: btfPath, sockets });
	} catch (error) {
		object.close();
		sockets?.close();
		throw error;
	}
}
