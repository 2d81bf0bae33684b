;; Traps in every batch.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "init") nop)
    (func (export "batch") (result i32) unreachable))
  (core instance $i (instantiate $m))
  (type $of (record (field "selection" (option (list u32)))))
  (func $init (canon lift (core func $i "init")))
  (func $batch (result $of) (canon lift (core func $i "batch") (memory (core memory $i "memory"))))
  (component $named
    (type $record (record (field "selection" (option (list u32)))))
    (import "changes-type" (type $given (eq $record)))
    (import "init-func" (func $init))
    (import "batch-func" (func $batch (result $given)))
    (export $changes "changes" (type $given))
    (export "init" (func $init))
    (export "batch" (func $batch) (func (result $changes))))
  (instance $operator
    (instantiate $named (with "changes-type" (type $of)) (with "init-func" (func $init)) (with "batch-func" (func $batch))))
  (export "ig:operator/operator@1.0.0" (instance $operator)))
