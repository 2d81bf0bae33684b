/** What a module's operators do to a gadget's fields, found out by initialising them, in a thread of their own. */
import type { LoadedModule } from '../../operator/module.js';
import { modulePlan } from '../../operator/module.js';
import type { InitResult } from '../../operator/session.js';
import { startPipeline } from '../../pipeline/pipeline.js';
import type { OperatorPlan } from '../../pipeline/plan.js';
import type { DataSource } from '../../schema.js';
import { loadBuiltin } from '../builtin.js';
import { buildChain } from '../chain.js';
import { commonOptions } from '../options.js';
import { BATCH } from '../session.js';

export interface Described {
	readonly plan: OperatorPlan;
	readonly init: InitResult;
}

export type Params = Readonly<Record<string, string>>;

/** The module's operators in a chain without output: module 1. */
export async function planOperators(
	loaded: LoadedModule,
	dataSources: readonly DataSource[],
	params: Params,
	grants: readonly string[],
): Promise<OperatorPlan[]> {
	const chain = buildChain({
		...{ sources: dataSources, builtin: await loadBuiltin(), users: [{ spec: { file: loaded.file, params, place: 'last' }, loaded }] },
		...{
			options: commonOptions(
				new Map([
					['output', ['none']],
					['grant', [...grants]],
				]),
				'ig operator --help',
			),
		},
		...{ terminalWidth: undefined, arch: process.arch, around: Date.now(), log: () => {} },
	});
	return chain.filter(({ module }) => module === 1);
}

/** `grants`: what `--grant` said. @throws IgError IG_OPERATOR_INIT, IG_OPERATOR_FILE: it is not for these data sources, or needs a parameter */
export async function describeOperators(
	loaded: LoadedModule,
	dataSources: readonly DataSource[],
	params: Params,
	log: (text: string) => void,
	grants: readonly string[] = [],
): Promise<Described[]> {
	const operators = await planOperators(loaded, dataSources, params, grants);
	let found: readonly InitResult[] = [];
	const pipeline = startPipeline(
		{
			...{ dataSources, operators, source: { kind: 'recording', path: '', realtime: false }, outputFd: 1, batch: BATCH, deadlineMs: 1000 },
			...{ modules: [await loadBuiltin(), loaded].map(modulePlan), describeOnly: true },
		},
		{
			onLog: (level, text) => log(`${level}: ${text}`),
			onReady: (_, inits) => {
				found = inits;
			},
		},
	);
	await pipeline.ready;
	await pipeline.ended;
	return operators.map((plan, i) => ({ plan, init: found[i] as InitResult }));
}
