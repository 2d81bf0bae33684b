/** One operator per language and door, in the real pipeline, over the same rows: they must do what the Rust one does. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadModule } from '../../host/operator/load.js';
import type { DataSource } from '../../host/schema.js';
import { expectIdentity } from '../support/outcome.js';
import { builtinOperator, foreign, type Outcome, root, runPipeline } from '../support/pipeline.js';
import { numbersSource, packNumbers } from '../support/schema.js';

const example = (name: string): string => join(root, 'dist/examples', `${name}.wasm`);

/** trace_open's names on the small record: u64 number, u32 proc.pid, u32 uid, and a text. */
function opens(text = 'fname'): DataSource {
	const source = numbersSource();
	const names = new Map([
		['pid', 'proc.pid'],
		['comm', text],
	]);
	return { ...source, name: 'open', fields: source.fields.map((field) => ({ ...field, name: names.get(field.name) ?? field.name })) };
}

const files = ['/etc/passwd', '/etc/hosts.conf', '/usr/lib/x.so', 'relative', '/tmp/a/b.txt'];
const rows = Array.from({ length: 400 }, (_, i) => ({ number: i, pid: 1 + (i % 3), uid: 0, comm: files[i % files.length] as string }));
const batches = [0, 100, 200, 300].map((first) => ({ ds: 0, rows: 100, records: packNumbers(rows.slice(first, first + 100)) }));

async function play(name: string, params: Record<string, string> = {}, source = opens(), grants?: readonly string[]): Promise<Outcome> {
	const module = await loadModule(example(name));
	const json = { ...(await builtinOperator('json')), emittedSources: ['opens'] };
	const operators = [foreign(module, 1, { params, ...(grants && { grants }) }), json];
	return runPipeline({ sources: [source], batches, modules: [module], operators, deadlineMs: 5000 });
}

const lines = ({ output }: Outcome): Record<string, unknown>[] =>
	output
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => JSON.parse(line) as Record<string, unknown>);

/** Why an example may be missing: it needs tools that `make test-fixtures` did not find. */
const needs: Readonly<Record<string, string>> = {
	'go-filter': 'this machine has no Go 1.24 or later',
	'c-filter': 'this machine has no clang with wasi-libc',
	'rust-busiest': 'this machine has no Rust for wasm32-wasip1',
};

function skipWithout(name: string, skip: (reason: string) => void): void {
	const reason = needs[name];
	if (reason !== undefined && !existsSync(example(name))) skip(reason);
}

describe.each(['rust-filter', 'c-filter', 'go-filter', 'js-filter'])('%s', (name) => {
	test('keeps what its parameters say', async (context) => {
		skipWithout(name, context.skip);
		const outcome = await play(name, { prefix: '/etc', pid: '2' });
		expect(outcome.log).toEqual([]);
		const wanted = rows.filter(({ comm, pid }) => comm.startsWith('/etc') && pid === 2).map(({ number }) => number);
		expect(lines(outcome).map(({ number }) => number)).toEqual(wanted);
		expectIdentity(outcome);
		expect(outcome.stats.operators[0]).toMatchObject({ rowsIn: 400, rowsOut: wanted.length, errors: 0, state: 'running' });
	});
});

test.for([
	['rust-filter', 'core'],
	['rust-busiest', 'wasi'],
	['rust-directory', 'component'],
	['js-filter', 'component'],
] as const)('the door of %s is seen from the file: %s', async ([name, door], context) => {
	skipWithout(name, context.skip);
	expect((await loadModule(example(name))).door).toBe(door);
});

test('a WASI module has a clock, random hashes, and println! as lines of the log', async (context) => {
	skipWithout('rust-busiest', context.skip);
	const { log, end } = await play('rust-busiest', {}, opens('proc.comm'));
	expect(end).toEqual({ reason: 'finished' });
	expect(log).toEqual([expect.stringMatching(/^info: busiest: \S+ was busiest: 80 events in \d+\.\d s$/)]);
});

test('a component in Rust adds a column', async () => {
	const outcome = await play('rust-directory');
	expect(outcome.log).toEqual([]);
	expect(
		lines(outcome)
			.map(({ fname, directory }) => [fname, directory])
			.slice(0, 5),
	).toEqual([
		['/etc/passwd', '/etc'],
		['/etc/hosts.conf', '/etc'],
		['/usr/lib/x.so', '/usr/lib'],
		['relative', ''],
		['/tmp/a/b.txt', '/tmp/a'],
	]);
});

test('a component in JavaScript adds a column', async () => {
	const outcome = await play('js-enrich');
	expect(outcome.log).toEqual([]);
	expect(
		lines(outcome)
			.map(({ ending }) => ending)
			.slice(0, 5),
	).toEqual(['', 'conf', 'so', '', 'txt']);
});

test('a component in JavaScript has data sources and metrics of its own', async () => {
	const { log, stats, output } = await play('js-aggregate', {}, opens('proc.comm'), ['emit:opens', 'metric']);
	expect(log).toEqual([]);
	expect(stats.metrics).toMatchObject([
		{ operator: 'js-aggregate', name: 'seen', kind: 'counter', value: 400 },
		{ name: 'under-way', kind: 'gauge' },
	]);
	expect(stats.emitted).toMatchObject({ emitted: files.length, delivered: files.length });
	const counts = output.split('\n').flatMap((line) => (line.includes('"count"') ? [JSON.parse(line) as Record<string, unknown>] : []));
	expect(counts).toEqual(files.map((comm) => ({ comm: comm.slice(0, 15), count: 80 })));
});

test('a component without the grants says what it lacks', async () => {
	const { end, log } = await play('js-aggregate', {}, opens('proc.comm'), []);
	expect(end).toMatchObject({ reason: 'failed', error: { code: 'IG_OPERATOR_INIT' } });
	expect(`${(end as { error: Error }).error.message} ${log.join()}`).toMatch(/notcapable/);
});

test('a component says what is wrong with its data source', async () => {
	const module = await loadModule(example('rust-directory'));
	const source = { ...numbersSource(), name: 'numbers' };
	const { end } = await runPipeline({ sources: [source], batches, modules: [module], operators: [foreign(module, 1)] });
	expect(end).toMatchObject({ reason: 'failed', error: { code: 'IG_OPERATOR_INIT' } });
	expect((end as { error: Error }).error.message).toContain('no data source has a field fname');
});

test.for(['go-filter', 'js-filter', 'rust-directory'])('%s stays below its memory limit', async (name, context) => {
	skipWithout(name, context.skip);
	const { maxMemory } = await loadModule(example(name));
	const { stats } = await play(name);
	expect(stats.operators[0]?.memoryBytes).toBeGreaterThan(0);
	expect(stats.operators[0]?.memoryBytes).toBeLessThanOrEqual(maxMemory);
});
