;; Returns nothing from its batches, whatever the WIT file says.
(component
  (core module $m (func (export "call")))
  (core instance $i (instantiate $m))
  (func $call (canon lift (core func $i "call")))
  (instance $operator (export "init" (func $call)) (export "batch" (func $call)))
  (export "ig:operator/operator@1.0.0" (instance $operator)))
