/** Rows that operators emit: they run through the operators behind them, and their own identity holds. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { OperatorPlan } from '../../host/pipeline/plan.js';
import { expectIdentity } from '../support/outcome.js';
import { builtinOperator, foreign, type Outcome, runPipeline, within } from '../support/pipeline.js';
import { numbers, numbersSource, packNumbers } from '../support/schema.js';
import { keepEven, watModule, watOperator } from '../support/wat.js';

const batches = (count: number, rows = 100) =>
	Array.from({ length: count }, (_, i) => ({ ds: 0, rows, records: packNumbers(numbers(rows, i * rows)) }));

const totals = await watModule(readFileSync(new URL('../contract/totals.wat', import.meta.url), 'utf8'), 'totals.wasm');
const granted: Partial<OperatorPlan> = { name: 'totals', grants: ['emit:totals', 'metric'] };
const onTotals = { dataSources: [], emittedSources: ['totals'] };

const run = (operators: readonly OperatorPlan[], modules = [totals]): Promise<Outcome> =>
	runPipeline({ sources: [numbersSource()], batches: batches(3), modules, operators });

function expectEmittedIdentity({ stats: { emitted } }: Outcome): void {
	expect(emitted.delivered + emitted.filtered + emitted.dropped).toBe(emitted.emitted);
}

test('what an operator emits when the run ends reaches the output, typed as it was declared', async () => {
	const json = { ...(await builtinOperator('json')), ...onTotals };
	const outcome = await run([foreign(totals, 1, granted), json]);
	const lines = outcome.output.trim().split('\n');
	expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ batches: 3, rows: 300, call: 'stop' });
	expect(outcome.sources[1]).toMatchObject({ name: 'totals', recordSize: 24, annotations: { description: 'What passed so far' } });
	expect(outcome.stats.emitted).toEqual({ emitted: lines.length, delivered: lines.length, filtered: 0, dropped: 0 });
	expect(outcome.stats).toMatchObject({ submitted: 300, delivered: 300 });
	expectIdentity(outcome);
});

test('a replay ticks by the recorded time, however fast it is played', async () => {
	const json = { ...(await builtinOperator('json')), ...onTotals };
	const recorded = [0, 500, 1200, 3000].map((ms, i) => ({
		...{ ds: 0, rows: 10, records: packNumbers(numbers(10, i * 10)) },
		at: BigInt(ms) * 1_000_000n,
	}));
	const operators = [foreign(totals, 1, granted), json];
	const outcome = await runPipeline({ sources: [numbersSource()], batches: recorded, modules: [totals], operators });
	const calls = outcome.output
		.trim()
		.split('\n')
		.map((line) => JSON.parse(line) as { batches: number; call: string });
	expect(calls.map(({ batches: count, call }) => [call, count])).toEqual([
		['tick', 2],
		['tick', 3],
		['stop', 4],
	]);
});

test('columns and YAML show it, too', async () => {
	const columns = await run([foreign(totals, 1, granted), { ...(await builtinOperator('columns')), ...onTotals }]);
	expect(columns.output).toMatch(/^BATCHES +ROWS +CALL/);
	expect(columns.output).toMatch(/3 +300 +stop/);
	const yaml = await run([foreign(totals, 1, granted), { ...(await builtinOperator('yaml')), ...onTotals }]);
	expect(yaml.output).toMatch(/batches: 3\ncall: stop\nrows: 300\n/);
});

test('operators behind it get the rows before they are told to stop, and can filter them', async () => {
	const none = await watModule(watOperator({ batch: '(i32.store offset=44 (local.get $batch) (i32.const 0)) (i32.const 0)' }));
	const json = { ...(await builtinOperator('json')), ...onTotals };
	const outcome = await run([foreign(totals, 1, granted), foreign(none, 2, onTotals), json], [totals, none]);
	expect(outcome.output).toBe('');
	expect(outcome.stats.emitted.filtered).toBe(outcome.stats.emitted.emitted);
	expect(outcome.stats.emitted.emitted).toBeGreaterThan(0);
});

test('operators before it do not see them', async () => {
	const module = await watModule(keepEven, 'even.wasm');
	const outcome = await run([foreign(module, 2, { emittedSources: ['totals'] }), foreign(totals, 1, granted)], [totals, module]);
	expect(outcome.stats.operators[0]?.rowsIn).toBe(300);
	expect(outcome.stats.emitted.emitted).toBeGreaterThan(0);
	expectEmittedIdentity(outcome);
});

test('an operator behind it that hangs costs the rows on their way, which are counted and told', async () => {
	const hang = await watModule(watOperator({ batch: '(loop $again (br $again)) (unreachable)' }));
	const outcome = await runPipeline({
		...{ sources: [numbersSource()], batches: batches(3), modules: [totals, hang], deadlineMs: 100 },
		operators: [foreign(totals, 1, granted), foreign(hang, 2, { ...onTotals, name: 'hang', limits: within(100) })],
	});
	expect(outcome.end.reason).not.toBe('failed');
	expectIdentity(outcome);
	expectEmittedIdentity(outcome);
	expect(outcome.stats.emitted.dropped).toBeGreaterThan(0);
	expect(outcome.stats.operators[1]?.errors).toBeGreaterThan(0);
	expect(outcome.log.join('\n')).toMatch(
		/operator hang took more than 100 ms in ig_batch.*emitted rows that were on their way are dropped/,
	);
});

test('what a call emits before it fails does not count', async () => {
	// Emits one row of its batch, and then returns EINVAL.
	const failing = await watModule(
		watOperator({
			imports: `(import "ig" "source_add" (func $add (param i32 i32 i32 i32) (result i32)))
			(import "ig" "emit" (func $emit (param i32 i32 i32 i32) (result i32)))`,
			globals: '(data (i32.const 64) "totals")',
			init: '(drop (call $add (i32.const 64) (i32.const 6) (i32.const 1) (i32.const 24))) (i32.const 0)',
			batch: '(drop (call $emit (i32.const 1) (local.get $batch) (i32.const 1) (i32.const 24))) (i32.const 28)',
		}),
	);
	const outcome = await run([foreign(failing, 1, granted)], [failing]);
	expect(outcome.stats.operators[0]?.errors).toBe(3);
	expect(outcome.stats.emitted.emitted).toBe(0);
	expect(outcome.stats).toMatchObject({ submitted: 300, delivered: 300 });
});

test('without the grant, source_add is ENOTCAPABLE and the operator goes on as it can', async () => {
	const outcome = await run([foreign(totals, 1, { name: 'totals', grants: ['log'] })]);
	expect(outcome.end).toEqual({ reason: 'finished' });
	expect(outcome.sources).toHaveLength(1);
	expect(outcome.stats.emitted.emitted).toBe(0);
	expect(outcome.stats.metrics).toEqual([]);
});

test('its metrics are there to be read', async () => {
	const outcome = await run([foreign(totals, 1, granted)]);
	expect(outcome.stats.metrics).toMatchObject([
		{
			operator: 'totals',
			name: 'rows_per_batch',
			kind: 'histogram',
			unit: 'rows',
			value: 300,
			histogram: { count: 3, least: 100, greatest: 100 },
		},
	]);
	expect(outcome.stats.metrics[0]?.histogram?.buckets[7]).toBe(3);
});
