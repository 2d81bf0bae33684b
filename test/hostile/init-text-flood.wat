;; Annotates its field with 16 KiB, a thousand times: all operators behind it would have to hold that.
(module
  (import "ig" "field_add" (func $field_add (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "ig" "field_annotate" (func $annotate (param i32 i32 i32 i32 i32 i32) (result i32)))
  (global (export "ig_abi_v1") i32 (i32.const 1))
  (memory (export "memory") 64)
  (global $next (mut i32) (i32.const 4096))
  (func (export "ig_alloc") (param $size i32) (result i32)
    (global.get $next)
    (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get $size)) (i32.const 15)) (i32.const -16))))
  (func (export "ig_init") (param $op i32) (param $table i32) (param $size i32) (result i32)
    (local $i i32)
    (local $field i32)
    (local.set $field (call $field_add (i32.const 0) (i32.const -1) (i32.const 16) (i32.const 4) (i32.const 8) (i32.const 0)))
    (memory.fill (i32.const 1024) (i32.const 0x66) (i32.const 0x4000))
    (loop $again
      ;; another key each time: two bytes at 32
      (i32.store16 (i32.const 32) (i32.or (local.get $i) (i32.const 0x4141)))
      (drop (call $annotate (i32.const 0) (local.get $field) (i32.const 32) (i32.const 2) (i32.const 1024) (i32.const 0x4000)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))
    (i32.const 0))
  (func (export "ig_batch") (param $op i32) (param $batch i32) (result i32) (i32.const 0))
  (data (i32.const 16) "evil"))
