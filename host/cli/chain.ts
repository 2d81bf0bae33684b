/** Puts the chain of a run together: which operators, in which order, with which parameters. */
import { closest } from '../closest.js';
import { IgError } from '../errors.js';
import { asked, isOfWasi, namesOf } from '../operator/capability.js';
import type { OperatorManifest } from '../operator/manifest.js';
import type { LoadedModule } from '../operator/module.js';
import { SnapshotError, takeSnapshot } from '../operator/wasi/snapshot.js';
import type { World } from '../operator/wasi/world.js';
import type { OperatorPlan } from '../pipeline/plan.js';
import type { DataSource } from '../schema.js';
import { decideGrants } from './grant.js';
import { utcOffsets } from './local-time.js';
import type { CommonOptions } from './options.js';
import type { OperatorSpec } from './operator-spec.js';
import { outputModes } from './output-mode.js';
import { findSource, perSource } from './per-source.js';
import { isRawFilter } from './raw-filter.js';
import type { Log } from './report.js';

export interface ChainInput {
	readonly sources: readonly DataSource[];
	readonly builtin: LoadedModule;
	/** The gadget's own, and one per `--wasm-operator`, in order. */
	readonly users: readonly { readonly spec: OperatorSpec; readonly loaded: LoadedModule }[];
	readonly options: CommonOptions;
	/** Columns of the terminal that output goes to; undefined: it is not one. */
	readonly terminalWidth: number | undefined;
	/** Time that the events are around of, ms since 1970: local time is known for two years on both sides. */
	readonly around: number;
	/** Names of the network interfaces, for captures (`operators/src/output/pcapng.rs`); absent where the events are not from here. */
	readonly interfaces?: (() => string) | undefined;
	/** Architecture of the events' machine, as Node.js calls it. */
	readonly arch: string;
	readonly log: Log;
}

type Params = Readonly<Record<string, string>>;

/** Parameters as the operator gets them: the user's, checked against the manifest, and the manifest's defaults. */
function params(name: string, manifest: LoadedModule['manifest']['operators'][number], given: Params): Params {
	const known = manifest.params;
	if (known === undefined) return given;
	const keys = known.map((param) => param.key);
	for (const key of Object.keys(given)) {
		if (!keys.includes(key)) {
			throw new IgError('IG_OPERATOR_PARAM', { operator: name, param: key, guess: closest(key, keys), known: keys.join(', ') || 'none' });
		}
	}
	const all: Record<string, string> = {};
	for (const { key, default: value, required } of known) {
		const found = given[key] ?? value;
		if (found !== undefined) all[key] = found;
		else if (required) throw new IgError('IG_OPERATOR_FILE', { file: name, reason: `needs a value for its parameter '${key}'` });
	}
	return all;
}

/** Data sources that an operator is for: the gadget's by index, those that operators before it emit by name. */
interface Sources {
	readonly dataSources: readonly number[];
	readonly emittedSources: readonly string[];
}

class ChainBuilder {
	readonly plans: OperatorPlan[] = [];
	/** Data sources that operators so far emit. */
	readonly emitted: string[] = [];
	readonly #input: ChainInput;
	readonly #names = new Map<string, number>();
	readonly #uses = new Map<number, number>();
	readonly #worlds = new Map<number, World>();
	readonly #grantsOf: (manifest: OperatorManifest) => string[];

	constructor(input: ChainInput) {
		this.#input = input;
		const manifests = input.users.flatMap(({ loaded }) => loaded.manifest.operators);
		this.#grantsOf = decideGrants(input.options.grants, manifests, input.options.help, input.log);
	}

	#unique(name: string): string {
		const count = (this.#names.get(name) ?? 0) + 1;
		this.#names.set(name, count);
		return count === 1 ? name : `${name}#${count}`;
	}

	#add(module: number, index: number, loaded: LoadedModule, given: Params, sources: Sources, more: Partial<OperatorPlan>): void {
		const manifest = loaded.manifest.operators[index];
		if (manifest === undefined) throw new IgError('IG_INTERNAL', { reason: `${loaded.file} has no operator ${index}` });
		this.plans.push({
			...{ name: this.#unique(manifest.name), module, index, ...sources, kind: manifest.kind, onError: manifest.onError },
			...{ params: params(manifest.name, manifest, given), tables: manifest.tables, memoryPages: manifest.memoryPages },
			...{ grants: asked(manifest), builtin: module === 0 },
			...(manifest.fields && { fields: manifest.fields }),
			limits: this.#input.options.limits.of(manifest.name, module === 0),
			...more,
		});
	}

	/** An operator of the built-in module, by name. One that comes again is a second one of the same instance: see `ig_init` in sdk-rust. */
	builtin(name: string, given: Params, dataSources: readonly number[], emittedSources: readonly string[] = []): void {
		const { builtin } = this.#input;
		const { operators } = builtin.manifest;
		const index = operators.findIndex((operator) => operator.name === name);
		if (index === -1) throw new IgError('IG_NOT_BUILT', { path: `the built-in operator ${name}` });
		const uses = this.#uses.get(index) ?? 0;
		this.#uses.set(index, uses + 1);
		this.#add(0, index, builtin, given, { dataSources, emittedSources }, { index: index + uses * operators.length });
	}

	/** `--count-by`, for one data source. */
	count(dataSource: number, given: Params): void {
		this.builtin('count', given, [dataSource]);
		this.emitted.push('counts');
	}

	/** Data sources that an operator of the user's gets, of those that there are where it stands. */
	#wanted({ file }: OperatorSpec, wanted: readonly string[] | undefined): Sources {
		const { sources } = this.#input;
		const dataSources = sources.flatMap((source, id) => (wanted === undefined || wanted.includes(source.name) ? [id] : []));
		const emittedSources = this.emitted.filter((name) => wanted === undefined || wanted.includes(name));
		if (dataSources.length + emittedSources.length > 0) return { dataSources, emittedSources };
		const have = [...sources.map((source) => source.name), ...this.emitted].join(', ');
		throw new IgError('IG_OPERATOR_FILE', { file, reason: `is for ${wanted?.join(', ')}, the gadget has ${have}` });
	}

	/** Of WASI: an instance has one, whatever operators are in it. */
	#world(number: number, loaded: LoadedModule): World | undefined {
		const known = this.#worlds.get(number);
		if (known !== undefined) return known;
		const { operators } = loaded.manifest;
		const grants = operators.flatMap((manifest) => this.#grantsOf(manifest).filter(isOfWasi));
		if (grants.length === 0) return undefined;
		const { help, limits } = this.#input.options;
		const [{ name }] = operators as [OperatorManifest];
		if (loaded.door === 'core') {
			this.#input.log('warn', `operator ${name} cannot use ${grants.join(', ')}: it is no WASI module and no component`);
			return undefined;
		}
		try {
			const { world, skipped } = takeSnapshot(name, grants, limits.of(name).files);
			this.#worlds.set(number, world);
			if (skipped > 0) this.#input.log('warn', `operator ${name}: left out of its directories, as no files or not to be read: ${skipped}`);
			return world;
		} catch (cause) {
			if (!(cause instanceof SnapshotError)) throw cause;
			throw new IgError('IG_FLAG_VALUE', { flag: '--grant', value: cause.grant, reason: cause.message, help });
		}
	}

	#user(number: number, index: number, loaded: LoadedModule, spec: OperatorSpec, sources: Sources): void {
		const manifest = loaded.manifest.operators[index] as OperatorManifest;
		const grants = this.#grantsOf(manifest);
		const choosesSources = manifest.dataSources === undefined && manifest.kind !== 'format';
		const world = this.#world(number, loaded);
		this.#add(number + 1, index, loaded, spec.params, sources, { grants, choosesSources, ...(world && { world }) });
		for (const name of namesOf('emit', grants)) {
			if ([...this.emitted, ...this.#input.sources.map((source) => source.name)].includes(name)) {
				throw new IgError('IG_OPERATOR_FILE', {
					file: spec.file,
					reason: `emits a data source ${name}, and there is one of that name already`,
				});
			}
			this.emitted.push(name);
		}
	}

	/** The user's operators of one place, in the order of the command line. Formats have no place but the end. */
	users(place: OperatorSpec['place']): void {
		this.#input.users.forEach(({ spec, loaded }, i) => {
			if (spec.place !== place) return;
			loaded.manifest.operators.forEach((manifest, index) => {
				if (manifest.kind !== 'format') this.#user(i, index, loaded, spec, this.#wanted(spec, manifest.dataSources));
			});
		});
	}

	/** The user's formats; they take the place of `-o`. @returns names of the data sources that have one */
	formats(): Set<string> {
		const taken = new Set<string>();
		const { sources } = this.#input;
		this.#input.users.forEach(({ spec, loaded }, i) => {
			loaded.manifest.operators.forEach((manifest, index) => {
				if (manifest.kind !== 'format') return;
				const wanted = this.#wanted(spec, manifest.dataSources);
				const dataSources = wanted.dataSources.filter((id) => !taken.has(sources[id]?.name ?? ''));
				const emittedSources = wanted.emittedSources.filter((name) => !taken.has(name));
				if (dataSources.length + emittedSources.length === 0)
					throw new IgError('IG_OPERATOR_FILE', { file: spec.file, reason: 'is a second format for the same data source' });
				for (const name of [...dataSources.map((id) => sources[id]?.name ?? ''), ...emittedSources]) taken.add(name);
				this.#user(i, index, loaded, spec, { dataSources, emittedSources });
			});
		});
		return taken;
	}
}

/** The filter of one data source: its own flag, or the bare one when there is no doubt which it means. */
function filterFor(
	given: ReadonlyMap<string, string>,
	flag: string,
	source: DataSource,
	sources: readonly DataSource[],
): string | undefined {
	for (const [name, value] of given) {
		if (name !== '') {
			if (name.toLowerCase() === source.name.toLowerCase()) return value;
		} else if (sources.length > 1) {
			const names = sources.map((other) => `--${flag}.${other.name}`).join(' or ');
			throw new IgError('IG_USAGE', { reason: `--${flag} does not say for which data source; use ${names}`, help: 'ig run GADGET --help' });
		}
	}
	return given.get('');
}

export interface SourceFilter {
	/** The data source. */
	readonly id: number;
	/** Of the filter operator. */
	readonly params: Params;
	/** It needs no texts: it comes before the formatters. */
	readonly early: boolean;
}

/** The filters of a run; at most one per data source. */
export function filtersOf(sources: readonly DataSource[], options: CommonOptions): SourceFilter[] {
	return sources.flatMap((source, id) => {
		const rules = filterFor(options.filter, 'filter', source, sources);
		const expression = filterFor(options.filterExpr, 'filter-expr', source, sources);
		if (rules === undefined && expression === undefined) return [];
		const params: Params = {
			...(rules !== undefined && { filter: rules }),
			...(expression !== undefined && { 'filter-expr': expression }),
		};
		return [{ id, params, early: isRawFilter(source, rules, expression) }];
	});
}

/** What a terminal changes: columns fit its width, and snapshots may begin on a clear screen. */
function terminalParams(source: DataSource, { terminalWidth }: ChainInput): Params {
	if (terminalWidth === undefined) return {};
	const clear = source.annotations['cli.clear-screen-before'] === 'true';
	return { 'terminal-width': String(terminalWidth), ...(clear && { 'clear-screen': 'true' }) };
}

/** @throws IgError IG_FLAG_VALUE on a terminal */
function captureParams({ terminalWidth, interfaces, options }: ChainInput): Params {
	if (terminalWidth !== undefined) {
		const reason = 'is for programs, and this is a terminal: add `| tshark -r -`, or --output-file FILE.pcapng';
		throw new IgError('IG_FLAG_VALUE', { flag: '--output', value: 'pcap-ng', reason, help: options.help });
	}
	return interfaces === undefined ? {} : { interfaces: interfaces() };
}

/** What is known of a data source before the operator that emits it has been initialised. */
function emittedSource(name: string): DataSource {
	return { name, type: 'single', recordSize: 0, fields: [], annotations: {}, tags: [], slots: 0 };
}

/** Filters of data sources that operators emit: `--filter.NAME`, `--filter-expr.NAME`. */
function filterEmitted(chain: ChainBuilder, options: CommonOptions, names: readonly string[]): void {
	for (const name of names) {
		const params: Record<string, string> = {};
		for (const [key, given] of [['filter', options.filter] as const, ['filter-expr', options.filterExpr] as const]) {
			for (const [source, value] of given) if (source.toLowerCase() === name.toLowerCase()) params[`${key}.${name}`] = value;
		}
		if (Object.keys(params).length > 0) chain.builtin('filter', params, [], [name]);
	}
}

/** The data source whose records `--count-by` counts. */
function countedSource(
	{ countBy, help }: CommonOptions,
	sources: readonly DataSource[],
): { readonly id: number; readonly fields: string } | undefined {
	if (countBy === undefined || countBy === '') return undefined;
	const lists = perSource('--count-by', countBy, sources, ';', help);
	const [first] = lists;
	if (first === undefined || lists.size !== 1) {
		const names = sources.map(({ name }) => `${name}:...`).join(' or ');
		throw new IgError('IG_FLAG_VALUE', { flag: '--count-by', value: countBy, reason: `must be for one data source: ${names}`, help });
	}
	return { id: sources.findIndex(({ name }) => name === first[0]), fields: first[1] };
}

/** `--sort` for the operator: of all snapshots, or by data source. */
function sortParams(list: string, sources: readonly DataSource[], help: string): Params {
	if (!/^[\w.-]+:/.test(list)) {
		if (sources.every(({ type, recordSize }) => type === 'single' && recordSize > 0)) {
			throw new IgError('IG_FLAG_VALUE', {
				flag: '--sort',
				value: list,
				reason: 'has nothing to sort: this gadget shows single events',
				help,
			});
		}
		return { sort: list };
	}
	return Object.fromEntries([...perSource('--sort', list, sources, ';', help)].map(([name, keys]) => [`sort.${name}`, keys]));
}

/**
 * Order: the user's operators, filters that need no texts, formatters, the gadget's operator, the user's after it, other filters, count, sort, limiter,
 * the user's last ones, and per data source its output: a format of the user's, or what -o says.
 */
export function buildChain(input: ChainInput): OperatorPlan[] {
	const { sources, options } = input;
	const chain = new ChainBuilder(input);
	const all = sources.map((_, id) => id);
	const filters = filtersOf(sources, options);

	chain.users('before-formatters');
	/** Every operator is told of all data sources: where there are several, a filter says which one it is for. */
	const filter = (id: number, params: Params): void => {
		const one = sources.length + chain.emitted.length === 1;
		const own = Object.entries(params).map(([key, value]) => [one ? key : `${key}.${sources[id]?.name}`, value]);
		chain.builtin('filter', Object.fromEntries(own), [id]);
	};
	for (const { id, params } of filters.filter(({ early }) => early)) filter(id, params);
	chain.builtin('formatters', { 'utc-offsets': utcOffsets(input.around), arch: input.arch }, all, [...chain.emitted]);
	chain.users('gadget');
	chain.users('after-formatters');
	for (const { id, params } of filters.filter(({ early }) => !early)) filter(id, params);
	const counted = countedSource(options, sources);
	if (counted !== undefined) chain.count(counted.id, { 'count-by': counted.fields, every: String(options.every) });
	filterEmitted(chain, options, chain.emitted);
	const filtered = chain.emitted.length;
	if (options.sort !== undefined && options.sort !== '') {
		chain.builtin('sort', sortParams(options.sort, [...sources, ...chain.emitted.map(emittedSource)], options.help), all, [
			...chain.emitted,
		]);
	}
	if (options.maxEntries !== undefined && options.maxEntries >= 0)
		chain.builtin('limiter', { 'max-entries': String(options.maxEntries) }, all, [...chain.emitted]);
	chain.users('last');
	filterEmitted(chain, options, chain.emitted.slice(filtered));

	const known = [...input.users.flatMap(({ loaded }) => loaded.manifest.operators), ...input.builtin.manifest.operators].map(
		({ name }) => name,
	);
	const unknown = options.limits.names.find((name) => !known.includes(name));
	if (unknown !== undefined) {
		const reason = `is no operator of this run${closest(unknown, known)}; operators: ${known.join(', ')}`;
		throw new IgError('IG_FLAG_VALUE', { flag: '--operator-limit', value: unknown, reason, help: options.help });
	}
	const shown = [...sources, ...chain.emitted.map(emittedSource)];
	for (const name of [...options.filter.keys(), ...options.filterExpr.keys()]) if (name !== '') findSource(shown, name);
	const modes = outputModes(options.output, shown, options.help, input.log);
	const fields = options.fields === undefined ? undefined : perSource('--fields', options.fields, shown, ';', options.help);
	const formatted = chain.formats();
	const several = shown.filter(({ name }, id) => id !== counted?.id && !formatted.has(name) && modes.get(name) === 'columns').length > 1;
	shown.forEach((source, id) => {
		if (formatted.has(source.name) || id === counted?.id) return;
		const where: [number[], string[]] = id < sources.length ? [[id], []] : [[], [source.name]];
		const mode = modes.get(source.name) ?? 'none';
		const list = fields?.get(source.name);
		if (mode === 'columns')
			chain.builtin(
				'columns',
				{
					...terminalParams(source, input),
					...(list !== undefined && { [shown.length > 1 ? `fields.${source.name}` : 'fields']: list }),
					...(several && { several: 'true' }),
				},
				...where,
			);
		else if (mode === 'histogram') chain.builtin('histogram', terminalParams(source, input), ...where);
		else if (mode === 'pcap-ng') chain.builtin(mode, captureParams(input), ...where);
		else if (mode === 'jsonpretty') chain.builtin('json', { pretty: 'true' }, ...where);
		else if (mode !== 'none') chain.builtin(mode, {}, ...where);
	});
	return chain.plans;
}
