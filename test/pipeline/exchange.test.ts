/** A new version of a module, made ready in steps while the old one works. */
import { expect, test } from 'vitest';
import { BATCH } from '../../host/cli/session.js';
import { BatchHeader, ColumnHeader, fillRecords } from '../../host/ebpf/batch.js';
import { type LoadedModule, modulePlan } from '../../host/operator/module.js';
import { Sink } from '../../host/output/sink.js';
import { Chain } from '../../host/pipeline/chain.js';
import { Control } from '../../host/pipeline/control.js';
import { Emissions } from '../../host/pipeline/emission.js';
import { Exchange } from '../../host/pipeline/exchange.js';
import { Metrics } from '../../host/pipeline/metrics.js';
import type { PipelinePlan } from '../../host/pipeline/plan.js';
import { makeSpecs } from '../../host/pipeline/source.js';
import { Tables } from '../../host/pipeline/tables.js';
import { counter } from '../support/counter.js';
import { builtinModule, foreign } from '../support/pipeline.js';
import { numbers, numbersSource, packNumbers } from '../support/schema.js';
import { watModule, watOperator } from '../support/wat.js';

const ROWS = 4;

interface Running {
	readonly control: Control;
	/** Made anew from what the one before it left, as after the failure of a built-in operator. */
	chain(before?: Chain): Chain;
	/** A batch; the counts that its rows got. */
	batch(chain: Chain): number[];
	/** What the operator logged. */
	readonly lines: readonly string[];
	exchange(next: LoadedModule): Exchange;
}

/** One operator, in this thread. */
async function run(module: LoadedModule, tables = new Tables()): Promise<Running> {
	const plan: PipelinePlan = {
		...{ dataSources: [numbersSource()], source: { kind: 'recording', path: '', realtime: false }, outputFd: -1, batch: BATCH },
		...{ modules: [await builtinModule(), module].map(modulePlan), operators: [foreign(module, 1)] },
	};
	const control = new Control(1);
	const lines: string[] = [];
	const options = { plan, control, tables, sink: new Sink(-1), emissions: new Emissions(), metrics: new Metrics([0]) };
	return {
		control,
		lines,
		chain: (before) =>
			new Chain({
				...options,
				log: (_, text) => lines.push(text),
				struck: (_, reason) => expect.fail(reason),
				...(before && { known: before.inits() }),
			}),
		batch: (chain) => {
			const [spec] = makeSpecs(plan, chain.sources);
			if (spec === undefined) expect.fail('no data source');
			fillRecords(packNumbers(numbers(ROWS, 0)), chain.region(), spec, 0, 0);
			expect(chain.run(0, ROWS, false, 0, [])).toEqual({ delivered: ROWS, filtered: 0, dropped: 0 });
			const region = chain.region();
			const view = new DataView(region.buffer, region.byteOffset, region.byteLength);
			const data = view.getUint32(view.getUint32(BatchHeader.Columns, true) + ColumnHeader.Data, true);
			return Array.from({ length: ROWS }, (_, i) => view.getUint32(data + i * 4, true));
		},
		exchange: (next) => new Exchange({ type: 'swap', module: 1, next: modulePlan(next), operators: [foreign(next, 1)] }),
	};
}

test('batches between two steps go through the old version, and its state has them', async () => {
	const running = await run(await watModule(counter()));
	const chain = running.chain();
	const exchange = running.exchange(await watModule(counter({ init: '(nop)' })));
	let counted: number[] = [];
	let batches = 0;
	do {
		counted = counted.concat(running.batch(chain));
		batches++;
	} while (!exchange.step(chain, running.control));
	counted = counted.concat(running.batch(chain));
	expect(batches).toBeGreaterThan(2);
	expect(counted).toEqual(counted.map((_, i) => i));
	expect(exchange.longest).toBeGreaterThan(0);
});

test('a side table that changes between two steps is as new in the new version as in the old one', async () => {
	const tables = new Tables();
	/** Logs the first letter of each change, or a number: it deletes. */
	const logging = (version: string): Promise<LoadedModule> =>
		watModule(
			watOperator({
				imports: '(import "ig" "log" (func $log (param i32 i32 i32) (result i32)))',
				globals: `(data (i32.const 16) "${version}")`,
				more: `(func (export "ig_table") (param $op i32) (param $table i32) (param $at i32) (param $size i32) (result i32)
					(i32.store8 (i32.const 17) (i32.add (i32.const 48) (i32.load (local.get $at))))
					(if (i32.load offset=8 (local.get $at))
						(then (i32.store8 (i32.const 17) (i32.load8_u offset=16 (local.get $at)))))
					(drop (call $log (i32.const 2) (i32.const 16) (i32.const 2)))
					(i32.const 0))`,
			}),
		).then((loaded) => ({ ...loaded, manifest: { operators: loaded.manifest.operators.map((one) => ({ ...one, tables: ['users'] })) } }));
	const running = await run(await logging('o'), tables);
	const chain = running.chain();
	const exchange = running.exchange(await logging('n'));
	const change = (value: string | null): void => {
		const entries = new Map([[7, value]]);
		tables.update('users', entries);
		chain.updateTable('users', entries);
	};
	change('a');
	while (!exchange.step(chain, running.control)) change(running.lines.some((line) => line.endsWith('na')) ? null : 'a');
	const seen = (version: string): (string | undefined)[] =>
		running.lines.map((line) => line.split(': ')[1]).filter((text) => text?.startsWith(version));
	expect(seen('o').at(-1)).toBe('o2');
	expect(seen('n')).toEqual(['na', 'n2']);
});

test('with another chain, as after the loss of the home memory, it begins anew', async () => {
	const running = await run(await watModule(counter()));
	const first = running.chain();
	const exchange = running.exchange(await watModule(counter({ restore: '(global.set $count (i32.const 1000)) (i32.const 0)' })));
	running.batch(first);
	for (let i = 0; i < 3; i++) expect(exchange.step(first, running.control)).toBe(false);
	const second = running.chain(first);
	expect(running.batch(second)).toEqual([0, 1, 2, 3]);
	while (!exchange.step(second, running.control)) {}
	expect(running.batch(second)).toEqual([1000, 1001, 1002, 1003]);
	expect(running.batch(first)).toEqual([4, 5, 6, 7]);
});
