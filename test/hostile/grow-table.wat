;; Grows its table as far as it goes, which is not far.
(module
  (global (export "ig_abi_v1") i32 (i32.const 1))
  (memory (export "memory") 64)
  (global $next (mut i32) (i32.const 4096))
  (func (export "ig_alloc") (param $size i32) (result i32)
    (global.get $next)
    (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get $size)) (i32.const 15)) (i32.const -16))))
  (func (export "ig_init") (param $op i32) (param $table i32) (param $size i32) (result i32) (i32.const 0))
  (func (export "ig_batch") (param $op i32) (param $batch i32) (result i32)
    (loop $more (br_if $more (i32.ne (table.grow $all (ref.null func) (i32.const 1000)) (i32.const -1))))
    (if (i32.gt_u (table.size $all) (i32.const 65536)) (then (unreachable)))
    (i32.const 0))
  (table $all 1 funcref))
