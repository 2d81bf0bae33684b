import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Ig, ig } from '../support/cli.js';
import { writeRecording } from '../support/pipeline.js';
import { numbers, numbersSource, packNumbers } from '../support/schema.js';
import { watOperator, watToWasm } from '../support/wat.js';

const dir = mkdtempSync(join(tmpdir(), 'ig-watch-'));
afterAll(() => rmSync(dir, { recursive: true }));

const ROWS = 10;
const recording = join(dir, 'in.rec');
const batches = Array.from({ length: 60_000 }, (_, i) => ({ ds: 0, rows: ROWS, records: packNumbers(numbers(ROWS, i * ROWS)) }));
writeRecording(recording, [numbersSource()], batches, 2_000_000n);

/** Keeps the first `count` rows of each batch; `manifest`: the text of its custom section. */
function first(count: number, manifest = ''): Uint8Array {
	const batch = `(i32.store offset=44 (local.get $batch) (i32.const ${count})) (i32.const 0)`;
	const wasm = watToWasm(watOperator({ batch }));
	if (manifest === '') return wasm;
	const section = Buffer.concat([Buffer.from('\x0big.manifest'), Buffer.from(manifest)]);
	return Buffer.concat([wasm, Buffer.from([0, section.length]), section]);
}

const runsNow = /the new build of .* runs now \(the pipeline stood still for at most [\d.]+ ms\)/g;

/** Plays the recording in real time through what is in `file`. */
class Watching {
	readonly ig: Ig;
	readonly file: string;
	#taken = 0;

	constructor(name: string, wasm: Uint8Array, ...flags: string[]) {
		mkdirSync(join(dir, name));
		this.file = join(dir, name, 'op.wasm');
		writeFileSync(this.file, wasm);
		this.ig = new Ig(['replay', recording, '--realtime', '--watch', '-o', 'json', '--wasm-operator', this.file, ...flags]);
	}

	/** Rows so far. */
	rows(): number[] {
		return this.ig.stdout
			.split('\n')
			.slice(0, -1)
			.map((line) => (JSON.parse(line) as { number: number }).number);
	}

	started(): Promise<void> {
		return this.ig.until('\n', 'stdout');
	}

	/** One more build runs, and rows of it have come out. */
	async taken(): Promise<void> {
		this.#taken++;
		await this.until(() => (this.ig.stderr.match(runsNow) ?? []).length >= this.#taken);
		const count = this.rows().length;
		await this.until(() => this.rows().length > count + 100);
	}

	async until(condition: () => boolean): Promise<void> {
		while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
	}

	/** Ends it. How many rows each batch kept, in order, each number of batches once. */
	async kept(): Promise<number[]> {
		this.ig.signal('SIGINT');
		const { code } = await this.ig.done;
		expect(code).toBe(0);
		const perBatch = new Map<number, number>();
		for (const number of this.rows()) perBatch.set(Math.floor(number / ROWS), (perBatch.get(Math.floor(number / ROWS)) ?? 0) + 1);
		expect([...perBatch.keys()]).toEqual(Array.from({ length: perBatch.size }, (_, i) => i));
		return [...perBatch.values()].filter((count, i, all) => count !== all[i - 1]);
	}
}

test('a build that is renamed into place, one that is written over, one whose folder was gone', { timeout: 120_000 }, async () => {
	const watching = new Watching('ways', first(1));
	await watching.started();

	writeFileSync(`${watching.file}.new`, first(2));
	renameSync(`${watching.file}.new`, watching.file);
	await watching.taken();

	// As some linkers do it: truncated, then piece by piece.
	const wasm = first(3);
	const file = await open(watching.file, 'w');
	for (let at = 0; at < wasm.length; at += 40) {
		await file.write(wasm.subarray(at, at + 40));
		await new Promise((resolve) => setTimeout(resolve, 60));
	}
	await file.close();
	await watching.taken();

	rmSync(join(watching.file, '..'), { recursive: true });
	const count = watching.rows().length;
	await watching.until(() => watching.rows().length > count + 500);
	mkdirSync(join(watching.file, '..'));
	writeFileSync(watching.file, first(4));
	await watching.taken();

	expect(await watching.kept()).toEqual([1, 2, 3, 4]);
	expect(watching.ig.stderr).not.toContain('warning');
});

test('a build that is broken, and one that cannot start, leave the old one running and say why', async () => {
	const watching = new Watching('broken', first(1));
	await watching.started();
	writeFileSync(watching.file, first(2).subarray(0, 50));
	await watching.ig.until(/warning: the new build of .*op\.wasm cannot be used: .*; the old one runs on/);
	writeFileSync(watching.file, watToWasm(watOperator({ init: '(unreachable)' })));
	await watching.ig.until(/warning: the new build of .*op\.wasm failed in ig_init: unreachable; the old one runs on/);
	writeFileSync(watching.file, first(3));
	await watching.taken();
	expect(await watching.kept()).toEqual([1, 3]);
});

test('a build whose manifest needs another run is refused; other parameters and defaults are taken', async () => {
	const manifest = (more: string): string => `{"operators":[{"name":"op","params":[{"key":"n","default":"1"}]${more}}]}`;
	const watching = new Watching('manifest', first(1, manifest('')), '--stats');
	await watching.started();
	writeFileSync(watching.file, first(2, manifest(',"tables":["users"]')));
	await watching.ig.until('changes `tables` of op in its manifest: end the run and start it again; the old one runs on');
	writeFileSync(watching.file, first(3, manifest(',"onError":"drop"')));
	await watching.taken();
	expect(await watching.kept()).toEqual([1, 3]);
	expect(watching.ig.stderr).toMatch(/submitted (\d+) = delivered \d+ \+ filtered \d+ \+ lost 0\n/);
});

test('there must be something to watch', async () => {
	const { code, stderr } = await ig(['replay', recording, '--watch']);
	expect(code).toBe(2);
	expect(stderr).toContain('--watch needs a --wasm-operator');
});
