;; Imports what there is not.
(component
  (import "wasi:nn/graph@0.2.0" (instance $nn (export "load" (func))))
  (core func $load (canon lower (func $nn "load")))
  (core module $m (import "nn" "load" (func $load)) (func (export "call") (call $load)))
  (core instance $i (instantiate $m (with "nn" (instance (export "load" (func $load))))))
  (func $call (canon lift (core func $i "call")))
  (instance $operator (export "init" (func $call)) (export "batch" (func $call)))
  (export "ig:operator/operator@1.0.0" (instance $operator)))
