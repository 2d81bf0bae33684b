import { describe, expect, test } from 'vitest';
import { expectIdentity, numbersIn } from '../support/outcome.js';
import { builtinOperator, foreign, type Outcome, runPipeline } from '../support/pipeline.js';
import { numbers, numbersSource, packNumbers } from '../support/schema.js';
import { keepEven, watModule, watOperator } from '../support/wat.js';

const batches = Array.from({ length: 10 }, (_, i) => ({ ds: 0, rows: 100, records: packNumbers(numbers(100, i * 100)) }));
const endless = '(loop $forever (br $forever)) (i32.const 0)';
/** Does `what` in its third batch, once per instance; the count survives only as long as the instance does. */
const inThirdBatch = (what: string) =>
	watOperator({
		globals: '(global $batches (mut i32) (i32.const 0))',
		batch: `(global.set $batches (i32.add (global.get $batches) (i32.const 1)))
			(if (i32.eq (i32.load offset=64 (local.get $batch)) (i32.const 2)) (then ${what}))
			(i32.const 0)`,
	});

async function runWith(wat: string, changes: Parameters<typeof foreign>[2] = {}): Promise<Outcome> {
	const module = await watModule(wat, 'bad.wasm');
	return runPipeline({
		sources: [numbersSource()],
		batches,
		modules: [module],
		operators: [foreign(module, 1, { name: 'bad', ...changes }), await builtinOperator('json')],
	});
}

const clean = runPipeline({ sources: [numbersSource()], batches, operators: [] });
/** The identity, over all of the records. */
function expectAll(outcome: Outcome): void {
	expectIdentity(outcome);
	expect(outcome.stats.submitted).toBe(1000);
}

describe.each([
	['a trap', 'unreachable', 'unreachable'],
	['an endless loop', '(loop $forever (br $forever))', 'took more than 250 ms'],
	['an errno', '(return (i32.const 28))', 'ig_batch returned EINVAL'],
	['a selection count past the rows', '(i32.store offset=44 (local.get $batch) (i32.const 101))', 'bad selected'],
])('%s in one batch', (_, what, message) => {
	test('passes the rows on, says so, and costs nothing else', async () => {
		const outcome = await runWith(inThirdBatch(what));
		expect(outcome.end).toEqual({ reason: 'finished' });
		expect(numbersIn(outcome)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
		expect(outcome.log).toHaveLength(1);
		expect(outcome.log[0]).toContain(message);
		expect(outcome.log[0]).toContain('operator bad');
		expect(outcome.log[0]).toContain('batch 2');
		expect(outcome.stats.operators[0]).toMatchObject({ errors: 1, state: 'running' });
		expectAll(outcome);
	});

	test('with onError drop, drops and counts the rows of that batch', async () => {
		const outcome = await runWith(inThirdBatch(what), { onError: 'drop' });
		expect(numbersIn(outcome)).toEqual(Array.from({ length: 1000 }, (_, i) => i).filter((i) => i < 200 || i >= 300));
		expect(outcome.stats).toMatchObject({ delivered: 900, dropped: 100 });
		expectAll(outcome);
	});

	test('with onError stop, ends the run; what came before is written', async () => {
		const outcome = await runWith(inThirdBatch(what), { onError: 'stop' });
		expect(outcome.end).toMatchObject({ reason: 'failed', error: { code: 'IG_OPERATOR_FAILED' } });
		expect(numbersIn(outcome)).toEqual(Array.from({ length: 200 }, (_, i) => i));
		expect(outcome.stats).toMatchObject({ delivered: 200, dropped: 800 });
		expectAll(outcome);
	});
});

test('after three failures an operator is out of the run', async () => {
	const outcome = await runWith(watOperator({ batch: 'unreachable' }));
	expect(outcome.log).toHaveLength(3);
	expect(outcome.log[2]).toContain('out of this run');
	expect(outcome.stats.operators[0]).toMatchObject({ errors: 3, state: 'quarantined' });
	expect(numbersIn(outcome)).toHaveLength(1000);
});

test('operators before and after a hanging one keep working', async () => {
	const [even, bad] = [await watModule(keepEven, 'even.wasm'), await watModule(inThirdBatch('(loop $forever (br $forever))'), 'bad.wasm')];
	const outcome = await runPipeline({
		sources: [numbersSource()],
		batches,
		modules: [even, bad],
		operators: [
			foreign(even, 1, { name: 'a' }),
			foreign(bad, 2, { name: 'bad' }),
			foreign(even, 1, { name: 'b' }),
			await builtinOperator('json'),
		],
	});
	expect(numbersIn(outcome)).toEqual(Array.from({ length: 250 }, (_, i) => 4 * i));
	expectAll(outcome);
});

test.each([
	['init returns an errno', watOperator({ init: '(i32.const 48)' }), 'ENOMEM'],
	['init never returns', watOperator({ init: endless }), 'took more than 3000 ms'],
	[
		'the start function never returns',
		watOperator({ more: '(func $s (loop $forever (br $forever))) (start $s)' }),
		'took more than 3000 ms',
	],
	['the start function traps', watOperator({ more: '(func $s unreachable) (start $s)' }), 'could not be started'],
	['ig_alloc has no room', watOperator({}).replace('(local.get $at))', '(i32.const 0))'), 'has no room'],
	['ig_alloc points outside', watOperator({}).replace('(local.get $at))', '(i32.const -16))'), 'outside of its memory'],
])('%s: the run does not start, and says why', async (_, wat, reason) => {
	const outcome = await runWith(wat);
	expect(outcome.end).toMatchObject({ reason: 'failed', error: { code: 'IG_OPERATOR_INIT', message: expect.stringContaining(reason) } });
	expect(outcome.output).toBe('');
});

test('the control: without operators nothing is filtered', async () => {
	expect((await clean).stats).toMatchObject({ submitted: 1000, delivered: 1000 });
});
