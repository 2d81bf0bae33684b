/** Operators in WebAssembly text, for tests. */
import wabt from 'wabt';
import { compileModule } from '../../host/operator/load.js';
import type { LoadedModule } from '../../host/operator/module.js';

const { parseWat } = await wabt();

/** With what engines have switched on, and what only hostile modules have. */
const features = {
	...{ bulk_memory: true, reference_types: true, exceptions: true, threads: true, memory64: true, multi_memory: true },
};

export function watToWasm(text: string): Uint8Array {
	const module = parseWat('operator.wat', text, features);
	try {
		return module.toBinary({}).buffer;
	} finally {
		module.destroy();
	}
}

/** A module with what every operator needs (a bump ig_alloc from 64 KiB on, memory that grows) around the given parts. */
export function watOperator(parts: { imports?: string; globals?: string; init?: string; batch?: string; more?: string }): string {
	return `(module
	${parts.imports ?? ''}
	(memory (export "memory") 1 1024)
	(global $next (mut i32) (i32.const 65536))
	${parts.globals ?? ''}
	(func (export "ig_abi_v1"))
	(func (export "ig_alloc") (param $size i32) (result i32) (local $at i32)
		(local.set $at (global.get $next))
		(global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get $size)) (i32.const 15)) (i32.const -16)))
		(block $done
			(br_if $done (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
			(drop (memory.grow (i32.add (i32.div_u (local.get $size) (i32.const 65536)) (i32.const 1)))))
		(local.get $at))
	(func (export "ig_init") (param $op i32) (param $table i32) (param $size i32) (result i32)
		${parts.init ?? '(i32.const 0)'})
	(func (export "ig_batch") (param $op i32) (param $batch i32) (result i32)
		${parts.batch ?? '(i32.const 0)'})
	${parts.more ?? ''})`;
}

export function watModule(text: string, file = 'operator.wasm'): Promise<LoadedModule> {
	return compileModule(watToWasm(text), file);
}

/** Keeps every other row: selection[i] = 2i, half as many. */
export const keepEven = watOperator({
	batch: `(local $i i32) (local $n i32) (local $selection i32)
		(local.set $n (i32.div_u (i32.add (i32.load offset=44 (local.get $batch)) (i32.const 1)) (i32.const 2)))
		(local.set $selection (i32.add (local.get $batch) (i32.load offset=40 (local.get $batch))))
		(block $done (loop $next
			(br_if $done (i32.ge_u (local.get $i) (local.get $n)))
			(i32.store (i32.add (local.get $selection) (i32.shl (local.get $i) (i32.const 2))) (i32.shl (local.get $i) (i32.const 1)))
			(local.set $i (i32.add (local.get $i) (i32.const 1)))
			(br $next)))
		(i32.store offset=44 (local.get $batch) (local.get $n))
		(i32.const 0)`,
});
