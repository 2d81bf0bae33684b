/** Plays a small recording through operators and the witness, in the real pipeline, without the built-in operators. */
import { compileModule } from '../../host/operator/load.js';
import type { LoadedModule } from '../../host/operator/module.js';
import type { OperatorPlan } from '../../host/pipeline/plan.js';
import { foreign, type Outcome, type RunOptions, runPipeline } from '../support/pipeline.js';
import { numbers, numbersSource, packNumbers } from '../support/schema.js';
import { wasm } from './modules.js';

const home = await compileModule(await wasm('home'), 'home.wasm');
const witness = await compileModule(await wasm('witness'), 'witness.wasm');

export interface Run extends Pick<RunOptions, 'sources' | 'batches' | 'tables' | 'deadlineMs' | 'apartMs'> {
	/** In order; the witness comes last unless one of them is a formatter. */
	readonly operators: readonly { readonly module: LoadedModule; readonly changes?: Partial<OperatorPlan> }[];
}

export function run({ operators, ...rest }: Run): Promise<Outcome> {
	const plans = operators.map(({ module, changes }, i) => foreign(module, i + 2, changes));
	if (!plans.some(({ kind }) => kind === 'format')) plans.push(foreign(witness, 1, { kind: 'format' }));
	return runPipeline({ ...rest, home, modules: [witness, ...operators.map(({ module }) => module)], operators: plans });
}

export const BATCHES = 5;
export const ROWS = 60;
/** Long enough for an honest call on a busy machine, short enough for the loops among the hostile ones. */
const DEADLINE_MS = 100;

/** Five batches of sixty rows, through one operator. `ticks`: in so much time that ig_tick is called. */
export function runNumbers(module?: LoadedModule, changes?: Partial<OperatorPlan>, ticks = false): Promise<Outcome> {
	const tables = Object.fromEntries((changes?.tables ?? []).map((table) => [table, new Map([[0, 'root']])]));
	return run({
		sources: [numbersSource()],
		batches: Array.from({ length: BATCHES }, (_, i) => ({ ds: 0, rows: ROWS, records: packNumbers(numbers(ROWS, i * ROWS)) })),
		operators: module ? [{ module, ...(changes && { changes }) }] : [],
		tables,
		deadlineMs: DEADLINE_MS,
		...(ticks && { apartMs: 350 }),
	});
}
