/** Operators that were written from docs/operator-abi.md alone, without an SDK, do their work on the running kernel. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeSample } from '../../host/cli/operator/sample.js';
import { ig } from '../support/cli.js';
import { fixture, igDuring, jsonLines } from '../support/live.js';
import { root } from '../support/pipeline.js';

const opener = fixture('opener');
const module = (name: string): string => join(root, 'dist/contract', `${name}.wasm`);
const opens = ['/etc/hosts', '/nowhere', '/etc/passwd'];

interface Event {
	readonly fname: string;
	readonly proc: { readonly comm: string; readonly pid: number };
	readonly shout: string;
	readonly known: boolean;
}

/** `ig run trace_open` through the operator, while two processes of a command open files. */
const run = (operator: string, ...flags: string[]) =>
	igDuring(['trace_open', '--wasm-operator', operator, ...flags], () => {
		for (let i = 0; i < 2; i++)
			execFileSync(
				opener,
				opens.map((path) => `openat:0:0:${path}`),
			);
	});

describe('in C', () => {
	test('keeps what its parameter says, sorts, and adds columns', async () => {
		const result = await run(`${module('keeper')},comm=opener`, '-o', 'json');
		const events = jsonLines<Event>(result).filter(({ fname }) => opens.includes(fname));
		expect(events).toHaveLength(6);
		expect(events.every(({ proc, shout, known }) => proc.comm === 'opener' && shout === 'OPENER' && known)).toBe(true);
	});

	test('sorts the rows of a batch by process id, the highest first', async () => {
		const recording = join(mkdtempSync(join(tmpdir(), 'ig-contract-')), 'opens.rec');
		await writeSample(recording);
		const pids = async (...operator: string[]): Promise<number[]> =>
			jsonLines<Event>(await ig(['replay', recording, ...operator, '-o', 'json'])).map(({ proc }) => proc.pid);
		const asRecorded = await pids();
		// Batches of eight rows and of four.
		const sorted = [asRecorded.slice(0, 8), asRecorded.slice(8)].flatMap((batch) => batch.toSorted((a, b) => b - a));
		expect(sorted).not.toEqual(asRecorded);
		expect(await pids('--wasm-operator', module('keeper'))).toEqual(sorted);
		rmSync(dirname(recording), { recursive: true });
	});

	test('with the grant, writes to a map, reads it, and takes out what it put in', async () => {
		const { stderr, code } = await run(`${module('keeper')},comm=opener,map=start`, '--grant', 'keeper=map:start:rw', '-o', 'none');
		expect(code).toBe(0);
		const lines = stderr.match(/(?<=keeper: ).*/g);
		expect(lines).toEqual([
			...['map_open 0', 'writable 1', 'map_update 0', 'map_lookup 0', 'value 42'],
			...['map_read 1', 'map_delete 0', 'gone -44', 'bad handle -8'],
		]);
	});

	test('granted to be read, a map cannot be written', async () => {
		const { stderr } = await run(`${module('keeper')},map=start`, '--grant', 'keeper=map:start', '-o', 'none');
		expect(stderr.match(/(?<=keeper: ).*/g)).toEqual(expect.arrayContaining(['writable 0', 'map_update -76', 'map_delete -76']));
	});

	test('without the grant, it is told so, and so is the user', async () => {
		const { stderr, code } = await run(`${module('keeper')},comm=opener,map=start`, '-o', 'none');
		expect(code).toBe(0);
		expect(stderr).toContain('operator keeper asks for map:start:rw and does not get it; to grant it: --grant keeper=map:start:rw');
		expect(stderr.match(/(?<=keeper: ).*/g)).toEqual(['map_open -76']);
	});

	test('a map that was not asked for cannot be opened, whatever is granted', async () => {
		const { stderr } = await run(`${module('keeper')},comm=opener,map=events`, '--grant', 'all', '-o', 'none');
		expect(stderr).toContain('warning: --grant all');
		expect(stderr.match(/(?<=keeper: ).*/g)).toEqual(['map_open -76']);
	});

	test('wrong names in --grant are wrong usage, with a guess', async () => {
		const { code, stderr } = await ig(['run', 'trace_open', '--wasm-operator', module('keeper'), '--grant', 'keepr=map:start']);
		expect(code).toBe(2);
		expect(stderr).toContain('did you mean keeper?');
	});
});

describe('in WebAssembly text', () => {
	test('emits its totals and keeps a metric', async () => {
		const { stdout, stderr, code } = await run(module('totals'), '-o', 'open:none,totals:json', '--comm', 'opener', '--stats');
		expect(code).toBe(0);
		const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { rows: number; call: string };
		const submitted = Number(/submitted (\d+)/.exec(stderr)?.[1]);
		expect(last).toMatchObject({ rows: submitted, call: 'stop' });
		expect(stderr).toMatch(/totals +rows_per_batch +histogram +\d+ values/);
	});

	test('goes on without the data source that the user took away', async () => {
		const { stdout, code } = await run(module('totals'), '--grant', 'totals=none', '-o', 'json', '--comm', 'opener');
		expect(code).toBe(0);
		expect(stdout).toContain('/etc/passwd');
		expect(stdout).not.toContain('batches');
	});
});
