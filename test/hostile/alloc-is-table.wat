;; Exports a table as ig_alloc.
(module
  (global (export "ig_abi_v1") i32 (i32.const 1))
  (memory (export "memory") 64)
  (table (export "ig_alloc") 1 funcref)
  (func (export "ig_init") (param $op i32) (param $table i32) (param $size i32) (result i32) (i32.const 0))
  (func (export "ig_batch") (param $op i32) (param $batch i32) (result i32) (i32.const 0)))
