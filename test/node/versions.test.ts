/** The oldest Node.js that package.json allows, and the newest: whatever the tests themselves run on. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ig } from '../support/cli.js';
import { root } from '../support/pipeline.js';

const versions = readFileSync(join(root, 'test/node/versions'), 'utf8').trim().split('\n');
const binary = (version: string): string => join(root, 'dist/node', version, 'bin/node');

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'ig-node-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('begins with the oldest that package.json allows', () => {
	const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };
	expect(`>=${versions[0]}`.startsWith(engines.node)).toBe(true);
});

describe.each(versions)('Node.js %s', (version) => {
	it('runs a gadget, through an operator of its user, and plays the recording', async (context) => {
		if (!existsSync(binary(version))) context.skip('test/node/setup.sh installs it');
		const file = join(folder, `opened-${version}`);
		const recording = join(folder, `${version}.rec`);
		const node = binary(version);
		writeFileSync(file, '');
		const operator = join(root, 'dist/examples/as-filter.wasm');
		const options = ['--wasm-operator', `${operator},prefix=${folder}`, '--filter', `fname==${file}`, '-o', 'json'];

		const run = new Ig(['run', 'trace_open', '--comm', 'cat', '--record', recording, '-v', ...options], { node });
		await run.until('running...');
		execFileSync('/bin/cat', [file]);
		await run.until(file, 'stdout');
		run.signal('SIGINT');
		const live = await run.done;
		expect(live.code).toBe(0);

		const replay = await new Ig(['replay', recording, ...options], { node }).done;
		expect(replay).toEqual({ code: 0, stdout: live.stdout, stderr: '' });
	});
});
