/** An operator that hands its state over. */
import { watOperator } from './wat.js';

/** Counts rows into a column `count`, from what the version before handed over. `parts`: what is different in this version. */
export function counter(parts: { save?: string; restore?: string; init?: string } = {}): string {
	return watOperator({
		imports: '(import "ig" "field_add" (func $add (param i32 i32 i32 i32 i32 i32) (result i32)))',
		globals: '(global $count (mut i32) (i32.const 0)) (data (i32.const 16) "count")',
		init: `(drop (call $add (i32.const 0) (i32.const -1) (i32.const 16) (i32.const 5) (i32.const 8) (i32.const 0)))
			${parts.init ?? ''} (i32.const 0)`,
		batch: `(local $i i32) (local $data i32) (local $column i32)
			(local.set $data (i32.add (i32.load offset=56 (local.get $batch)) (i32.load offset=60 (local.get $batch))))
			(local.set $column (i32.add (local.get $batch) (i32.load offset=48 (local.get $batch))))
			(block $done (loop $next
				(br_if $done (i32.ge_u (local.get $i) (i32.load offset=20 (local.get $batch))))
				(i32.store (i32.add (i32.add (local.get $batch) (local.get $data)) (i32.shl (local.get $i) (i32.const 2))) (global.get $count))
				(global.set $count (i32.add (global.get $count) (i32.const 1)))
				(local.set $i (i32.add (local.get $i) (i32.const 1)))
				(br $next)))
			(i32.store offset=4 (local.get $column) (i32.const 1))
			(i32.store offset=8 (local.get $column) (i32.const 0))
			(i32.store offset=12 (local.get $column) (local.get $data))
			(i32.store offset=16 (local.get $column) (i32.shl (local.get $i) (i32.const 2)))
			(i32.store offset=60 (local.get $batch)
				(i32.add (i32.load offset=60 (local.get $batch)) (i32.shl (local.get $i) (i32.const 2))))
			(i32.const 0)`,
		more: `(func (export "ig_state_save") (param $op i32) (param $out i32) (result i32)
				${
					parts.save ??
					`(i32.store (i32.const 32) (global.get $count))
				(i32.store (local.get $out) (i32.const 32))
				(i32.store offset=4 (local.get $out) (i32.const 4))
				(i32.const 0)`
				})
			(func (export "ig_state_restore") (param $op i32) (param $address i32) (param $size i32) (result i32)
				${parts.restore ?? '(global.set $count (i32.load (local.get $address))) (i32.const 0)'})`,
	});
}
