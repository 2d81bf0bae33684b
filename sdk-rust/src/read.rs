//! Readers: fields bound to one batch. All checks are made when binding, so that a load per row is a load.

use crate::batch::{Batch, Row};
use crate::error::{Errno, Error, Result};
use crate::field::{Place, Scalar};
use std::marker::PhantomData;

/// Eight zero bytes that every row of an absent column reads.
static ZEROS: [u8; 8] = [0; 8];

/// Base address and step of values; with `offsets`, the row's place is looked up there.
#[derive(Clone, Copy)]
pub(crate) struct Cursor {
    base: *const u8,
    step: usize,
    /// u32 per row, or null.
    offsets: *const u8,
    /// Bitmap of the rows that have a value, or null when all have.
    validity: *const u8,
}

impl Cursor {
    const ABSENT: Cursor = Cursor { base: ZEROS.as_ptr(), step: 0, offsets: std::ptr::null(), validity: std::ptr::null() };

    #[inline(always)]
    fn at(&self, row: Row) -> *const u8 {
        // SAFETY: rows of a batch are below its row count (checked when the batch was opened), and binding checked the
        // range for that many.
        unsafe {
            if self.offsets.is_null() {
                self.base.add(row.index() * self.step)
            } else {
                self.base.add(u32::load(self.offsets.add(row.index() * 4)) as usize)
            }
        }
    }

    #[inline(always)]
    fn valid(&self, row: Row) -> bool {
        // SAFETY: as above; the bitmap covers the row count.
        self.validity.is_null() || unsafe { *self.validity.add(row.index() / 8) >> (row.index() % 8) & 1 == 1 }
    }

    fn in_rows(batch: &Batch, offset: u32, size: u32) -> Result<Cursor> {
        if offset as usize + size as usize > batch.record_size() {
            return Err(Error::new(Errno::PROTO, "a field ends after its record"));
        }
        let (base, step, offsets) = batch.row_places();
        // SAFETY: the field is inside of the record, and records are inside of the region.
        Ok(Cursor { base: unsafe { base.add(offset as usize) }, step, offsets, validity: std::ptr::null() })
    }

    /// None: no row has a value.
    fn in_column(batch: &Batch, slot: u32, width: usize) -> Result<Option<Cursor>> {
        let at = Place::descriptor(batch, slot)?;
        if batch.u32_at(at + 4) == 0 {
            return Ok(None);
        }
        let (validity, data, size) = (batch.u32_at(at + 8), batch.u32_at(at + 12), batch.u32_at(at + 16));
        let rows = batch.row_count();
        if (size as usize) < rows * width
            || !batch.has(data, rows * width)
            || (validity != 0 && !batch.has(validity, rows.div_ceil(8)))
        {
            return Err(Error::new(Errno::PROTO, format!("column {slot} leaves the batch")));
        }
        Ok(Some(Cursor {
            base: batch.at(data as usize),
            step: width,
            offsets: std::ptr::null(),
            validity: if validity == 0 { std::ptr::null() } else { batch.at(validity as usize) },
        }))
    }
}

/// Numbers or bools of one batch.
#[derive(Clone, Copy)]
pub struct Scalars<'b, T> {
    cursor: Cursor,
    batch: PhantomData<(&'b [u8], T)>,
}

impl<'b, T: Scalar> Scalars<'b, T> {
    pub(crate) fn bind(batch: &Batch<'b>, place: &Place) -> Result<Self> {
        let cursor = match *place {
            Place::Row { offset, size, .. } => Cursor::in_rows(batch, offset, size)?,
            Place::Slot(slot) => Cursor::in_column(batch, slot, T::KIND.width())?.unwrap_or(Cursor::ABSENT),
            Place::Nowhere => Cursor::ABSENT,
        };
        Ok(Scalars { cursor, batch: PhantomData })
    }

    /// The row's value; 0 (false) when it has none.
    #[inline(always)]
    pub fn get(&self, row: Row<'b>) -> T {
        let from = if self.cursor.valid(row) { self.cursor.at(row) } else { ZEROS.as_ptr() };
        // SAFETY: `Cursor::at` is valid for the kind's width.
        unsafe { T::load(from) }
    }

    /// Whether the row has a value.
    #[inline]
    pub fn has(&self, row: Row<'b>) -> bool {
        !self.is_absent() && self.cursor.valid(row)
    }

    /// Whether no row of this batch has a value.
    pub fn is_absent(&self) -> bool {
        std::ptr::eq(self.cursor.base, ZEROS.as_ptr())
    }
}

/// Values of a fixed size in a column, of a kind that is known only when the operator runs.
#[derive(Clone, Copy)]
pub struct RawColumn<'b> {
    cursor: Cursor,
    batch: PhantomData<&'b [u8]>,
}

impl<'b> RawColumn<'b> {
    pub(crate) fn bind(batch: &Batch<'b>, slot: u32, width: usize) -> Result<Self> {
        assert!(matches!(width, 1 | 2 | 4 | 8), "a width of a fixed-size kind");
        let cursor = Cursor::in_column(batch, slot, width)?.unwrap_or(Cursor::ABSENT);
        Ok(RawColumn { cursor, batch: PhantomData })
    }

    /// Address of the row's value, or of zeros when it has none.
    #[inline(always)]
    pub fn address(&self, row: Row<'b>) -> *const u8 {
        if self.cursor.valid(row) {
            self.cursor.at(row)
        } else {
            ZEROS.as_ptr()
        }
    }
}

/// Text or bytes of one batch.
#[derive(Clone, Copy)]
pub struct Bytes<'b> {
    cursor: Cursor,
    form: Form,
    region: *const u8,
    capacity: usize,
    batch: PhantomData<&'b [u8]>,
}

#[derive(Clone, Copy)]
enum Form {
    Absent,
    /// In the row, up to the first NUL.
    Text(u32),
    /// In the row, all of it.
    Raw(u32),
    /// A view in a column.
    View,
}

impl<'b> Bytes<'b> {
    pub(crate) fn bind(batch: &Batch<'b>, place: &Place) -> Result<Self> {
        let (cursor, form) = match *place {
            Place::Row { offset, size, text: true } => {
                // Text at the end of a record may be cut off.
                match size.min((batch.record_size() as u32).saturating_sub(offset)) {
                    0 => (Cursor::ABSENT, Form::Absent),
                    size => (Cursor::in_rows(batch, offset, size)?, Form::Text(size)),
                }
            }
            Place::Row { offset, size, text: false } => (Cursor::in_rows(batch, offset, size)?, Form::Raw(size)),
            Place::Slot(slot) => match Cursor::in_column(batch, slot, 8)? {
                Some(cursor) => (cursor, Form::View),
                None => (Cursor::ABSENT, Form::Absent),
            },
            Place::Nowhere => (Cursor::ABSENT, Form::Absent),
        };
        Ok(Bytes { cursor, form, region: batch.at(0), capacity: batch.capacity(), batch: PhantomData })
    }

    /// The row's bytes, without terminator; empty when it has none.
    #[inline]
    pub fn get(&self, row: Row<'b>) -> &'b [u8] {
        let (from, size) = self.span(row);
        // SAFETY: `span` is inside of the region. Bytes that a reader can see never change while the batch is open: rows are
        // immutable and the heap only grows.
        unsafe { std::slice::from_raw_parts(from, size) }
    }

    /// The row's text; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self, row: Row<'b>) -> std::borrow::Cow<'b, str> {
        String::from_utf8_lossy(self.get(row))
    }

    /// Whether the row's bytes are `other`.
    #[inline]
    pub fn is(&self, row: Row<'b>, other: &[u8]) -> bool {
        match self.form {
            // No need to look for the NUL.
            Form::Text(size) if other.len() < size as usize => self.head(row, other.len() + 1).split_last() == Some((&0, other)),
            _ => self.get(row) == other,
        }
    }

    /// Whether the row's bytes start with `prefix`.
    #[inline]
    pub fn starts_with(&self, row: Row<'b>, prefix: &[u8]) -> bool {
        match self.form {
            // A prefix has no NUL that matters: a text that ends early differs at its NUL.
            Form::Text(size) if prefix.len() <= size as usize && !prefix.contains(&0) => self.head(row, prefix.len()) == prefix,
            _ => self.get(row).starts_with(prefix),
        }
    }

    /// Whether no row of this batch has a value.
    pub fn is_absent(&self) -> bool {
        matches!(self.form, Form::Absent)
    }

    /// Address and most bytes of the value: for text in the row the whole field, NUL not looked for.
    ///
    /// For operators that scan bytes in their own way; [`get`](Bytes::get) is for all others.
    #[inline(always)]
    pub fn raw(&self, row: Row<'b>) -> (*const u8, usize) {
        match self.form {
            Form::View => self.view(row),
            Form::Text(size) => (self.cursor.at(row), size as usize),
            _ => self.span(row),
        }
    }

    #[inline(always)]
    fn head(&self, row: Row<'b>, size: usize) -> &'b [u8] {
        // SAFETY: the callers ask for no more than the field has.
        unsafe { std::slice::from_raw_parts(self.cursor.at(row), size) }
    }

    #[inline(always)]
    fn span(&self, row: Row<'b>) -> (*const u8, usize) {
        match self.form {
            Form::Absent => (ZEROS.as_ptr(), 0),
            Form::Raw(size) => (self.cursor.at(row), size as usize),
            Form::Text(size) => {
                let from = self.cursor.at(row);
                // SAFETY: the field is `size` bytes inside of the row.
                let field = unsafe { std::slice::from_raw_parts(from, size as usize) };
                (from, find_nul(field))
            }
            Form::View => self.view(row),
        }
    }

    #[inline(always)]
    fn view(&self, row: Row<'b>) -> (*const u8, usize) {
        if !self.cursor.valid(row) {
            return (ZEROS.as_ptr(), 0);
        }
        // SAFETY: columns have no offset table; views are 8 bytes, and binding checked their range.
        let both = unsafe { u64::load(self.cursor.base.add(row.index() * 8)) };
        let (offset, size) = (both & 0xffff_ffff, both >> 32);
        if offset + size > self.capacity as u64 {
            return (ZEROS.as_ptr(), 0);
        }
        // SAFETY: just checked.
        (unsafe { self.region.add(offset as usize) }, size as usize)
    }
}

/// Index of the first NUL, or the length.
#[inline]
fn find_nul(bytes: &[u8]) -> usize {
    // Eight at a time: a byte of `word` is zero where the subtraction borrows into a clear top bit.
    let mut at = 0;
    while at + 8 <= bytes.len() {
        // SAFETY: eight bytes are left.
        let word = unsafe { u64::load(bytes.as_ptr().add(at)) };
        let zero = word.wrapping_sub(0x0101_0101_0101_0101) & !word & 0x8080_8080_8080_8080;
        if zero != 0 {
            return at + zero.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while at < bytes.len() && bytes[at] != 0 {
        at += 1;
    }
    at
}
