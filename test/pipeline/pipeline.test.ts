import { expect, test } from 'vitest';
import { warmUp } from '../../host/pipeline/pipeline.js';
import { expectIdentity, numbersIn } from '../support/outcome.js';
import { builtinOperator, foreign, runPipeline } from '../support/pipeline.js';
import { numbers, numbersSource, packNumbers } from '../support/schema.js';
import { keepEven, watModule, watOperator } from '../support/wat.js';

const batch = (count: number, first: number) => ({ ds: 0, rows: count, records: packNumbers(numbers(count, first)) });
const batches = (count: number, rows = 100) => Array.from({ length: count }, (_, i) => batch(rows, i * rows));

test('every record reaches the sink once, in order', async () => {
	const outcome = await runPipeline({ sources: [numbersSource()], batches: batches(20), operators: [await builtinOperator('json')] });
	expect(outcome.end).toEqual({ reason: 'finished' });
	expect(numbersIn(outcome)).toEqual(Array.from({ length: 2000 }, (_, i) => i));
	expect(outcome.stats).toMatchObject({ submitted: 2000, delivered: 2000, filtered: 0, lost: 0, dropped: 0 });
});

test('a worker that was started before serves the first pipeline that comes, and no other', async () => {
	warmUp();
	warmUp();
	const run = async () => runPipeline({ sources: [numbersSource()], batches: batches(2), operators: [await builtinOperator('json')] });
	const outcomes = [await run(), await run()];
	for (const outcome of outcomes) expect(numbersIn(outcome)).toEqual(Array.from({ length: 200 }, (_, i) => i));
});

test('an operator of the user filters before the formatter', async () => {
	const module = await watModule(keepEven, 'even.wasm');
	const operators = [foreign(module, 1), await builtinOperator('json')];
	const outcome = await runPipeline({ sources: [numbersSource()], batches: batches(3), modules: [module], operators });
	expect(numbersIn(outcome)).toEqual(Array.from({ length: 150 }, (_, i) => 2 * i));
	expect(outcome.stats).toMatchObject({ submitted: 300, delivered: 150, filtered: 150 });
	expectIdentity(outcome);
});

test('operators see what those before them left: two halvings keep every fourth', async () => {
	const module = await watModule(keepEven, 'even.wasm');
	const operators = [foreign(module, 1, { name: 'a' }), foreign(module, 2, { name: 'b' }), await builtinOperator('json')];
	const outcome = await runPipeline({ sources: [numbersSource()], batches: batches(2), modules: [module, module], operators });
	expect(numbersIn(outcome)).toEqual(Array.from({ length: 50 }, (_, i) => 4 * i));
	expect(outcome.stats.operators.map(({ rowsIn, rowsOut }) => [rowsIn, rowsOut])).toEqual([
		[200, 100],
		[100, 50],
		[50, 50],
	]);
});

test('a batch that is larger than the limit comes in parts', async () => {
	const outcome = await runPipeline({
		sources: [numbersSource()],
		batches: [batch(1000, 0)],
		operators: [await builtinOperator('json')],
		batch: { maxRows: 64 },
	});
	expect(numbersIn(outcome)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
	expect(outcome.stats.operators[0]?.batches).toBe(16);
});

test('with no formatter, rows at the end of the chain count as delivered', async () => {
	const outcome = await runPipeline({ sources: [numbersSource()], batches: batches(2), operators: [] });
	expect(outcome.output).toBe('');
	expect(outcome.stats).toMatchObject({ submitted: 200, delivered: 200 });
});

test('an operator sees the fields that its manifest names, and no others', async () => {
	// Keeps a row when its number, which it did not ask for, is zero: in its copy, all are.
	const nosy = await watModule(
		watOperator({
			batch: `(local $i i32) (local $n i32) (local $kept i32) (local $row i32)
			(local.set $n (i32.load offset=44 (local.get $batch)))
			(block $done (loop $next
				(br_if $done (i32.ge_u (local.get $i) (local.get $n)))
				(local.set $row (i32.add (i32.add (local.get $batch) (i32.load offset=28 (local.get $batch)))
					(i32.mul (local.get $i) (i32.load offset=24 (local.get $batch)))))
				(if (i32.eqz (i32.load (local.get $row))) (then
					(i32.store (i32.add (i32.add (local.get $batch) (i32.load offset=40 (local.get $batch))) (i32.shl (local.get $kept) (i32.const 2))) (local.get $i))
					(local.set $kept (i32.add (local.get $kept) (i32.const 1)))))
				(local.set $i (i32.add (local.get $i) (i32.const 1)))
				(br $next)))
			(i32.store offset=44 (local.get $batch) (local.get $kept))
			(i32.const 0)`,
		}),
		'nosy.wasm',
	);
	const run = async (fields?: string[]) =>
		runPipeline({
			sources: [numbersSource()],
			batches: [batch(10, 0)],
			modules: [nosy],
			operators: [foreign(nosy, 1, fields === undefined ? {} : { fields }), await builtinOperator('json')],
		});
	expect(numbersIn(await run())).toEqual([0]);
	expect(numbersIn(await run(['pid']))).toHaveLength(10);
});

test('a field in the manifest that is not there ends the run before it starts', async () => {
	const module = await watModule(keepEven, 'even.wasm');
	const operators = [foreign(module, 1, { fields: ['nope'] })];
	const { end } = await runPipeline({ sources: [numbersSource()], batches: batches(1), modules: [module], operators });
	expect(end).toMatchObject({ reason: 'failed', error: { code: 'IG_OPERATOR_INIT' } });
});
