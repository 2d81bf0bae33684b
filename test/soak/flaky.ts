/** An operator that fails at random: one batch in a hundred in one of three ways, and one in a thousand by never coming back. */
import { watOperator, watToWasm } from '../support/wat.js';

const wat = watOperator({
	globals: '(global $random (mut i64) (i64.const 0))',
	batch: `(local $r i32)
		;; A linear congruential generator, stirred by the time of the batch.
		(global.set $random (i64.add
			(i64.mul (i64.xor (global.get $random) (i64.load offset=96 (local.get $batch))) (i64.const 6364136223846793005))
			(i64.const 1442695040888963407)))
		(local.set $r (i32.wrap_i64 (i64.rem_u (i64.shr_u (global.get $random) (i64.const 33)) (i64.const 1000))))
		(if (i32.lt_u (local.get $r) (i32.const 3)) (then (unreachable)))
		(if (i32.lt_u (local.get $r) (i32.const 6)) (then (return (i32.const 28))))
		(if (i32.lt_u (local.get $r) (i32.const 9)) (then (i32.store offset=44 (local.get $batch) (i32.const -1))))
		(if (i32.eq (local.get $r) (i32.const 9)) (then (loop $for_ever (br $for_ever))))
		(i32.const 0)`,
});

/** `build` makes the file another one. */
export function flaky(build: number): Uint8Array {
	const contents = Buffer.from(`\x05build${build}`);
	return Buffer.concat([watToWasm(wat), Buffer.from([0, contents.length]), contents]);
}
