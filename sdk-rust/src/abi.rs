//! The ABI's numbers and imports, as in `docs/operator-abi.md`. For what this crate does not cover.
#![allow(missing_docs)]

/// First word of a batch: `IGB1`.
pub const BATCH_MAGIC: u32 = 0x3142_4749;
/// First word of an init table: `IGI1`.
pub const INIT_MAGIC: u32 = 0x3149_4749;
/// Bytes of a batch's header.
pub const BATCH_HEADER: usize = 128;
/// Bytes before each row's payload: the ring's record header.
pub const RECORD_HEADER: usize = 8;
/// Bytes of a column descriptor.
pub const COLUMN_SIZE: usize = 32;
/// Bytes of the init table's header.
pub const INIT_HEADER: usize = 64;
/// Bytes of a data source in the init table.
pub const SOURCE_SIZE: usize = 48;
/// Bytes of a field in the init table.
pub const FIELD_SIZE: usize = 64;
/// Batch flag: the rows are one snapshot.
pub const BATCH_ARRAY: u32 = 1;
/// Or-ed with a kind: an array of it.
pub const KIND_ARRAY: u32 = 0x1000_0000;

/// Field flags.
pub mod flag {
    pub const EMPTY: u32 = 1;
    pub const CONTAINER: u32 = 2;
    pub const HIDDEN: u32 = 4;
    pub const HAS_PARENT: u32 = 8;
    pub const IN_ROW: u32 = 16;
    pub const UNREFERENCED: u32 = 32;
}

/// Offsets of the batch header's members.
pub mod header {
    pub const MAGIC: usize = 0;
    pub const VERSION: usize = 4;
    pub const SIZE: usize = 6;
    pub const DATA_SOURCE: usize = 8;
    pub const FLAGS: usize = 12;
    pub const CAPACITY: usize = 16;
    pub const ROW_COUNT: usize = 20;
    pub const STRIDE: usize = 24;
    pub const ROWS: usize = 28;
    pub const ROWS_SIZE: usize = 32;
    pub const ROW_OFFSETS: usize = 36;
    pub const SELECTION: usize = 40;
    pub const SELECTED: usize = 44;
    pub const COLUMNS: usize = 48;
    pub const COLUMN_COUNT: usize = 52;
    pub const HEAP: usize = 56;
    pub const HEAP_USED: usize = 60;
    pub const SEQUENCE: usize = 64;
    pub const LOST: usize = 72;
    pub const BOOT_OFFSET: usize = 80;
    pub const MONO_OFFSET: usize = 88;
    pub const DRAINED_AT: usize = 96;
    pub const OUTPUT: usize = 104;
    pub const OUTPUT_SIZE: usize = 108;
}

#[cfg(target_arch = "wasm32")]
mod import {
    #[link(wasm_import_module = "ig")]
    extern "C" {
        pub fn log(level: u32, text: *const u8, size: usize) -> i32;
        pub fn field_add(ds: u32, parent: i32, name: *const u8, size: usize, kind: u32, flags: u32) -> i32;
        pub fn field_override(ds: u32, field: u32, kind: u32) -> i32;
        pub fn field_slot(ds: u32, field: u32) -> i32;
        pub fn field_annotate(ds: u32, field: u32, key: *const u8, key_size: usize, value: *const u8, value_size: usize) -> i32;
        pub fn field_tag(ds: u32, field: u32, tag: *const u8, size: usize) -> i32;
        pub fn field_hide(ds: u32, field: u32, hidden: u32) -> i32;
        pub fn field_want(ds: u32, field: u32) -> i32;
    }
}

// The imports, safe. On other targets than wasm32 the in-process host of `testing` answers.
#[cfg(target_arch = "wasm32")]
mod call {
    use super::import;

    pub fn log(level: u32, text: &str) {
        // SAFETY: the address and size are of a live string; the host only reads it.
        unsafe { import::log(level, text.as_ptr(), text.len()) };
    }
    pub fn field_add(ds: u32, parent: i32, name: &str, kind: u32, flags: u32) -> i32 {
        // SAFETY: as above.
        unsafe { import::field_add(ds, parent, name.as_ptr(), name.len(), kind, flags) }
    }
    pub fn field_override(ds: u32, field: u32, kind: u32) -> i32 {
        // SAFETY: numbers only.
        unsafe { import::field_override(ds, field, kind) }
    }
    pub fn field_slot(ds: u32, field: u32) -> i32 {
        // SAFETY: numbers only.
        unsafe { import::field_slot(ds, field) }
    }
    pub fn field_annotate(ds: u32, field: u32, key: &str, value: &str) -> i32 {
        // SAFETY: live strings that the host only reads.
        unsafe { import::field_annotate(ds, field, key.as_ptr(), key.len(), value.as_ptr(), value.len()) }
    }
    pub fn field_tag(ds: u32, field: u32, tag: &str) -> i32 {
        // SAFETY: a live string that the host only reads.
        unsafe { import::field_tag(ds, field, tag.as_ptr(), tag.len()) }
    }
    pub fn field_hide(ds: u32, field: u32, hidden: bool) -> i32 {
        // SAFETY: numbers only.
        unsafe { import::field_hide(ds, field, hidden as u32) }
    }
    pub fn field_want(ds: u32, field: u32) -> i32 {
        // SAFETY: numbers only.
        unsafe { import::field_want(ds, field) }
    }
}

#[cfg(not(target_arch = "wasm32"))]
use crate::testing::imports as call;

pub use call::{field_add, field_annotate, field_hide, field_override, field_slot, field_tag, field_want, log};
