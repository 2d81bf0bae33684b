/** Which part of a run's filters the kernel decides, and loading a gadget with it. */
import { IgError } from '../errors.js';
import type { LoadedGadget, OpenedGadget, Symbolizer } from '../gadget/instance.js';
import { type LoadedCore, modulePlan } from '../operator/module.js';
import type { SplitFilter } from '../operator/predicates.js';
import type { ChainInput, SourceFilter } from './chain.js';
import { isRaw } from './raw-filter.js';
import type { Log } from './report.js';

export interface Pushdown {
	readonly dataSource: number;
	readonly split: SplitFilter;
	/** Why the kernel decides nothing of it; undefined when it does, or could. */
	readonly reason: string | undefined;
}

export interface PushdownInput {
	readonly opened: OpenedGadget;
	readonly filters: readonly SourceFilter[];
	readonly builtin: LoadedCore;
	readonly users: ChainInput['users'];
	/** --no-pushdown was not given. */
	readonly enabled: boolean;
	/** Batches are kept as they left the kernel. */
	readonly recording: boolean;
}

/** Whether an operator that comes before the filter may count, or change, what the filter would drop behind it. */
function looksFirst({ spec, loaded }: ChainInput['users'][number], early: boolean): boolean {
	if (spec.place === 'before-formatters') return true;
	if (early || spec.place === 'last') return false;
	// The gadget's own operators are known to look at one record after the other, unless they say that they do not.
	return spec.place !== 'gadget' || loaded.manifest.operators.some(({ kind }) => kind === 'aggregate');
}

function obstacle({ opened, users, enabled, recording }: PushdownInput, { id, early }: SourceFilter): string | undefined {
	if (!enabled) return '--no-pushdown';
	if (recording) return 'the recording keeps all records';
	if (users.some((user) => looksFirst(user, early))) return 'an operator sees the records before the filter';
	if (!opened.takesPredicates(id)) return 'the gadget was not built with headers that can';
	return undefined;
}

/** One per filter. */
export async function planPushdown(input: PushdownInput): Promise<Pushdown[]> {
	if (input.filters.length === 0) return [];
	const { splitFilter } = await import('../operator/predicates.js');
	return input.filters.flatMap((filter) => {
		const { id, params } = filter;
		const source = input.opened.dataSources[id];
		if (source === undefined) return [];
		// What a formatter replaces is not what the kernel sees.
		const fields = source.fields.map((field) => ({ ...field, slot: isRaw(source, field) ? -1 : 0 }));
		const split = splitFilter(modulePlan(input.builtin), { ...source, fields }, params);
		return [{ dataSource: id, split, reason: obstacle(input, filter) }];
	});
}

/**
 * Loads with what the kernel can decide. Where its verifier refuses that (a record whose size the kernel does not know, say),
 * the filter does all, as it would have anyway.
 * @param reopen a fresh one, when the first was refused
 */
export function loadFiltering(
	opened: OpenedGadget,
	reopen: () => OpenedGadget,
	values: ReadonlyMap<string, string>,
	pushdown: readonly Pushdown[],
	log: Log,
	symbolizer?: Symbolizer,
): LoadedGadget {
	const usable = pushdown.filter(({ split, reason }) => reason === undefined && split.table.length > 0);
	for (const { split } of usable) log('debug', `decided in the kernel: ${split.kernel.join(', ')}`);
	try {
		const predicates = new Map(usable.map(({ dataSource, split }) => [dataSource, split.table]));
		return opened.load(values, { log, ...(symbolizer && { symbolizer }), predicates });
	} catch (error) {
		if (usable.length === 0 || !(error instanceof IgError) || error.code !== 'IG_VERIFIER') throw error;
		log('debug', `not in the kernel after all: ${error.message}`);
		return reopen().load(values, { log, ...(symbolizer && { symbolizer }) });
	}
}
