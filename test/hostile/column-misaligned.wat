;; Puts its column of u64 at an odd offset: allowed, and read as it is.
(module
  (import "ig" "field_add" (func $field_add (param i32 i32 i32 i32 i32 i32) (result i32)))
  (global (export "ig_abi_v1") i32 (i32.const 1))
  (memory (export "memory") 64)
  (global $next (mut i32) (i32.const 4096))
  (func (export "ig_alloc") (param $size i32) (result i32)
    (global.get $next)
    (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get $size)) (i32.const 15)) (i32.const -16))))
  (func (export "ig_init") (param $op i32) (param $table i32) (param $size i32) (result i32)
    ;; data source 0, no parent, the name at 16
    (drop (call $field_add (i32.const 0) (i32.const -1) (i32.const 16) (i32.const 4) (i32.const 9) (i32.const 0)))
    (i32.const 0))
  (func (export "ig_batch") (param $op i32) (param $batch i32) (result i32)
    (local $column i32)
    ;; the descriptor of slot 0, present
    (local.set $column (i32.add (local.get $batch) (i32.load offset=48 (local.get $batch))))
    (i32.store offset=4 (local.get $column) (i32.const 1))
    (i32.store offset=12 (local.get $column) (i32.add (i32.load offset=56 (local.get $batch)) (i32.const 3)))
    (i32.store offset=16 (local.get $column) (i32.mul (i32.const 8) (i32.load offset=20 (local.get $batch))))
    (i32.store offset=60 (local.get $batch) (i32.const 2000))
    (i32.const 0))
  (data (i32.const 16) "evil"))
