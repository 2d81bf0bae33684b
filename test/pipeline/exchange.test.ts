/** A new version of a module, made ready in steps while the old one works. */
import { expect, test } from 'vitest';
import { type LoadedModule, modulePlan } from '../../host/operator/module.js';
import type { Chain } from '../../host/pipeline/chain.js';
import { Exchange } from '../../host/pipeline/exchange.js';
import { Tables } from '../../host/pipeline/tables.js';
import { type Chains, chains, ROWS } from '../support/chain.js';
import { counter } from '../support/counter.js';
import { foreign } from '../support/pipeline.js';
import { watModule, watOperator } from '../support/wat.js';

const exchangeFor = (next: LoadedModule): Exchange =>
	new Exchange({ type: 'swap', module: 1, next: modulePlan(next), operators: [foreign(next, 1)] });

/** The counts that the rows of a batch get. */
function counts(running: Chains, chain: Chain): number[] {
	expect(running.batch(chain)).toEqual({ delivered: ROWS, filtered: 0, dropped: 0 });
	return running.column(chain);
}

test('batches between two steps go through the old version, and its state has them', async () => {
	const running = await chains(await watModule(counter()));
	const chain = running.make();
	const exchange = exchangeFor(await watModule(counter({ init: '(nop)' })));
	let counted: number[] = [];
	let batches = 0;
	do {
		counted = counted.concat(counts(running, chain));
		batches++;
	} while (!exchange.step(chain, running.control));
	counted = counted.concat(counts(running, chain));
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
	const running = await chains(await logging('o'), tables);
	const chain = running.make();
	const exchange = exchangeFor(await logging('n'));
	const change = (value: string | null): void => {
		const entries = new Map([[7, value]]);
		tables.update('users', entries);
		chain.updateTable('users', entries);
	};
	change('a');
	while (!exchange.step(chain, running.control)) change(running.log.some((line) => line.endsWith('na')) ? null : 'a');
	const seen = (version: string): (string | undefined)[] =>
		running.log.map((line) => line.split(': ')[1]).filter((text) => text?.startsWith(version));
	expect(seen('o').at(-1)).toBe('o2');
	expect(seen('n')).toEqual(['na', 'n2']);
});

test('with another chain, as after the loss of the home memory, it begins anew', async () => {
	const running = await chains(await watModule(counter()));
	const first = running.make();
	const exchange = exchangeFor(await watModule(counter({ restore: '(global.set $count (i32.const 1000)) (i32.const 0)' })));
	counts(running, first);
	for (let i = 0; i < 3; i++) expect(exchange.step(first, running.control)).toBe(false);
	const second = running.make(first);
	expect(counts(running, second)).toEqual([0, 1, 2, 3]);
	while (!exchange.step(second, running.control)) {}
	expect(counts(running, second)).toEqual([1000, 1001, 1002, 1003]);
	expect(counts(running, first)).toEqual([4, 5, 6, 7]);
});
