//! Columns that an operator adds or overrides, and their writers.

use crate::batch::{Batch, Row};
use crate::error::{Errno, Error, Result};
use crate::field::{Kind, Place, Scalar};
use std::marker::PhantomData;

/// A type that a column can be of: a [`Scalar`], `str` or `[u8]`.
pub trait ColumnValue: sealed::Sealed {
    /// The kind of a field that is added for it.
    const KIND: Kind;
    /// Sets the values of a batch's rows.
    type Writer<'b>;
    #[doc(hidden)]
    fn writer<'b>(batch: &mut Batch<'b>) -> Result<(Self::Writer<'b>, usize, usize)>;
}

mod sealed {
    pub trait Sealed {}
    impl<T: super::Scalar> Sealed for T {}
    impl Sealed for str {}
    impl Sealed for [u8] {}
}

/// A field whose values the operator writes ([`Batch::write`]), of one data source.
#[derive(Debug)]
pub struct Column<T: ?Sized> {
    source: usize,
    field: u32,
    slot: u32,
    kind: PhantomData<fn(*const T)>,
}

impl<T: ?Sized> Clone for Column<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Column<T> {}

impl<T: ColumnValue + ?Sized> Column<T> {
    pub(crate) fn new(source: usize, field: u32, slot: u32) -> Self {
        Column { source, field, slot, kind: PhantomData }
    }

    /// Id of the field, for instance as the parent of others.
    pub fn field(&self) -> usize {
        self.field as usize
    }

    /// Its column slot.
    pub fn slot(&self) -> u32 {
        self.slot
    }

    pub(crate) fn bind<'b>(&self, batch: &mut Batch<'b>) -> Result<T::Writer<'b>> {
        if batch.source() != self.source {
            return Err(Error::new(Errno::NOENT, "the column is of another data source"));
        }
        let at = Place::descriptor(batch, self.slot)?;
        let (writer, data, size) = T::writer(batch)?;
        batch.set_u32(at + 8, 0);
        batch.set_u32(at + 12, data as u32);
        batch.set_u32(at + 16, size as u32);
        batch.set_u32(at + 4, 1);
        Ok(writer)
    }
}

/// Bytes in the batch: what a value of a string or bytes column is. The default is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct View {
    pub(crate) offset: u32,
    pub(crate) size: u32,
}

impl View {
    /// Number of bytes.
    pub fn len(self) -> usize {
        self.size as usize
    }

    /// The first `size` of them, or all when there are fewer.
    pub fn first(self, size: usize) -> View {
        View { offset: self.offset, size: self.size.min(size as u32) }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.size == 0
    }
}

/// Writes a fixed-size column.
pub struct Fixed<'b, T> {
    data: *mut u8,
    batch: PhantomData<(&'b [u8], T)>,
}

impl<'b, T: Scalar> Fixed<'b, T> {
    /// Sets the row's value.
    #[inline(always)]
    pub fn set(&mut self, row: Row<'b>, value: T) {
        // SAFETY: the column has a value for each row of the batch.
        unsafe { value.store(self.data.add(row.index() * T::KIND.width())) }
    }
}

impl<T: Scalar> ColumnValue for T {
    const KIND: Kind = <T as Scalar>::KIND;
    type Writer<'b> = Fixed<'b, T>;
    fn writer<'b>(batch: &mut Batch<'b>) -> Result<(Fixed<'b, T>, usize, usize)> {
        let size = batch.row_count() * <T as Scalar>::KIND.width();
        let data = batch.take(size)?;
        Ok((Fixed { data: batch.at(data), batch: PhantomData }, data, size))
    }
}

/// Writes a column of text or bytes.
pub struct Views<'b> {
    data: *mut u8,
    batch: PhantomData<&'b [u8]>,
}

impl<'b> Views<'b> {
    /// Sets the row's value to bytes that were put before ([`Batch::put`]).
    #[inline(always)]
    pub fn set(&mut self, row: Row<'b>, value: View) {
        // SAFETY: the column has a view for each row of the batch.
        unsafe { self.data.cast::<View>().add(row.index()).write_unaligned(value) }
    }

    fn start(batch: &mut Batch<'b>) -> Result<(Self, usize, usize)> {
        let size = batch.row_count() * std::mem::size_of::<View>();
        let data = batch.take(size)?;
        Ok((Views { data: batch.at(data), batch: PhantomData }, data, size))
    }
}

impl ColumnValue for str {
    const KIND: Kind = Kind::String;
    type Writer<'b> = Views<'b>;
    fn writer<'b>(batch: &mut Batch<'b>) -> Result<(Views<'b>, usize, usize)> {
        Views::start(batch)
    }
}

impl ColumnValue for [u8] {
    const KIND: Kind = Kind::Bytes;
    type Writer<'b> = Views<'b>;
    fn writer<'b>(batch: &mut Batch<'b>) -> Result<(Views<'b>, usize, usize)> {
        Views::start(batch)
    }
}
