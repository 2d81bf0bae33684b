#!/usr/bin/env node
// What @wasmer/wasi would give an operator: the reasons in docs/operator-doors.md ("Why WASI is not a library"), tried out.
//     node scripts/wasmer-wasi.mjs [FOLDER WITH ITS node_modules]
// Without a folder it is installed into a temporary one. It is no dependency of this project.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';

const VERSION = '1.2.2';
const [given] = process.argv.slice(2);
const folder = given ?? mkdtempSync(join(tmpdir(), 'ig-wasmer-'));
if (given === undefined) {
	execFileSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--silent', `@wasmer/wasi@${VERSION}`], {
		stdio: ['ignore', 'ignore', 'inherit'],
	});
}
const before = performance.now();
const { init, WASI, MemFS } = createRequire(join(folder, 'probe.cjs'))('@wasmer/wasi');
await init();
console.log(`loading it: ${(performance.now() - before).toFixed(0)} ms`);

const signatures = {
	poll_oneoff: '(param i32 i32 i32 i32) (result i32)',
	clock_time_get: '(param i32 i64 i32) (result i32)',
	random_get: '(param i32 i32) (result i32)',
	fd_write: '(param i32 i32 i32 i32) (result i32)',
	fd_prestat_get: '(param i32 i32) (result i32)',
	path_open: '(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)',
};
const imports = Object.entries(signatures).map(([name, type]) => `(import "wasi_snapshot_preview1" "${name}" (func $${name} ${type}))`);

/** A module that calls one function with constants. */
async function calling(name, args, start = false) {
	const call = `(call $${name} ${args.map((arg) => `(${typeof arg === 'bigint' ? 'i64' : 'i32'}.const ${arg})`).join(' ')})`;
	const bytes = await parse(`(module ${imports.join('')} (memory (export "memory") 2)
		(data (i32.const 0) "\\40\\00\\00\\00\\00\\00\\01\\00\\40\\00\\00\\00\\ff\\ff\\ff\\ff") (data (i32.const 24) "evil") (data (i32.const 32) "granted")
		${start ? `(start $go) (func $go (drop ${call}))` : ''}
		(func (export "_start")) (func (export "go") (result i32) ${start ? '(i32.const 0)' : call}))`);
	return new WebAssembly.Module(bytes);
}

function outcome(run) {
	try {
		const result = run();
		return typeof result === 'number' ? `errno ${result}` : result;
	} catch (cause) {
		return `${cause.constructor.name}: ${String(cause.message).split('\n')[0]}`;
	}
}

async function attempt(what, name, args, { start = false, config = {} } = {}) {
	const module = await calling(name, args, start);
	console.log(`${what}: ${outcome(() => new WASI(config).instantiate(module, {}).exports.go())}`);
}

await attempt('descriptor 3 is preopened unasked', 'fd_prestat_get', [3, 128]);
await attempt('descriptor 4 is preopened unasked', 'fd_prestat_get', [4, 128]);
await attempt('a file is created there', 'path_open', [4, 0, 24, 4, 1, 64n, 64n, 0, 128]);

// Could its file system in memory serve granted files? It has no way to make one read-only.
const fs = new MemFS();
const file = fs.open('/granted', { read: true, write: true, create: true });
file.writeString('as it was');
file.flush();
await attempt('a granted file is opened to be written, and cut off', 'path_open', [4, 0, 32, 7, 8, 64n, 64n, 0, 128], { config: { fs } });
console.log(`  it had 9 bytes; now the host sees: ${outcome(() => `${file.size()} bytes`)}`);

// Output grows in its memory.
const writer = new WASI({}).instantiate(await calling('fd_write', [1, 0, 1, 128]), {});
const [memory, began] = [process.memoryUsage.rss(), performance.now()];
for (let i = 0; i < 4000; i++) writer.exports.go();
const mb = ((process.memoryUsage.rss() - memory) / 1e6).toFixed(0);
console.log(`4000 writes of 64 KiB to stdout: ${mb} MB more, in ${((performance.now() - began) / 1000).toFixed(1)} s`);

await attempt('poll_oneoff of a subscription', 'poll_oneoff', [512, 1024, 1, 2048]);
await attempt('a clock that there is not', 'clock_time_get', [99, 0n, 128]);
await attempt('more random bytes than memory', 'random_get', [0, -1]);
await attempt('fd_write of more than memory', 'fd_write', [1, 8, 1, 128]);
await attempt('fd_write to an address outside, in a start function', 'fd_write', [1, -8, 1, -4], { start: true });
if (given === undefined) rmSync(folder, { recursive: true });
