;; Has a name that would be code in the script that joins its modules.
(component
  (core module $m (func (export "x'];globalThis.stolen=process.env;//")))
  (core instance $i (instantiate $m))
  (func $call (canon lift (core func $i "x'];globalThis.stolen=process.env;//")))
  (instance $operator (export "init" (func $call)) (export "batch" (func $call)))
  (export "ig:operator/operator@1.0.0" (instance $operator)))
