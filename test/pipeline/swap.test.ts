/** Another version of a module takes over while batches run. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BATCH } from '../../host/cli/session.js';
import { type LoadedModule, modulePlan } from '../../host/operator/module.js';
import { startPipeline } from '../../host/pipeline/pipeline.js';
import type { OperatorPlan, Pipeline, PipelinePlan } from '../../host/pipeline/plan.js';
import { counter } from '../support/counter.js';
import { builtinModule, builtinOperator, foreign, writeRecording, within } from '../support/pipeline.js';
import { numbers, numbersSource, packNumbers } from '../support/schema.js';
import { keepEven, watModule, watOperator } from '../support/wat.js';

const ROWS = 16;

const dir = mkdtempSync(join(tmpdir(), 'ig-swap-'));
const recording = join(dir, 'in.rec');
// Two minutes of it: the tests stop when they have seen enough.
writeRecording(
	recording,
	[numbersSource()],
	Array.from({ length: 60_000 }, (_, i) => ({ ds: 0, rows: ROWS, records: packNumbers(numbers(ROWS, i * ROWS)) })),
	2_000_000n,
);
afterAll(() => rmSync(dir, { recursive: true }));

interface Row {
	readonly number: number;
	readonly count?: number;
}

interface Playing {
	readonly pipeline: Pipeline;
	readonly log: readonly string[];
	/** Another version of the module. */
	swap(module: LoadedModule): ReturnType<Pipeline['swap']>;
	/** Ends it. The rows that came out, and how many went in. */
	stop(): Promise<{ readonly rows: readonly Row[]; readonly text: string; readonly submitted: number }>;
}

let played = 0;

async function until(condition: () => boolean): Promise<void> {
	while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Numbers through `module` and an output, a batch every other millisecond; it has begun. */
async function play(module: LoadedModule, changes: Partial<OperatorPlan> = {}, deadlineMs = 250): Promise<Playing> {
	const out = join(dir, `out-${++played}`);
	const fd = openSync(out, 'w');
	const log: string[] = [];
	const own = { ...changes, limits: within(deadlineMs) };
	const operators = [foreign(module, 1, own)];
	if (changes.kind !== 'format') operators.push(await builtinOperator('json'));
	const plan: PipelinePlan = {
		...{ dataSources: [numbersSource()], source: { kind: 'recording', path: recording, realtime: true }, outputFd: fd },
		...{ modules: [await builtinModule(), module].map(modulePlan), operators, batch: BATCH },
	};
	const pipeline = startPipeline(plan, { onLog: (level, text) => log.push(`${level}: ${text}`) });
	await until(() => pipeline.stats().delivered > 0);
	return {
		pipeline,
		log,
		swap: (next) => pipeline.swap(1, modulePlan(next), operators.with(0, foreign(next, 1, own))),
		stop: async () => {
			const { delivered: before } = pipeline.stats();
			await until(() => pipeline.stats().delivered > before);
			pipeline.stop();
			expect(await pipeline.ended).toEqual({ reason: 'stopped' });
			closeSync(fd);
			const { submitted, delivered, filtered, lost, dropped } = pipeline.stats();
			expect(delivered + filtered + lost + dropped).toBe(submitted);
			const text = readFileSync(out, 'utf8');
			const rows = text.startsWith('{') ? text.trim().split('\n') : [];
			return { rows: rows.map((line) => JSON.parse(line) as Row), text, submitted };
		},
	};
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test('swapped a hundred times under load, every row comes out once, and the state goes along', { timeout: 180_000 }, async () => {
	const versions = [await watModule(counter(), 'one.wasm'), await watModule(counter({ init: '(nop)' }), 'two.wasm')] as const;
	const playing = await play(versions[0]);
	for (let i = 1; i <= 100; i++) {
		const result = await playing.swap(versions[i % 2 === 0 ? 0 : 1]);
		expect(result).toHaveProperty('milliseconds');
	}
	const { rows, submitted } = await playing.stop();
	expect(rows.map(({ number }) => number)).toEqual(upTo(submitted));
	expect(rows.map(({ count }) => count)).toEqual(upTo(submitted));
	expect(playing.log).toEqual([]);
});

const refusals: readonly [string, string, RegExp][] = [
	['traps in its init', counter({ init: '(unreachable)' }), /failed in ig_init: unreachable/],
	['never returns from its init', counter({ init: '(loop (br 0))' }), /took more than 100 ms in ig_init/],
	['adds another field', counter().replace('"count"', '"total"'), /adds numbers\.total, which the running version does not/],
	['adds no field', keepEven, /no longer adds numbers\.count/],
	['traps when it gets the state', counter({ restore: '(unreachable)' }), /failed in ig_state_restore: unreachable/],
	[
		'never returns when it gets the state',
		counter({ restore: '(loop (br 0)) (i32.const 0)' }),
		/took more than 100 ms in ig_state_restore/,
	],
];

test.each(refusals)('a version that %s leaves the old one running', async (what, text, reason) => {
	const playing = await play(await watModule(counter(), 'old.wasm'), {}, 100);
	const result = await playing.swap(await watModule(text, 'new.wasm'));
	expect(result).toEqual({ reason: expect.stringMatching(reason) as unknown });
	const { rows, submitted } = await playing.stop();
	expect(rows.map(({ number }) => number)).toEqual(upTo(submitted));
	// A loop costs the thread, and with it the count that was in its memory.
	if (!what.includes('never returns when')) expect(rows.map(({ count }) => count)).toEqual(upTo(submitted));
	expect(playing.pipeline.stats().operators[0]?.state).toBe('running');
});

const losses: readonly [string, string, string][] = [
	['the old one traps', counter({ save: '(unreachable)' }), counter()],
	['the old one never returns', counter({ save: '(loop (br 0)) (i32.const 0)' }), counter()],
	[
		'the old one gives what is not in its memory',
		counter({ save: '(i32.store (local.get $out) (i32.const -8)) (i32.store offset=4 (local.get $out) (i32.const 16)) (i32.const 0)' }),
		counter(),
	],
	['the old one gives too much', counter({ save: '(i32.store offset=4 (local.get $out) (i32.const 4194305)) (i32.const 0)' }), counter()],
	['the new one does not know it', counter(), counter({ restore: '(i32.const 65)' })],
];

test.each(losses)('without the state when %s', async (_, old, next) => {
	const playing = await play(await watModule(old, 'new.wasm'), {}, 100);
	expect(await playing.swap(await watModule(next, 'new.wasm'))).toHaveProperty('milliseconds');
	const { rows, submitted } = await playing.stop();
	expect(rows.map(({ number }) => number)).toEqual(upTo(submitted));
	expect(rows.at(-1)?.count).toBeLessThan(submitted - 1);
	expect(playing.log).toEqual([expect.stringMatching(/^warn: operator new .*the new version begins without the old one's state$/)]);
});

test('an operator that is out of the run comes back with a version that works', async () => {
	const playing = await play(await watModule(watOperator({ batch: '(unreachable)' }), 'op.wasm'));
	await until(() => playing.pipeline.stats().operators[0]?.state === 'quarantined');
	expect(await playing.swap(await watModule(keepEven, 'op.wasm'))).toHaveProperty('milliseconds');
	expect(playing.pipeline.stats().operators[0]).toMatchObject({ state: 'running', errors: 3 });
	const { filtered } = playing.pipeline.stats();
	await until(() => playing.pipeline.stats().filtered > filtered + 100);
	const { rows, submitted } = await playing.stop();
	expect(rows.length).toBeLessThan(submitted);
	expect(rows.slice(-50).every(({ number }) => number % 2 === 0)).toBe(true);
});

/** Writes `text` when it starts, and `end` when it stops. */
function sink(text: string, end: string): string {
	const says = (name: string, at: number, size: number): string => `(func (export "${name}") (param i32) (param $batch i32) (result i32)
		(i32.store offset=104 (local.get $batch) (i32.const ${at})) (i32.store offset=108 (local.get $batch) (i32.const ${size})) (i32.const 0))`;
	return watOperator({
		globals: `(data (i32.const 16) "${text}") (data (i32.const 32) "${end}")`,
		more: says('ig_start', 16, text.length) + says('ig_stop', 32, end.length),
	});
}

test('an operator without state ends as ever, and the new one begins', async () => {
	const playing = await play(await watModule(sink('<a', 'a>'), 'a.wasm'), { kind: 'format' });
	expect(await playing.swap(await watModule(sink('<b', 'b>'), 'b.wasm'))).toHaveProperty('milliseconds');
	expect((await playing.stop()).text).toBe('<aa><bb>');
});

test('when the thread is lost later, the new version is started again, not the old one', async () => {
	const first = '(i32.store offset=44 (local.get $batch) (i32.const 1)) (i32.const 0)';
	const loops = `(if (i32.eq (i32.and (i32.load offset=64 (local.get $batch)) (i32.const 127)) (i32.const 127)) (then (loop (br 0)))) ${first}`;
	const playing = await play(await watModule(keepEven, 'op.wasm'), {}, 100);
	expect(await playing.swap(await watModule(watOperator({ batch: loops }), 'op.wasm'))).toHaveProperty('milliseconds');
	await until(() => playing.log.length > 0);
	const { rows } = await playing.stop();
	const batch = Number(/batch (\d+) go on without it/.exec(playing.log[0] ?? '')?.[1]);
	const count = (sequence: number) => rows.filter(({ number }) => Math.floor(number / ROWS) === sequence).length;
	expect([count(batch - 1), count(batch), count(batch + 1)]).toEqual([1, ROWS, 1]);
});

const totals = readFileSync(new URL('../contract/totals.wat', import.meta.url), 'utf8');
const granted: Partial<OperatorPlan> = { name: 'totals', grants: ['emit:totals', 'metric'] };

test('what the old version emits with its last words counts, and the new one goes on emitting', async () => {
	const module = await watModule(totals, 'totals.wasm');
	const playing = await play(module, granted);
	expect(await playing.swap(await watModule(totals, 'totals.wasm'))).toHaveProperty('milliseconds');
	const { emitted, metrics } = playing.pipeline.stats();
	expect(emitted.emitted).toBeGreaterThan(0);
	expect(metrics[0]?.name).toBe('rows_per_batch');
	await playing.stop();
	const after = playing.pipeline.stats();
	expect(after.emitted.emitted).toBeGreaterThan(emitted.emitted);
	expect(after.emitted.delivered).toBe(after.emitted.emitted);
	expect(after.metrics[0]?.value).toBeGreaterThanOrEqual(metrics[0]?.value ?? 0);
	expect(playing.log).toEqual([]);
});

test('a version with other metrics or another data source does not take over', async () => {
	const playing = await play(await watModule(totals, 'totals.wasm'), granted);
	const counter = totals.replace('(i32.const 2) (i32.const 114)', '(i32.const 0) (i32.const 114)');
	expect(await playing.swap(await watModule(counter, 'totals.wasm'))).toMatchObject({
		reason: expect.stringMatching(/changes its metrics/),
	});
	const wider = totals.replace('(i32.const 1) (i32.const 24)))', '(i32.const 1) (i32.const 32)))');
	expect(wider).not.toBe(totals);
	expect(await playing.swap(await watModule(wider, 'totals.wasm'))).toHaveProperty('reason');
	await playing.stop();
});
