import { expect, test } from 'vitest';
import { boundModule } from '../../host/operator/binary.js';
import { compileModule } from '../../host/operator/load.js';
import { watToWasm as wasm } from '../support/wat.js';

const abi = '(func (export "ig_abi_v1")) (func (export "ig_alloc") (param i32) (result i32) i32.const 1024)';
const calls = `(func (export "ig_init") (param i32 i32 i32) (result i32) i32.const 0)
	(func (export "ig_batch") (param i32 i32) (result i32) i32.const 0)`;

test('a minimal operator loads with the file name as its name', async () => {
	const { manifest } = await compileModule(wasm(`(module (memory (export "memory") 1) ${abi} ${calls})`), 'some/pass through.wasm');
	expect(manifest.operators[0]).toMatchObject({ name: 'pass_through', kind: 'filter', onError: 'pass' });
});

test('its own memory gets the limit as its maximum', () => {
	const { bytes, own } = boundModule(wasm(`(module (memory (export "memory") 2) ${abi})`), { pages: 10, elements: 10 });
	expect(own).toEqual({ initial: 2, maximum: 10 });
	const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {});
	const grown = instance.exports.memory as WebAssembly.Memory;
	grown.grow(8);
	expect(() => grown.grow(1)).toThrow(RangeError);
});

test('a smaller maximum of its own stays', () => {
	expect(boundModule(wasm('(module (memory 1 3))'), { pages: 10, elements: 10 }).own).toEqual({ initial: 1, maximum: 3 });
});

test('an imported memory is reported, for the host to make', async () => {
	const loaded = await compileModule(wasm(`(module (import "env" "memory" (memory 2 4000)) ${abi} ${calls})`), 'x.wasm');
	expect(loaded).toMatchObject({ door: 'core', memory: { initial: 2, maximum: 256 } });
});

test.each([
	['something else', new TextEncoder().encode('#!/bin/sh'), 'IG_OPERATOR_WASM', 'not a WebAssembly file'],
	['a truncated file', wasm(`(module (memory (export "memory") 1) ${abi} ${calls})`).subarray(0, 40), 'IG_OPERATOR_WASM', ''],
	['a component with nothing in it', new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), 'IG_OPERATOR_ABI', 'it exports nothing'],
	['an empty module', wasm('(module)'), 'IG_OPERATOR_ABI', 'cdylib'],
	['no marker', wasm('(module (memory (export "memory") 1) (func (export "run")))'), 'IG_OPERATOR_ABI', 'ig_abi_v1'],
	['a newer ABI', wasm('(module (memory (export "memory") 1) (func (export "ig_abi_v2")))'), 'IG_OPERATOR_ABI', 'version 2'],
	['no ig_batch', wasm(`(module (memory (export "memory") 1) ${abi} (func (export "ig_init")))`), 'IG_OPERATOR_ABI', 'ig_batch'],
	['no memory', wasm(`(module ${abi} ${calls})`), 'IG_OPERATOR_ABI', 'memory'],
	[
		'an unknown import',
		wasm(`(module (import "env" "fopen" (func)) (memory (export "memory") 1) ${abi} ${calls})`),
		'IG_OPERATOR_ABI',
		'env.fopen',
	],
	['too much memory', wasm(`(module (memory (export "memory") 3000) ${abi} ${calls})`), 'IG_OPERATOR_MEMORY', '3000 pages'],
])('%s is refused', async (_, bytes, code, text) => {
	const error = (await compileModule(bytes, 'x.wasm').catch((cause: unknown) => cause)) as { code: string; message: string };
	expect(error.code).toBe(code);
	expect(error.message).toContain(text);
});
