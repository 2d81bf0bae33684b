//! The ABI's numbers and imports, as in `docs/operator-abi.md`. For what this crate does not cover.

use crate::error::{Errno, Error, Result};

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
/// Batch flag: another part of the snapshot follows.
pub const BATCH_MORE: u32 = 2;
/// Batch flag: a part of the snapshot came before.
pub const BATCH_CONTINUED: u32 = 4;
/// Or-ed with a kind: an array of it.
pub const KIND_ARRAY: u32 = 0x1000_0000;

/// Field flags.
pub mod flag {
    /// Only a parent for others.
    pub const EMPTY: u32 = 1;
    /// Of a container.
    pub const CONTAINER: u32 = 2;
    /// Not shown as a column unless asked for.
    pub const HIDDEN: u32 = 4;
    /// A member of another field.
    pub const HAS_PARENT: u32 = 8;
    /// Its values are in the rows.
    pub const IN_ROW: u32 = 16;
    /// Shown nowhere.
    pub const UNREFERENCED: u32 = 32;
}

/// Offsets of the batch header's members.
pub mod header {
    /// u32
    pub const MAGIC: usize = 0;
    /// u16
    pub const VERSION: usize = 4;
    /// u16
    pub const SIZE: usize = 6;
    /// u32
    pub const DATA_SOURCE: usize = 8;
    /// u32
    pub const FLAGS: usize = 12;
    /// u32
    pub const CAPACITY: usize = 16;
    /// u32
    pub const ROW_COUNT: usize = 20;
    /// u32
    pub const STRIDE: usize = 24;
    /// u32
    pub const ROWS: usize = 28;
    /// u32
    pub const ROWS_SIZE: usize = 32;
    /// u32
    pub const ROW_OFFSETS: usize = 36;
    /// u32
    pub const SELECTION: usize = 40;
    /// u32
    pub const SELECTED: usize = 44;
    /// u32
    pub const COLUMNS: usize = 48;
    /// u32
    pub const COLUMN_COUNT: usize = 52;
    /// u32
    pub const HEAP: usize = 56;
    /// u32
    pub const HEAP_USED: usize = 60;
    /// u64
    pub const SEQUENCE: usize = 64;
    /// u64
    pub const LOST: usize = 72;
    /// i64
    pub const BOOT_OFFSET: usize = 80;
    /// i64
    pub const MONO_OFFSET: usize = 88;
    /// u64
    pub const DRAINED_AT: usize = 96;
    /// u32
    pub const OUTPUT: usize = 104;
    /// u32
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
        pub fn source_add(name: *const u8, size: usize, kind: u32, record_size: u32) -> i32;
        pub fn source_annotate(ds: u32, key: *const u8, key_size: usize, value: *const u8, value_size: usize) -> i32;
        #[allow(clippy::too_many_arguments)]
        pub fn source_field(
            ds: u32,
            parent: i32,
            name: *const u8,
            name_size: usize,
            kind: u32,
            flags: u32,
            offset: u32,
            size: u32,
        ) -> i32;
        pub fn emit(ds: u32, rows: *const u8, count: u32, stride: u32) -> i32;
        pub fn metric_add(kind: u32, name: *const u8, name_size: usize, unit: *const u8, unit_size: usize) -> i32;
        pub fn metric_record(metric: u32, value: f64) -> i32;
        pub fn metric_record_all(metric: u32, values: *const f64, count: usize) -> i32;
        pub fn map_open(name: *const u8, size: usize, info: *mut u32) -> i32;
        pub fn map_lookup(map: u32, key: *const u8, value: *mut u8) -> i32;
        pub fn map_update(map: u32, key: *const u8, value: *const u8, flags: u32) -> i32;
        pub fn map_delete(map: u32, key: *const u8) -> i32;
        pub fn map_read(map: u32, after: *const u8, entries: *mut u8, size: usize) -> i32;
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
    pub fn source_add(name: &str, kind: u32, record_size: u32) -> i32 {
        // SAFETY: a live string that the host only reads.
        unsafe { import::source_add(name.as_ptr(), name.len(), kind, record_size) }
    }
    pub fn source_annotate(ds: u32, key: &str, value: &str) -> i32 {
        // SAFETY: as above.
        unsafe { import::source_annotate(ds, key.as_ptr(), key.len(), value.as_ptr(), value.len()) }
    }
    pub fn source_field(ds: u32, parent: i32, name: &str, kind: u32, flags: u32, offset: u32, size: u32) -> i32 {
        // SAFETY: as above.
        unsafe { import::source_field(ds, parent, name.as_ptr(), name.len(), kind, flags, offset, size) }
    }
    pub fn emit(ds: u32, rows: &[u8], stride: u32) -> i32 {
        // SAFETY: whole rows of a live slice, which the host copies.
        unsafe { import::emit(ds, rows.as_ptr(), rows.len() as u32 / stride.max(1), stride) }
    }
    pub fn metric_add(kind: u32, name: &str, unit: &str) -> i32 {
        // SAFETY: live strings that the host only reads.
        unsafe { import::metric_add(kind, name.as_ptr(), name.len(), unit.as_ptr(), unit.len()) }
    }
    pub fn metric_record(metric: u32, value: f64) -> i32 {
        // SAFETY: numbers only.
        unsafe { import::metric_record(metric, value) }
    }
    pub fn metric_record_all(metric: u32, values: &[f64]) -> i32 {
        // SAFETY: a live slice that the host only reads.
        unsafe { import::metric_record_all(metric, values.as_ptr(), values.len()) }
    }
    pub fn map_open(name: &str, info: &mut [u32; 8]) -> i32 {
        // SAFETY: the host writes the eight words.
        unsafe { import::map_open(name.as_ptr(), name.len(), info.as_mut_ptr()) }
    }
    // The callers below see to it that keys and values have the map's sizes: the host reads and writes just these.
    pub fn map_lookup(map: u32, key: &[u8], value: &mut [u8]) -> i32 {
        // SAFETY: see above.
        unsafe { import::map_lookup(map, key.as_ptr(), value.as_mut_ptr()) }
    }
    pub fn map_update(map: u32, key: &[u8], value: &[u8], flags: u32) -> i32 {
        // SAFETY: see above.
        unsafe { import::map_update(map, key.as_ptr(), value.as_ptr(), flags) }
    }
    pub fn map_delete(map: u32, key: &[u8]) -> i32 {
        // SAFETY: see above.
        unsafe { import::map_delete(map, key.as_ptr()) }
    }
    pub fn map_read(map: u32, after: Option<&[u8]>, entries: &mut [u8]) -> i32 {
        let after = after.map_or(std::ptr::null(), |key| key.as_ptr());
        // SAFETY: see above; the host writes no more than the slice holds.
        unsafe { import::map_read(map, after, entries.as_mut_ptr(), entries.len()) }
    }
}

#[cfg(not(target_arch = "wasm32"))]
use crate::testing::imports as call;

pub(crate) use call::{
    emit, field_add, field_annotate, field_hide, field_override, field_slot, field_tag, field_want, log, map_delete, map_lookup,
    map_open, map_read, map_update, metric_add, metric_record, metric_record_all, source_add, source_annotate, source_field,
};

/// A result of an import: a number, or a negated errno with what was being done.
pub(crate) fn check(result: i32, what: impl FnOnce() -> String) -> Result<u32> {
    u32::try_from(result).map_err(|_| {
        let errno = Errno(result.unsigned_abs() as u16);
        Error::new(errno, format!("{}: {}", what(), errno.text()))
    })
}
