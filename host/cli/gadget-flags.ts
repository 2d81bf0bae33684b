/** The flags that a gadget adds to `ig run`: its parameters, and filters by data source. */
import { type Gadget, openGadget } from '../gadget/gadget.js';
import { inspectGadget } from '../gadget/instance.js';
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

/** The flags of gadget.yaml's custom parameters. */
export function customFlags({ metadata }: Gadget): Flag[] {
	const taken = new Set(staticFlags.flatMap((flag) => [flag.name, flag.short ?? '']));
	return Object.entries(metadata.customParams).map(([name, param]): Flag => {
		const possible = param.possibleValues ?? [];
		const choice = possible.length === 0 ? '' : ` [one of ${possible.join(', ')}]`;
		return {
			name: param.key ?? name,
			short: param.alias === undefined || taken.has(param.alias) ? undefined : param.alias,
			value: param.typeHint ?? 'string',
			description: `${param.description ?? ''}${choice}`.trim(),
			default: metadata.paramDefaults[`custom.${name}`] ?? param.defaultValue,
			group: 'Gadget',
		};
	});
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
		return [...gadgetFlags(opened.params, opened.dataSources), ...customFlags(gadget)];
	} finally {
		opened.close();
	}
}
