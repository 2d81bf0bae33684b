/** An operator that needs what it is granted, in the commands of its author. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { readCases } from '../../host/cli/operator/case.js';
import { play } from '../../host/cli/operator/play.js';
import { loadModule } from '../../host/operator/load.js';
import { ig } from '../support/cli.js';
import { root, writeRecording } from '../support/pipeline.js';
import { numbers, numbersSource, packNumbers } from '../support/schema.js';

const reach = join(root, 'dist/fixtures/c-reach.wasm');
const project = mkdtempSync(join(tmpdir(), 'ig-grants-'));
afterAll(() => rmSync(project, { recursive: true }));
const tests = join(project, 'tests');
mkdirSync(tests);
const recording = join(tests, 'in.rec');
writeRecording(recording, [numbersSource()], [{ ds: 0, rows: 4, records: packNumbers(numbers(4)) }]);
writeFileSync(join(tests, 'words.txt'), 'of the case');

beforeEach((context) => {
	if (!existsSync(reach)) context.skip('this machine has no clang with wasi-libc');
});

test('a case says what is granted, with files beside it', async () => {
	writeFileSync(join(tests, 'some.json'), JSON.stringify({ recording: 'in.rec', grants: ['file:/words=words.txt', 'env:IG_WORD=x'] }));
	const [one] = readCases(project, ['some']);
	const { log, end } = await play({ loaded: await loadModule(reach), ...(one as NonNullable<typeof one>) });
	expect(end).toEqual({ reason: 'finished' });
	expect(log).toEqual(expect.arrayContaining(['info: reach: read /words: e case', 'info: reach: IG_WORD: x']));
});

test('a case that grants what the operator does not ask for is a mistake', async () => {
	writeFileSync(join(tests, 'more.json'), JSON.stringify({ recording: 'in.rec', grants: ['file:/more=words.txt'] }));
	const [one] = readCases(project, ['more']);
	const loaded = await loadModule(reach);
	await expect(play({ loaded, ...(one as NonNullable<typeof one>) })).rejects.toThrow(/which reach does not ask for/);
});

test.each(['inspect', 'bench'])('%s takes --grant, as a run does', async (command) => {
	const flags = ['--recording', recording, '--grant', `reach=file:/words=${join(tests, 'words.txt')}`];
	const { stdout, stderr, code } = await ig(['operator', command, reach, ...flags, ...(command === 'bench' ? ['--time', '0.1'] : [])]);
	expect({ code, stderr }).toMatchObject({ code: 0 });
	expect(stdout + stderr).toContain('read /words: e case');
});
