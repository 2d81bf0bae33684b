/** Chains with one operator of a user's, in the thread of the test. */
import { expect } from 'vitest';
import { BATCH } from '../../host/cli/session.js';
import { BatchHeader, ColumnHeader, fillRecords } from '../../host/ebpf/batch.js';
import { type LoadedModule, modulePlan } from '../../host/operator/module.js';
import { Sink } from '../../host/output/sink.js';
import { type BatchResult, Chain } from '../../host/pipeline/chain.js';
import { Control } from '../../host/pipeline/control.js';
import { Emissions } from '../../host/pipeline/emission.js';
import { Metrics } from '../../host/pipeline/metrics.js';
import type { PipelinePlan } from '../../host/pipeline/plan.js';
import { makeSpecs } from '../../host/pipeline/source.js';
import { Tables } from '../../host/pipeline/tables.js';
import { builtinModule, foreign } from './pipeline.js';
import { numbers, numbersSource, packNumbers } from './schema.js';

export const ROWS = 4;

export interface Chains {
	readonly control: Control;
	/** `before`: the chain that this one replaces, as after the failure of a built-in operator. */
	make(before?: Chain): Chain;
	/** Runs a batch of {@link ROWS} rows. */
	batch(chain: Chain): BatchResult;
	/** What the batch that was run has in its first column, as u32. */
	column(chain: Chain): number[];
	readonly log: readonly string[];
	/** Why its operator failed, each time. */
	readonly reasons: readonly string[];
}

export async function chains(module: LoadedModule, tables = new Tables()): Promise<Chains> {
	const plan: PipelinePlan = {
		...{ dataSources: [numbersSource()], source: { kind: 'recording', path: '', realtime: false }, outputFd: -1, batch: BATCH },
		...{ modules: [await builtinModule(), module].map(modulePlan), operators: [foreign(module, 1)] },
	};
	const control = new Control(1);
	const log: string[] = [];
	const reasons: string[] = [];
	const options = {
		...{ plan, control, tables, sink: new Sink(-1), emissions: new Emissions(), metrics: new Metrics([0]) },
		log: (_: string, text: string) => void log.push(text),
		struck: (_: number, reason: string) => void reasons.push(reason),
	};
	return {
		control,
		log,
		reasons,
		make: (before) => new Chain({ ...options, ...(before && { known: before.inits() }) }),
		batch: (chain) => {
			const [spec] = makeSpecs(plan, chain.sources);
			if (spec === undefined) expect.fail('no data source');
			fillRecords(packNumbers(numbers(ROWS, 0)), chain.region(), spec, 0, 0);
			return chain.run(0, ROWS, false, 0, []);
		},
		column: (chain) => {
			const region = chain.region();
			const view = new DataView(region.buffer, region.byteOffset, region.byteLength);
			const data = view.getUint32(view.getUint32(BatchHeader.Columns, true) + ColumnHeader.Data, true);
			return Array.from({ length: ROWS }, (_, i) => view.getUint32(data + i * 4, true));
		},
	};
}
