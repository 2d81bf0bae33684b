;; Takes all memory, writes to every page of it, and traps.
(module
  (global (export "ig_abi_v1") i32 (i32.const 1))
  (memory (export "memory") 64)
  (global $next (mut i32) (i32.const 4096))
  (func (export "ig_alloc") (param $size i32) (result i32)
    (global.get $next)
    (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get $size)) (i32.const 15)) (i32.const -16))))
  (func (export "ig_init") (param $op i32) (param $table i32) (param $size i32) (result i32) (i32.const 0))
  (func (export "ig_batch") (param $op i32) (param $batch i32) (result i32)
    (loop $more (br_if $more (i32.ne (memory.grow (i32.const 64)) (i32.const -1))))
    (memory.fill (i32.const 0) (i32.const 0xff) (i32.mul (memory.size) (i32.const 65536)))
    (unreachable)))
