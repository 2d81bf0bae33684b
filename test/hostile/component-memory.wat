;; Two modules that start with 12 MiB each: together more than the limit.
(component
  (core module $m (memory 192) (func (export "call")))
  (core instance $i (instantiate $m))
  (core module $n (memory 192) (func (export "call")))
  (core instance $j (instantiate $n))
  (func $init (canon lift (core func $i "call")))
  (func $batch (canon lift (core func $j "call")))
  (instance $operator (export "init" (func $init)) (export "batch" (func $batch)))
  (export "ig:operator/operator@1.0.0" (instance $operator)))
