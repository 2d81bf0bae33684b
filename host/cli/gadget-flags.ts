/** The flags that a gadget adds to `ig run`: its parameters, and filters by data source. */
import { type Gadget, openGadget } from '../gadget/gadget.js';
import { inspectGadget, type OpenedGadget } from '../gadget/instance.js';
import type { ParamConfig } from '../gadget/metadata.js';
import { type Param, rangeOf } from '../gadget/params.js';
import { hasUserStacks } from '../gadget/stack-fields.js';
import type { DataSource } from '../schema.js';
import type { Flag, Values } from './flags.js';
import { commonFlags, ignoredFlags, laterFlags, runFlags } from './run-flags.js';
import { symbolizerFlags } from './symbolizers.js';

export const staticFlags: readonly Flag[] = [...commonFlags, ...runFlags, ...ignoredFlags, ...laterFlags];

function describe(param: Param): string {
	const about: string[] = [];
	if (param.possibleValues.length > 0) about.push(`one of ${param.possibleValues.join(', ')}`);
	const range = rangeOf(param);
	if (range !== undefined && about.length === 0) about.push(range);
	const text = param.description.replace(/\s+/g, ' ').trim();
	return about.length === 0 ? text : `${text}${text === '' ? '' : ' '}[${about.join('; ')}]`;
}

export function gadgetFlags(params: readonly Param[], sources: readonly DataSource[]): Flag[] {
	const taken = new Set(staticFlags.flatMap((flag) => [flag.name, flag.short ?? '']));
	const own = params
		// A flag of ig's own wins: a gadget cannot take --timeout away.
		.filter((param) => !taken.has(param.key))
		.map(
			(param): Flag => ({
				name: param.key,
				short: param.alias === undefined || taken.has(param.alias) ? undefined : param.alias,
				value: param.type === 'bool' ? undefined : param.type,
				description: describe(param),
				// That a switch is off when it is not given goes without saying.
				default: param.type === 'bool' && param.default === 'false' ? undefined : param.default,
				group: 'Gadget',
			}),
		);
	const filters = sources.flatMap((source): Flag[] => [
		{
			name: `filter.${source.name}`,
			value: 'RULES',
			description: `--filter for data source ${source.name}`,
			group: 'Filters',
			hidden: sources.length === 1,
		},
		{
			name: `filter-expr.${source.name}`,
			value: 'EXPR',
			description: `--filter-expr for data source ${source.name}`,
			group: 'Filters',
			hidden: sources.length === 1,
		},
	]);
	return [...own, ...(sources.some(hasUserStacks) ? symbolizerFlags : []), ...filters];
}

/** The flags of gadget.yaml's custom parameters, and of those for the gadget's own operator. */
function metadataFlags({ metadata }: Gadget): Flag[] {
	const flags = (params: Readonly<Record<string, ParamConfig>>, prefix: string, switches: boolean): Flag[] =>
		Object.entries(params).map(([name, param]): Flag => {
			const possible = param.possibleValues ?? [];
			const choice = possible.length === 0 ? '' : ` [one of ${possible.join(', ')}]`;
			const isSwitch = switches && param.typeHint === 'bool';
			const initial = metadata.paramDefaults[`${prefix}${name}`] ?? param.defaultValue;
			return {
				name: param.key ?? name,
				short: param.alias,
				value: isSwitch ? undefined : (param.typeHint ?? 'string'),
				description: `${param.description ?? ''}${choice}`.trim(),
				default: isSwitch && initial === 'false' ? undefined : initial,
				group: 'Gadget',
			};
		});
	return [...flags(metadata.customParams, 'custom.', false), ...flags(metadata.wasmParams, 'operator.oci.wasm.', true)];
}

/** All flags of a run. Parameters of one name share a flag; what is taken already, first of all by ig's own, keeps its name or letter. */
export function runFlagsOf(gadget: Gadget, opened: OpenedGadget): Flag[] {
	const own = gadgetFlags(opened.params, opened.dataSources);
	const all = [...own, ...staticFlags];
	const names = new Set(all.map((flag) => flag.name));
	const letters = new Set(all.map((flag) => flag.short));
	const more = metadataFlags(gadget).flatMap((flag) => {
		if (names.has(flag.name)) return [];
		names.add(flag.name);
		const short = letters.has(flag.short) ? undefined : flag.short;
		letters.add(short);
		return [{ ...flag, short }];
	});
	return [...own, ...more, ...staticFlags];
}

/** Values that gadget.yaml's `paramDefaults` gives to flags that were not given: `operator.cli.output`, `operator.oci.ebpf.map-fetch-interval`. */
export function defaultValues({ metadata }: Gadget, flags: readonly Flag[], given: Values): Values {
	const values = new Map(given);
	for (const [key, value] of Object.entries(metadata.paramDefaults)) {
		const name = /^operator\.(?:oci\.(?:ebpf|wasm)|[\w-]+)\.(.+)$/.exec(key)?.[1];
		const flag = flags.find((candidate) => candidate.name.toLowerCase() === name);
		if (flag !== undefined && !values.has(flag.name)) values.set(flag.name, [value]);
	}
	return values;
}

/** Filters of data sources that operators emit: which ones there are is known only when the operators have been read, and they check the names. */
export function emittedFlags(args: readonly string[], flags: readonly Flag[]): Flag[] {
	const known = new Set(flags.map(({ name }) => name));
	const names = args.flatMap((arg) => /^--(filter(?:-expr)?\.[\w-]+)(?:=|$)/.exec(arg)?.[1] ?? []);
	return [...new Set(names)]
		.filter((name) => !known.has(name))
		.map((name) => ({ name, value: name.startsWith('filter.') ? 'RULES' : 'EXPR', description: '', group: 'Filters', hidden: true }));
}

/** For completion: opens the gadget, and closes it again. It is not built: that would take a second, at each key. */
export async function flagsOf(reference: string): Promise<Flag[]> {
	const gadget = await openGadget(reference, { build: false });
	const opened = inspectGadget(gadget);
	try {
		return runFlagsOf(gadget, opened);
	} finally {
		opened.close();
	}
}
