/** Builds for other doors take over from each other while batches run: the same filter as a core module, a WASI module and a component. */
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BATCH } from '../../host/cli/session.js';
import { loadModule } from '../../host/operator/load.js';
import { type LoadedModule, modulePlan } from '../../host/operator/module.js';
import { startPipeline } from '../../host/pipeline/pipeline.js';
import type { OperatorPlan, Pipeline } from '../../host/pipeline/plan.js';
import type { DataSource } from '../../host/schema.js';
import { builtinModule, builtinOperator, foreign, root, within, writeRecording } from '../support/pipeline.js';
import { numbersSource, packNumbers } from '../support/schema.js';

const ROWS = 16;
const names = new Map([
	['pid', 'proc.pid'],
	['comm', 'fname'],
]);

/** trace_open's names on the small record. */
function opens(renamed = names): DataSource {
	const source = numbersSource();
	return { ...source, name: 'open', fields: source.fields.map((field) => ({ ...field, name: renamed.get(field.name) ?? field.name })) };
}

const dir = mkdtempSync(join(tmpdir(), 'ig-swap-doors-'));
afterAll(() => rmSync(dir, { recursive: true }));
const recording = join(dir, 'in.rec');
/** Half of them are below /etc. */
const row = (number: number) => ({ number, pid: 1, uid: 0, comm: number % 2 === 0 ? '/etc/passwd' : '/tmp/x' });
// Two minutes of it: the tests stop when they have seen enough.
writeRecording(
	recording,
	[opens()],
	Array.from({ length: 24_000 }, (_, i) => ({
		ds: 0,
		rows: ROWS,
		records: packNumbers(Array.from({ length: ROWS }, (_, j) => row(i * ROWS + j))),
	})),
	5_000_000n,
);

const example = (name: string): Promise<LoadedModule> => loadModule(join(root, 'dist/examples', `${name}.wasm`));

async function rowsPassed(pipeline: Pipeline, more: number): Promise<void> {
	const { submitted } = pipeline.stats();
	while (pipeline.stats().submitted < submitted + more) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Runs the modules one after the other in the same place. @returns what came out, line by line, and the log */
async function relay(modules: readonly LoadedModule[], changes: Partial<OperatorPlan>, source = opens()) {
	const [first, ...others] = modules as [LoadedModule, ...LoadedModule[]];
	const out = join(dir, 'out');
	const fd = openSync(out, 'w');
	const log: string[] = [];
	const plan = (module: LoadedModule): OperatorPlan => foreign(module, 1, { name: 'one', limits: within(5000), ...changes });
	const json = { ...(await builtinOperator('json')), emittedSources: ['opens'] };
	const pipeline = startPipeline(
		{
			...{ dataSources: [source], source: { kind: 'recording', path: recording, realtime: true }, outputFd: fd, swaps: true },
			...{ modules: [await builtinModule(), first].map(modulePlan), operators: [plan(first), json], batch: BATCH },
		},
		{ onLog: (level, text) => log.push(`${level}: ${text}`) },
	);
	await rowsPassed(pipeline, 2 * ROWS);
	for (const next of others) {
		expect(await pipeline.swap(1, modulePlan(next), [plan(next), json])).toMatchObject({ milliseconds: expect.any(Number) });
		await rowsPassed(pipeline, 4 * ROWS);
	}
	pipeline.stop();
	expect(await pipeline.ended).toEqual({ reason: 'stopped' });
	closeSync(fd);
	const stats = pipeline.stats();
	expect(stats.delivered + stats.filtered + stats.lost + stats.dropped).toBe(stats.submitted);
	const lines = readFileSync(out, 'utf8').trim().split('\n');
	return { stats, log, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('from door to door, no row is lost or seen twice', async () => {
	const wasi = existsSync(join(root, 'dist/examples/c-filter.wasm')) ? ['c-filter'] : [];
	const modules = await Promise.all(['rust-filter', 'js-filter', ...wasi, 'js-filter', 'rust-filter'].map(example));
	const { stats, log, lines } = await relay(modules, { params: { prefix: '/etc', pid: '0' } });
	expect(log).toEqual([]);
	const below = Array.from({ length: stats.submitted / 2 }, (_, i) => 2 * i);
	expect(lines.map(({ number }) => number)).toEqual(below);
});

test('a component hands its state over to the next build', async () => {
	const module = await example('js-aggregate');
	const source = opens(new Map([['comm', 'proc.comm']]));
	const { stats, log, lines } = await relay([module, module, module], { grants: ['emit:opens', 'metric'] }, source);
	expect(log).toEqual(Array.from({ length: 2 }, () => expect.stringMatching(/^debug: one: goes on with \d commands$/)));
	const counted = lines.reduce((sum, { count }) => sum + Number(count ?? 0), 0);
	expect(counted).toBe(stats.submitted);
	expect(stats.metrics[0]).toMatchObject({ name: 'seen', value: stats.submitted });
});
