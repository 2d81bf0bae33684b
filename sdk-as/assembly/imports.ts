// What the host offers (module `ig`). A module imports only those that it calls. Results below 0 are negated errnos.

// @ts-ignore: decorator
@external("ig", "log")
export declare function ig_log(level: i32, text: usize, size: u32): i32;

// @ts-ignore: decorator
@external("ig", "field_add")
export declare function ig_field_add(ds: u32, parent: i32, name: usize, size: u32, kind: u32, flags: u32): i32;

// @ts-ignore: decorator
@external("ig", "field_override")
export declare function ig_field_override(ds: u32, field: u32, kind: u32): i32;

// @ts-ignore: decorator
@external("ig", "field_slot")
export declare function ig_field_slot(ds: u32, field: u32): i32;

// @ts-ignore: decorator
@external("ig", "field_annotate")
export declare function ig_field_annotate(ds: u32, field: u32, key: usize, keySize: u32, value: usize, valueSize: u32): i32;

// @ts-ignore: decorator
@external("ig", "field_tag")
export declare function ig_field_tag(ds: u32, field: u32, tag: usize, size: u32): i32;

// @ts-ignore: decorator
@external("ig", "field_hide")
export declare function ig_field_hide(ds: u32, field: u32, hidden: i32): i32;

// @ts-ignore: decorator
@external("ig", "field_want")
export declare function ig_field_want(ds: u32, field: u32): i32;

// @ts-ignore: decorator
@external("ig", "source_add")
export declare function ig_source_add(name: usize, size: u32, type: u32, recordSize: u32): i32;

// @ts-ignore: decorator
@external("ig", "source_annotate")
export declare function ig_source_annotate(ds: u32, key: usize, keySize: u32, value: usize, valueSize: u32): i32;

// @ts-ignore: decorator
@external("ig", "source_field")
export declare function ig_source_field(
  ds: u32, parent: i32, name: usize, nameSize: u32, kind: u32, flags: u32, offset: u32, size: u32,
): i32;

// @ts-ignore: decorator
@external("ig", "emit")
export declare function ig_emit(ds: u32, rows: usize, count: u32, stride: u32): i32;

// @ts-ignore: decorator
@external("ig", "metric_add")
export declare function ig_metric_add(kind: u32, name: usize, nameSize: u32, unit: usize, unitSize: u32): i32;

// @ts-ignore: decorator
@external("ig", "metric_record")
export declare function ig_metric_record(metric: u32, value: f64): i32;

// @ts-ignore: decorator
@external("ig", "metric_record_all")
export declare function ig_metric_record_all(metric: u32, values: usize, count: u32): i32;

// @ts-ignore: decorator
@external("ig", "map_open")
export declare function ig_map_open(name: usize, size: u32, info: usize): i32;

// @ts-ignore: decorator
@external("ig", "map_lookup")
export declare function ig_map_lookup(map: u32, key: usize, value: usize): i32;

// @ts-ignore: decorator
@external("ig", "map_update")
export declare function ig_map_update(map: u32, key: usize, value: usize, flags: u32): i32;

// @ts-ignore: decorator
@external("ig", "map_delete")
export declare function ig_map_delete(map: u32, key: usize): i32;

// @ts-ignore: decorator
@external("ig", "map_read")
export declare function ig_map_read(map: u32, after: usize, entries: usize, size: u32): i32;
