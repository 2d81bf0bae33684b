//! A batch: rows, the selection of those still in play, columns, and the heap for new values.

use crate::abi::{header, BATCH_ARRAY, BATCH_CONTINUED, BATCH_HEADER, BATCH_MAGIC, BATCH_MORE, COLUMN_SIZE, RECORD_HEADER};
use crate::column::{Column, ColumnValue, View};
use crate::error::{Errno, Error, Result};
use crate::field::{Field, Scalar, Value};
use crate::read::RawColumn;
use std::marker::PhantomData;

/// A row of one batch. Only rows of the batch exist, so values can be loaded without a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row<'b>(u32, PhantomData<fn(&'b ()) -> &'b ()>);

impl Row<'_> {
    /// The row's number in the batch.
    #[inline(always)]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The selected rows, in order.
#[derive(Clone)]
pub struct Rows<'b> {
    next: *const u8,
    left: usize,
    batch: PhantomData<fn(&'b ()) -> &'b ()>,
}

impl<'b> Iterator for Rows<'b> {
    type Item = Row<'b>;

    #[inline(always)]
    fn next(&mut self) -> Option<Row<'b>> {
        if self.left == 0 {
            return None;
        }
        // SAFETY: `left` entries of the selection are there.
        let row = unsafe { u32::load(self.next) };
        self.next = unsafe { self.next.add(4) };
        self.left -= 1;
        Some(Row(row, PhantomData))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Rows<'_> {}

/// A batch of records of one data source.
///
/// Readers ([`Batch::read`]), rows and writers live as long as the call, not as long as a borrow of the batch: they can be
/// used inside of [`Batch::retain`] and while values are put.
pub struct Batch<'b> {
    base: *mut u8,
    capacity: usize,
    source: usize,
    record_size: usize,
    /// Of the data source: where what a gadget appended to a record begins.
    struct_size: usize,
    row_count: usize,
    rows: usize,
    stride: usize,
    row_offsets: usize,
    selection: usize,
    columns: usize,
    column_count: usize,
    output: &'b mut Vec<u8>,
}

impl<'b> Batch<'b> {
    /// Opens the batch at `base`, and checks all that later loads rely on. `record_sizes` are those of the data sources.
    ///
    /// # Safety
    /// A batch as in the ABI must be at `base`, of as many bytes as its header says, for `'b`, and used by nobody else.
    #[doc(hidden)]
    pub unsafe fn open(base: *mut u8, record_sizes: &[u32], output: &'b mut Vec<u8>) -> Result<Batch<'b>> {
        let word = |at: usize| unsafe { u32::load(base.add(at)) as usize };
        let fail = |what: &str| Err(Error::new(Errno::PROTO, format!("batch: {what}")));
        if word(header::MAGIC) != BATCH_MAGIC as usize {
            return fail("wrong magic number");
        }
        let source = word(header::DATA_SOURCE);
        let mut batch = Batch {
            base,
            capacity: word(header::CAPACITY),
            source,
            record_size: record_sizes.get(source).copied().unwrap_or(0) as usize,
            struct_size: record_sizes.get(source).copied().unwrap_or(0) as usize,
            row_count: word(header::ROW_COUNT),
            rows: word(header::ROWS),
            stride: word(header::STRIDE),
            row_offsets: word(header::ROW_OFFSETS),
            selection: word(header::SELECTION),
            columns: word(header::COLUMNS),
            column_count: word(header::COLUMN_COUNT),
            output,
        };
        if batch.capacity < BATCH_HEADER || source >= record_sizes.len() {
            return fail("wrong header");
        }
        let count = batch.row_count;
        let reach = |count: usize, size: usize| count.saturating_mul(size);
        if !batch.spans(batch.selection, reach(count, 4)) || !batch.spans(batch.columns, reach(batch.column_count, COLUMN_SIZE)) {
            return fail("selection or columns leave the region");
        }
        if batch.selected() > count || word(header::HEAP) > batch.capacity || batch.heap_top() > batch.capacity {
            return fail("selected or heap out of range");
        }
        if count > 0 {
            if batch.stride != 0 {
                if batch.stride < RECORD_HEADER {
                    return fail("wrong stride");
                }
                // In the host's own memory rows are as long as the batch's longest record.
                batch.record_size = batch.record_size.min(batch.stride - RECORD_HEADER);
                let end = reach(count - 1, batch.stride).saturating_add(batch.record_size);
                if !batch.spans(batch.rows, end) {
                    return fail("rows leave the region");
                }
            } else {
                if batch.row_offsets == 0 || !batch.spans(batch.row_offsets, reach(count, 4)) {
                    return fail("row offsets leave the region");
                }
                if batch.max(batch.row_offsets, count) + batch.record_size > batch.capacity {
                    return fail("a row leaves the region");
                }
            }
            let selected = batch.selected();
            if selected > 0 && batch.max(batch.selection, selected) >= count {
                return fail("the selection names a row that is not there");
            }
        } else {
            batch.stride = 0;
        }
        Ok(batch)
    }

    /// Greatest of `count` u32 at an offset that was checked.
    fn max(&self, offset: usize, count: usize) -> usize {
        let from = self.at(offset);
        // SAFETY: the callers checked the range.
        (0..count).fold(0u32, |max, i| max.max(unsafe { u32::load(from.add(i * 4)) })) as usize
    }

    fn spans(&self, offset: usize, size: usize) -> bool {
        offset <= self.capacity && size <= self.capacity - offset
    }

    /// Id of the batch's data source: its index in [`Init::data_sources`](crate::Init::data_sources).
    pub fn source(&self) -> usize {
        self.source
    }

    /// Whether the rows are one snapshot, to be shown together.
    pub fn is_array(&self) -> bool {
        self.u32_at(header::FLAGS) & BATCH_ARRAY != 0
    }

    /// Whether the snapshot begins with this batch: a very large one comes in parts, one right after the other.
    pub fn begins(&self) -> bool {
        self.u32_at(header::FLAGS) & BATCH_CONTINUED == 0
    }

    /// Whether the snapshot ends with this batch.
    pub fn ends(&self) -> bool {
        self.u32_at(header::FLAGS) & BATCH_MORE == 0
    }

    /// Rows in the batch, selected or not.
    pub fn row_count(&self) -> usize {
        self.row_count
    }

    /// Rows that are still in play.
    pub fn selected(&self) -> usize {
        self.u32_at(header::SELECTED) as usize
    }

    /// Number of the batch in this run, from 0.
    pub fn sequence(&self) -> u64 {
        self.u64_at(header::SEQUENCE)
    }

    /// Records that the kernel could not submit since the batch before.
    pub fn lost(&self) -> u64 {
        self.u64_at(header::LOST)
    }

    /// Nanoseconds to add to a CLOCK_BOOTTIME time, which gadgets record, for ns since 1970.
    pub fn boot_offset(&self) -> i64 {
        self.u64_at(header::BOOT_OFFSET) as i64
    }

    /// Nanoseconds to add to a CLOCK_MONOTONIC time for ns since 1970.
    pub fn mono_offset(&self) -> i64 {
        self.u64_at(header::MONO_OFFSET) as i64
    }

    /// When the batch was taken from the kernel, ns since 1970.
    pub fn drained_at(&self) -> u64 {
        self.u64_at(header::DRAINED_AT)
    }

    /// The selected rows, in order, as they are now.
    #[inline]
    pub fn rows(&self) -> Rows<'b> {
        Rows { next: self.at(self.selection), left: self.selected(), batch: PhantomData }
    }

    /// Binds a field to this batch. Loads per row are then unchecked and cheap.
    ///
    /// Fails when the batch's data source has no such field ([`Field::is_in`]) or when the batch is malformed.
    pub fn read<T: Value + ?Sized>(&self, field: &Field<T>) -> Result<T::Reader<'b>> {
        field.bind(self)
    }

    /// Binds a column of fixed-size values by its slot, for operators that learn kinds at run time.
    pub fn raw_column(&self, slot: u32, width: usize) -> Result<RawColumn<'b>> {
        RawColumn::bind(self, slot, width)
    }

    /// Keeps the rows for which `keep` says true, in their order.
    #[inline]
    pub fn retain(&mut self, mut keep: impl FnMut(Row<'b>) -> bool) {
        let selection = self.at(self.selection);
        let mut kept = 0;
        for i in 0..self.selected() {
            // SAFETY: `i` and `kept` are below the number of selected rows.
            unsafe {
                let row = u32::load(selection.add(i * 4));
                row.store(selection.add(kept * 4));
                kept += keep(Row(row, PhantomData)) as usize;
            }
        }
        self.set_u32(header::SELECTED, kept as u32);
    }

    /// Keeps the first `count` selected rows.
    pub fn truncate(&mut self, count: usize) {
        if count < self.selected() {
            self.set_u32(header::SELECTED, count as u32);
        }
    }

    /// Puts the selected rows into another order; rows that compare equal stay in theirs.
    pub fn sort_by(&mut self, mut compare: impl FnMut(Row<'b>, Row<'b>) -> std::cmp::Ordering) {
        let mut rows: Vec<Row<'b>> = self.rows().collect();
        rows.sort_by(|a, b| compare(*a, *b));
        for (i, row) in rows.iter().enumerate() {
            // SAFETY: there are as many as were selected.
            unsafe { row.0.store(self.at(self.selection + i * 4)) };
        }
    }

    /// Puts the selected rows into the order of a key; rows of the same key stay in theirs.
    pub fn sort_by_key<K: Ord>(&mut self, mut key: impl FnMut(Row<'b>) -> K) {
        self.sort_by(|a, b| key(a).cmp(&key(b)));
    }

    /// Starts a column that the operator added or overrode: zeros or empty strings, until they are set.
    /// Takes the bytes for it from the heap.
    pub fn write<T: ColumnValue + ?Sized>(&mut self, column: &Column<T>) -> Result<T::Writer<'b>> {
        column.bind(self)
    }

    /// Copies bytes to the heap. The view can be set in any number of rows and columns.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) -> Result<View> {
        self.put_with(bytes.len(), |to| {
            to.copy_from_slice(bytes);
            bytes.len()
        })
    }

    /// Lets `fill` write up to `most` bytes at the end of the heap and say how many it wrote.
    #[inline]
    pub fn put_with(&mut self, most: usize, fill: impl FnOnce(&mut [u8]) -> usize) -> Result<View> {
        let top = self.heap_top();
        if most > self.capacity - top {
            return Err(Errno::NOSPC.into());
        }
        // SAFETY: the bytes are free: above all that was taken from the heap, below the end of the region.
        let used = fill(unsafe { std::slice::from_raw_parts_mut(self.at(top), most) }).min(most);
        self.set_u32(header::HEAP_USED, self.u32_at(header::HEAP_USED) + used as u32);
        Ok(View { offset: top as u32, size: used as u32 })
    }

    /// Bytes that are left in the heap.
    pub fn heap_free(&self) -> usize {
        self.capacity - self.heap_top()
    }

    /// What a format operator hands to the sink with this batch: empty at first, kept (with its capacity) by the SDK.
    #[inline]
    pub fn output(&mut self) -> &mut Vec<u8> {
        self.output
    }

    /// Address of the first byte after the batch. Loads below it are of memory that is there, though not always of the
    /// value that one was after: for operators that scan bytes in wide steps.
    pub fn end(&self) -> *const u8 {
        // SAFETY: one past the region.
        unsafe { self.base.add(self.capacity) }
    }

    /// Address of a row's record, which has at least [`record_size`](Batch::record_size) bytes.
    #[inline(always)]
    pub fn row_address(&self, row: Row<'b>) -> *const u8 {
        let offset = if self.stride != 0 || self.row_offsets == 0 {
            self.rows + row.index() * self.stride
        } else {
            // SAFETY: checked when the batch was opened.
            unsafe { u32::load(self.at(self.row_offsets + row.index() * 4)) as usize }
        };
        self.at(offset)
    }

    /// What the row's record has behind the data source's record size: bytes that a gadget appended. Empty when it has none. The
    /// view can be set in columns; nothing is copied.
    pub fn rest(&self, row: Row<'b>) -> View {
        let at = self.row_address(row) as usize - self.base as usize;
        // The kernel's header of the record: its length, and two bits of the ring's.
        // SAFETY: there is one before every row.
        let length = unsafe { u32::load(self.at(at - RECORD_HEADER)) } as usize & 0x3fff_ffff;
        let room = if self.stride != 0 { self.stride - RECORD_HEADER } else { self.capacity - at };
        match length.min(room).checked_sub(self.struct_size) {
            Some(size) if size > 0 => View { offset: (at + self.struct_size) as u32, size: size as u32 },
            _ => View::default(),
        }
    }

    /// Every row has at least this many bytes. To the built-in operators that may be less than the data source's record size:
    /// text at the end of records is then cut off.
    pub fn record_size(&self) -> usize {
        self.record_size
    }

    /// Whether slot `slot` has values in this batch.
    pub fn is_present(&self, slot: u32) -> bool {
        (slot as usize) < self.column_count && self.u32_at(self.columns + slot as usize * COLUMN_SIZE + 4) != 0
    }

    /// Columns of this batch: slots 0 to this.
    pub fn column_count(&self) -> usize {
        self.column_count
    }

    pub(crate) fn columns_at(&self) -> usize {
        self.columns
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Base of the rows, step, and the offset table or null.
    pub(crate) fn row_places(&self) -> (*const u8, usize, *const u8) {
        if self.stride != 0 || self.row_offsets == 0 {
            (self.at(self.rows.min(self.capacity)), self.stride, std::ptr::null())
        } else {
            (self.at(0), 0, self.at(self.row_offsets))
        }
    }

    pub(crate) fn has(&self, offset: u32, size: usize) -> bool {
        self.spans(offset as usize, size)
    }

    #[inline(always)]
    pub(crate) fn at(&self, offset: usize) -> *mut u8 {
        debug_assert!(offset <= self.capacity);
        // SAFETY: the callers stay inside of the region.
        unsafe { self.base.add(offset) }
    }

    #[inline(always)]
    pub(crate) fn u32_at(&self, offset: usize) -> u32 {
        // SAFETY: as above.
        unsafe { u32::load(self.at(offset)) }
    }

    fn u64_at(&self, offset: usize) -> u64 {
        // SAFETY: as above.
        unsafe { u64::load(self.at(offset)) }
    }

    #[inline(always)]
    pub(crate) fn set_u32(&mut self, offset: usize, value: u32) {
        // SAFETY: as above.
        unsafe { value.store(self.at(offset)) }
    }

    #[inline(always)]
    fn heap_top(&self) -> usize {
        self.u32_at(header::HEAP) as usize + self.u32_at(header::HEAP_USED) as usize
    }

    /// Takes `size` zeroed bytes, 8-aligned, from the heap; their offset.
    pub(crate) fn take(&mut self, size: usize) -> Result<usize> {
        let start = self.heap_top().next_multiple_of(8);
        if start > self.capacity || size > self.capacity - start {
            return Err(Errno::NOSPC.into());
        }
        // SAFETY: free bytes of the heap, as in `put_with`.
        unsafe { std::ptr::write_bytes(self.at(start), 0, size) };
        self.set_u32(header::HEAP_USED, (start + size) as u32 - self.u32_at(header::HEAP));
        Ok(start)
    }
}
