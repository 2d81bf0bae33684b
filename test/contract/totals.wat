;; Written from docs/operator-abi.md alone. Counts what passes, and emits the totals when the host ticks and when it stops:
;; data source `totals`, rows of 24 bytes: u64 batches, u64 rows, char call[8] ("tick" or "stop").
(module
  (import "ig" "source_add" (func $source_add (param i32 i32 i32 i32) (result i32)))
  (import "ig" "source_annotate" (func $source_annotate (param i32 i32 i32 i32 i32) (result i32)))
  (import "ig" "source_field" (func $source_field (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "ig" "field_annotate" (func $field_annotate (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "ig" "metric_add" (func $metric_add (param i32 i32 i32 i32 i32) (result i32)))
  (import "ig" "metric_record" (func $metric_record (param i32 f64) (result i32)))
  (import "ig" "emit" (func $emit (param i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 1)
  ;; 0: the row to be emitted. 64: texts.
  (data (i32.const 64) "totalsbatchesrowscalldescriptionWhat passed so farrows_per_batch")

  (global (export "ig_abi_v1") i32 (i32.const 1))
  (global $next (mut i32) (i32.const 1024))
  (global $source (mut i32) (i32.const -1))
  (global $metric (mut i32) (i32.const -1))

  ;; Pages are taken as they are needed; a host that says no gets a 0.
  (func (export "ig_alloc") (param $size i32) (result i32) (local $at i32) (local $missing i32)
    (local.set $at (global.get $next))
    (global.set $next (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 15)) (i32.const -16)))
    (local.set $missing (i32.sub (i32.shr_u (i32.add (global.get $next) (i32.const 65535)) (i32.const 16)) (memory.size)))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then (if (i32.eq (memory.grow (local.get $missing)) (i32.const -1)) (then (return (i32.const 0))))))
    (local.get $at))

  (func $field (param $name i32) (param $size i32) (param $kind i32) (param $offset i32) (param $bytes i32) (result i32)
    (call $source_field (global.get $source) (i32.const -1) (local.get $name) (local.get $size)
      (local.get $kind) (i32.const 0) (local.get $offset) (local.get $bytes)))

  (func (export "ig_init") (param $op i32) (param $table i32) (param $size i32) (result i32)
    ;; "IGI1"
    (if (i32.ne (i32.load (local.get $table)) (i32.const 0x31494749)) (then (return (i32.const 65))))
    (global.set $source (call $source_add (i32.const 64) (i32.const 6) (i32.const 1) (i32.const 24)))
    ;; Not granted: it goes on without, and only counts.
    (if (i32.ge_s (global.get $source) (i32.const 0))
      (then
        (drop (call $source_annotate (global.get $source) (i32.const 85) (i32.const 11) (i32.const 96) (i32.const 18)))
        (drop (call $field (i32.const 70) (i32.const 7) (i32.const 9) (i32.const 0) (i32.const 8)))
        (drop (call $field (i32.const 77) (i32.const 4) (i32.const 9) (i32.const 8) (i32.const 8)))
        (drop (call $field (i32.const 81) (i32.const 4) (i32.const 13) (i32.const 16) (i32.const 8)))))
    ;; A histogram.
    (global.set $metric (call $metric_add (i32.const 2) (i32.const 114) (i32.const 14) (i32.const 77) (i32.const 4)))
    (i32.const 0))

  (func (export "ig_batch") (param $op i32) (param $batch i32) (result i32) (local $selected i32)
    (local.set $selected (i32.load offset=44 (local.get $batch)))
    (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.const 1)))
    (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.extend_i32_u (local.get $selected))))
    (if (i32.ge_s (global.get $metric) (i32.const 0))
      (then (drop (call $metric_record (global.get $metric) (f64.convert_i32_u (local.get $selected))))))
    (i32.const 0))

  (func $flush (param $call i64) (result i32) (local $result i32)
    (if (i32.lt_s (global.get $source) (i32.const 0)) (then (return (i32.const 0))))
    (i64.store (i32.const 16) (local.get $call))
    (local.set $result (call $emit (global.get $source) (i32.const 0) (i32.const 1) (i32.const 24)))
    (if (i32.lt_s (local.get $result) (i32.const 0)) (then (return (i32.sub (i32.const 0) (local.get $result)))))
    (i32.const 0))

  ;; "tick" and "stop", the first letter in the lowest byte
  (func (export "ig_tick") (param $op i32) (param $batch i32) (result i32) (call $flush (i64.const 0x6b636974)))
  (func (export "ig_stop") (param $op i32) (param $batch i32) (result i32) (call $flush (i64.const 0x706f7473))))
