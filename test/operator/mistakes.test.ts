/** What people hand over in the place of an operator, and what they are told to change. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compileModule } from '../../host/operator/load.js';
import { withCustomSection } from '../../host/operator/section.js';
import { watToWasm as wasm } from '../support/wat.js';

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const memory = '(memory (export "memory") 1)';

test.each([
	['a program for this machine', readFileSync(process.execPath).subarray(0, 4096), /not WebAssembly: build it for a WebAssembly target/],
	['a static library', text('!<arch>\nlib.o/'), /static library.*cdylib/],
	['WebAssembly text', text('(module\n  (memory 1))'), /WebAssembly text: assemble it/],
	['an empty file', text(''), /an empty file/],
	['a source file', text('package main'), /not a WebAssembly file/],
	['an object file', withCustomSection(wasm(`(module ${memory})`), 'linking', Uint8Array.of(2)), /object file, not linked yet/],
	['a command', wasm(`(module ${memory} (func (export "_start")))`), /a command.*-buildmode=c-shared.*-mexec-model=reactor/],
	['Go for a browser', wasm(`(module (import "gojs" "runtime.wasmExit" (func (param i32))) ${memory})`), /GOOS=wasip1/],
	['Rust with wasm-bindgen', wasm(`(module (import "wbg" "__wbg_log_1" (func)) ${memory})`), /without \(cargo build/],
	['Emscripten for JavaScript', wasm(`(module (import "env" "emscripten_resize_heap" (func)) ${memory})`), /-sSTANDALONE_WASM --no-entry/],
	['WASI of 2019', wasm(`(module (import "wasi_unstable" "fd_write" (func)) ${memory})`), /newer compiler, for wasm32-wasip1/],
	['threads', wasm(`(module (import "wasi" "thread-spawn" (func (param i32) (result i32))) ${memory})`), /wants threads/],
	["Inspektor Gadget's own API", wasm(`(module ${memory} (func (export "gadgetAPIVersion")))`), /Inspektor Gadget's own WASM API/],
	['a library that is none of ours', wasm(`(module ${memory} (func (export "add")))`), /does not export ig_abi_v1.*\/\/go:wasmexport/],
	['an undefined symbol', wasm(`(module (import "env" "sqlite3_open" (func)) ${memory} (func (export "ig_abi_v1")))`), /ig_alloc/],
])('%s', async (_, bytes, told) => {
	const error = (await compileModule(bytes, 'x.wasm').catch((cause: unknown) => cause)) as { code: string; message: string };
	expect(error.code).toMatch(/^IG_OPERATOR_(WASM|ABI)$/);
	expect(error.message).toMatch(told);
});
