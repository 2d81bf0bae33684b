import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Cache } from '../../host/operator/component/cache.js';
import type { Translated } from '../../host/operator/component/translate.js';

let scratch: string;
let directory: string;
beforeEach(() => {
	scratch = mkdtempSync(join(tmpdir(), 'ig-cache-'));
	directory = join(scratch, 'ig', 'components');
});
afterEach(() => rmSync(scratch, { recursive: true }));

/** The second core module stands in it. */
const component = Uint8Array.of(1, 7, 8, 9, 2, 3);
const translated: Translated = {
	script: 'export function instantiate() {}',
	cores: [
		{ name: 'operator.core.wasm', bytes: Buffer.from([0, 1, 2, 3]) },
		{ name: 'operator.core2.wasm', bytes: Buffer.from([7, 8, 9]) },
	],
	imports: ['ig:operator/host'],
	exports: ['ig:operator/operator@1.0.0'],
};
const cache = (tool = 'jco 1', of = component): Cache => new Cache(of, tool, directory);
const file = (): string => join(directory, readdirSync(directory)[0] as string);

test('what was put is what comes back', async () => {
	expect(await cache().get()).toBeUndefined();
	await cache().put(translated);
	expect(await cache().get()).toEqual(translated);
});

test('what stands in the component is not kept twice', async () => {
	await cache().put(translated);
	const bytes = readFileSync(file());
	expect(bytes.includes(Buffer.from([0, 1, 2, 3]))).toBe(true);
	expect(bytes.includes(Buffer.from([7, 8, 9]))).toBe(false);
});

test('another component, or another tool, has another place', async () => {
	await cache().put(translated);
	expect(await cache('jco 2').get()).toBeUndefined();
	expect(await cache('jco 1', Uint8Array.of(3)).get()).toBeUndefined();
});

test('only its owner can read and write it', async () => {
	await cache().put(translated);
	expect(statSync(directory).mode & 0o777).toBe(0o700);
	expect(statSync(file()).mode & 0o777).toBe(0o600);
});

test.each([
	['changed', (bytes: Buffer) => bytes.fill('x', 60, 61)],
	['cut short', (bytes: Buffer) => bytes.subarray(0, 40)],
	['empty', () => Buffer.alloc(0)],
])('an entry that is %s is as if there were none, and is made again', async (_, damage) => {
	await cache().put(translated);
	writeFileSync(file(), damage(readFileSync(file())));
	expect(await cache().get()).toBeUndefined();
	await cache().put(translated);
	expect(await cache().get()).toEqual(translated);
});

test('a directory that others can write to is not used', async () => {
	await cache().put(translated);
	chmodSync(directory, 0o777);
	expect(await cache().get()).toBeUndefined();
});

test('a link in the place of an entry is not followed', async () => {
	await cache().put(translated);
	const real = join(scratch, 'real');
	writeFileSync(real, readFileSync(file()));
	const entry = file();
	rmSync(entry);
	symlinkSync(real, entry);
	expect(await cache().get()).toBeUndefined();
});

test('a place that cannot be written to is no failure', async () => {
	writeFileSync(join(scratch, 'ig'), 'a file where the directory should be');
	await cache().put(translated);
	expect(await cache().get()).toBeUndefined();
});
