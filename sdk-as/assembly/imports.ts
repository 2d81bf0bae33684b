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
