//! Kinds of values, and typed handles of fields.

use crate::abi::{COLUMN_SIZE, KIND_ARRAY};
use crate::batch::Batch;
use crate::error::{Errno, Error, Result};
use crate::read::{Bytes, Scalars};
use std::marker::PhantomData;

/// What a field holds; the numbers are Inspektor Gadget's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Kind {
    /// Nothing of its own: a parent for others, or a type that has no kind.
    Invalid = 0,
    /// True or false, one byte.
    Bool,
    /// Signed, 8 bits.
    Int8,
    /// Signed, 16 bits.
    Int16,
    /// Signed, 32 bits.
    Int32,
    /// Signed, 64 bits.
    Int64,
    /// Unsigned, 8 bits.
    Uint8,
    /// Unsigned, 16 bits.
    Uint16,
    /// Unsigned, 32 bits.
    Uint32,
    /// Unsigned, 64 bits.
    Uint64,
    /// Floating point, 32 bits.
    Float32,
    /// Floating point, 64 bits.
    Float64,
    /// Text in a column.
    String,
    /// Text in the row, up to its first NUL.
    CString,
    /// Bytes that are no text.
    Bytes,
}

impl Kind {
    /// The kind of an ABI number, and whether it is an array of that kind. Unknown numbers are [`Kind::Invalid`].
    pub fn from_raw(raw: u32) -> (Kind, bool) {
        use Kind::*;
        const KINDS: [Kind; 15] =
            [Invalid, Bool, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64, Float32, Float64, String, CString, Bytes];
        (KINDS.get((raw & !KIND_ARRAY) as usize).copied().unwrap_or(Invalid), raw & KIND_ARRAY != 0)
    }

    /// Bytes of a value, 0 for kinds of no fixed size.
    pub fn width(self) -> usize {
        use Kind::*;
        match self {
            Bool | Int8 | Uint8 => 1,
            Int16 | Uint16 => 2,
            Int32 | Uint32 | Float32 => 4,
            Int64 | Uint64 | Float64 => 8,
            Invalid | String | CString | Bytes => 0,
        }
    }
}

/// A type that a field can be read as: a [`Scalar`], or `[u8]` for text and bytes.
pub trait Value: sealed::Sealed {
    /// Reads the values of a batch's rows.
    type Reader<'b>;
    #[doc(hidden)]
    fn accepts(kind: Kind, array: bool, size: usize) -> bool;
    #[doc(hidden)]
    fn reader<'b>(batch: &Batch<'b>, place: &Place) -> Result<Self::Reader<'b>>;
}

/// A number or a bool, of the very kind that the field has (`u32` for [`Kind::Uint32`]).
pub trait Scalar: Value + Copy + 'static {
    /// The field kind that is this type.
    const KIND: Kind;
    /// Loads a value from bytes of any alignment.
    ///
    /// # Safety
    /// `from` must be valid for reads of the kind's width.
    unsafe fn load(from: *const u8) -> Self;
    #[doc(hidden)]
    unsafe fn store(self, to: *mut u8);
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

macro_rules! scalars {
    ($($type:ty = $kind:ident),*) => {$(
        impl sealed::Sealed for $type {}
        impl Value for $type {
            type Reader<'b> = Scalars<'b, $type>;
            fn accepts(kind: Kind, array: bool, _size: usize) -> bool {
                kind == Kind::$kind && !array
            }
            fn reader<'b>(batch: &Batch<'b>, place: &Place) -> Result<Scalars<'b, $type>> {
                Scalars::bind(batch, place)
            }
        }
        impl Scalar for $type {
            const KIND: Kind = Kind::$kind;
            #[inline(always)]
            unsafe fn load(from: *const u8) -> Self {
                from.cast::<$type>().read_unaligned()
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut u8) {
                to.cast::<$type>().write_unaligned(self)
            }
        }
    )*};
}
scalars!(
    i8 = Int8,
    i16 = Int16,
    i32 = Int32,
    i64 = Int64,
    u8 = Uint8,
    u16 = Uint16,
    u32 = Uint32,
    u64 = Uint64,
    f32 = Float32,
    f64 = Float64
);

impl sealed::Sealed for bool {}
impl Value for bool {
    type Reader<'b> = Scalars<'b, bool>;
    fn accepts(kind: Kind, array: bool, _size: usize) -> bool {
        kind == Kind::Bool && !array
    }
    fn reader<'b>(batch: &Batch<'b>, place: &Place) -> Result<Scalars<'b, bool>> {
        Scalars::bind(batch, place)
    }
}
impl Scalar for bool {
    const KIND: Kind = Kind::Bool;
    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // Any byte may stand in a record; true is exactly 1, as in Inspektor Gadget.
        *from == 1
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        *to = self as u8;
    }
}

/// Text and bytes. Any in-row field can be read so too (arrays, structs): the bytes as they are.
impl sealed::Sealed for [u8] {}
impl Value for [u8] {
    type Reader<'b> = Bytes<'b>;
    fn accepts(kind: Kind, _array: bool, size: usize) -> bool {
        size > 0 || matches!(kind, Kind::String | Kind::CString | Kind::Bytes)
    }
    fn reader<'b>(batch: &Batch<'b>, place: &Place) -> Result<Bytes<'b>> {
        Bytes::bind(batch, place)
    }
}

/// Where a field's values are, in one data source.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The data source has no such field.
    Nowhere,
    /// In the row.
    Row { offset: u32, size: u32, text: bool },
    /// In a column.
    Slot(u32),
}

/// A field that was looked up once, to be read in every batch: [`Batch::read`] binds it to a batch.
///
/// One handle can stand for the field of that name in several data sources.
#[derive(Debug)]
pub struct Field<T: ?Sized> {
    places: Vec<Place>,
    kind: PhantomData<fn() -> *const T>,
}

impl<T: ?Sized> Clone for Field<T> {
    fn clone(&self) -> Self {
        Field { places: self.places.clone(), kind: PhantomData }
    }
}

impl<T: Value + ?Sized> Field<T> {
    pub(crate) fn new() -> Self {
        Field { places: Vec::new(), kind: PhantomData }
    }

    pub(crate) fn put(&mut self, source: usize, place: Place) {
        if self.places.len() <= source {
            self.places.resize(source + 1, Place::Nowhere);
        }
        self.places[source] = place;
    }

    /// Whether data source `source` (its id) has the field.
    pub fn is_in(&self, source: usize) -> bool {
        !matches!(self.place(source), Place::Nowhere)
    }

    pub(crate) fn place(&self, source: usize) -> Place {
        self.places.get(source).copied().unwrap_or(Place::Nowhere)
    }

    pub(crate) fn bind<'b>(&self, batch: &Batch<'b>) -> Result<T::Reader<'b>> {
        match self.place(batch.source()) {
            Place::Nowhere => Err(Error::new(Errno::NOENT, "the data source has no such field")),
            place => T::reader(batch, &place),
        }
    }
}

impl Place {
    /// Address of the column descriptor of `slot`, if the batch has it.
    pub(crate) fn descriptor(batch: &Batch, slot: u32) -> Result<usize> {
        if (slot as usize) < batch.column_count() {
            Ok(batch.columns_at() + slot as usize * COLUMN_SIZE)
        } else {
            Err(Error::new(Errno::PROTO, format!("the batch has no column {slot}")))
        }
    }
}
