/** Every module of the table, against the real pipeline: the host lives, and nobody else notices. */
import { readdirSync } from 'node:fs';
import { parse } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { IgError } from '../../host/errors.js';
import { compileModule } from '../../host/operator/load.js';
import { wasm } from './modules.js';
import type { Outcome } from '../support/pipeline.js';
import { BATCHES, ROWS, runNumbers } from './run.js';
import { type Expected, type Hostile, hostile } from './table.js';

const ALL = BATCHES * ROWS;
const STRIKES = 3;
/** 16 MiB, the default limit. */
const MEMORY_LIMIT = 256 * 65536;
/** Lines that one operator may log in a run as short as these, whatever it tries. */
const MOST_LINES = 200;

let alone: Outcome;
beforeAll(async () => {
	alone = await runNumbers();
});

const of = (expected: Expected) =>
	hostile.filter((entry) => entry.expected === expected).map((entry) => [`${entry.name}: ${entry.does}`, entry] as const);
const load = async ({ name, file = name, manifest, make }: Hostile) => compileModule(await wasm(file, manifest, make), `${name}.wasm`);

async function play(entry: Hostile): Promise<Outcome> {
	const { name, tables, format, ticks, world } = entry;
	return runNumbers(
		await load(entry),
		{ name, ...(tables && { tables }), ...(world && { world }), ...(format && { kind: 'format' }) },
		ticks,
	);
}

function expectIdentity({ stats }: Outcome): void {
	expect(stats.submitted).toBe(ALL);
	expect(stats.delivered + stats.filtered + stats.lost + stats.dropped).toBe(ALL);
}

/** The witness saw every row, as if it had been alone. */
function expectUnharmed(outcome: Outcome, entry: Hostile): void {
	expect(outcome.end).toEqual({ reason: 'finished' });
	expectIdentity(outcome);
	if (entry.format) {
		expect(outcome.stats.dropped).toBe(ALL);
		expect(outcome.output).toHaveLength(0);
	} else {
		expect(outcome.stats.delivered).toBe(ALL);
		expect(outcome.output === alone.output).toBe(true);
	}
}

test('the table names every module of the folder, and each of them once', () => {
	const sources = /\.wat$|^rust-.*\.rs$|^as-.*\.ts$/;
	const files = ['.', 'rust', 'assemblyscript']
		.flatMap((folder) => readdirSync(new URL(`${folder}/`, import.meta.url)))
		.filter((file) => sources.test(file));
	const named = new Set(['home', 'witness', ...hostile.flatMap(({ name, file = name, make }) => (make ? [] : [file]))]);
	expect(files.map((file) => parse(file).name).sort()).toEqual([...named].sort());
	expect(new Set(hostile.map(({ name }) => name)).size).toBe(hostile.length);
});

test('the witness, alone, sees all rows', () => {
	expect(alone.end).toEqual({ reason: 'finished' });
	expect(alone.stats).toMatchObject({ submitted: ALL, delivered: ALL, filtered: 0, lost: 0, dropped: 0 });
	expect(alone.output.length).toBeGreaterThanOrEqual(ALL * 32);
});

describe('refused when it is loaded', () => {
	test.each(of('refused-at-load'))('%s', async (_, entry) => {
		const error = await load(entry).then(
			() => undefined,
			(cause: unknown) => cause,
		);
		expect(error).toBeInstanceOf(IgError);
		expect((error as IgError).code).toBe(entry.code);
		expect((error as IgError).message).toMatch(entry.message as RegExp);
		expect((error as IgError).message, 'one line').not.toContain('\n');
	});
});

describe('the run does not start', () => {
	test.each(of('init-error'))('%s', async (_, entry) => {
		const { end, output } = await play(entry);
		expect(end).toMatchObject({ reason: 'failed', error: { code: entry.code } });
		const { message } = (end as { error: Error }).error;
		expect(message).toMatch(entry.message as RegExp);
		expect(message, 'names the operator').toContain(entry.name);
		expect(output).toHaveLength(0);
	});
});

describe('cut off', () => {
	test.each(of('cut-off'))('%s', async (_, entry) => {
		const { strikes = STRIKES, state = 'quarantined' } = entry;
		const outcome = await play(entry);
		expectUnharmed(outcome, entry);
		const lines = outcome.log.filter((line) => line.includes(`operator ${entry.name} `) && entry.message?.test(line));
		expect(lines.length, outcome.log.join('\n')).toBeGreaterThanOrEqual(Math.max(strikes, 1));
		expect(lines.length).toBeLessThanOrEqual(STRIKES);
		const [stats] = outcome.stats.operators;
		expect(stats).toMatchObject({ errors: strikes, state });
	});
});

describe('harmless', () => {
	test.each(of('harmless'))('%s', async (_, entry) => {
		const outcome = await play(entry);
		expectUnharmed(outcome, entry);
		const [stats] = outcome.stats.operators;
		expect(stats).toMatchObject({ errors: 0, state: 'running' });
		expect(stats?.memoryBytes).toBeLessThanOrEqual(entry.memory ?? MEMORY_LIMIT);
		expect(outcome.log.length).toBeLessThanOrEqual(MOST_LINES);
		if (entry.message) for (const line of outcome.log) expect(line).toMatch(entry.message);
	});
});

describe('what onError says', () => {
	const trap = hostile.find(({ name }) => name === 'trap-in-batch') as Hostile;

	test('drop: the rows of every batch are dropped and counted', async () => {
		const outcome = await runNumbers(await load(trap), { onError: 'drop' });
		expect(outcome.end).toEqual({ reason: 'finished' });
		expectIdentity(outcome);
		expect(outcome.stats).toMatchObject({ delivered: 0, dropped: ALL });
		expect(outcome.stats.operators[0]).toMatchObject({ dropped: ALL, state: 'quarantined' });
	});

	test('stop: the run ends with an error that names the operator', async () => {
		const outcome = await runNumbers(await load(trap), { onError: 'stop', name: 'trap' });
		expect(outcome.end).toMatchObject({ reason: 'failed', error: { code: 'IG_OPERATOR_FAILED' } });
		expect((outcome.end as { error: Error }).error.message).toMatch(/operator trap failed in ig_batch: unreachable/);
		expectIdentity(outcome);
	});
});
