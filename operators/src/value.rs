//! A field of any kind, and its values in a batch: for operators that learn at init which fields they read.

use ig_operator::{Batch, Bytes, Field, FieldInfo, Kind, Result, Scalars};

macro_rules! inputs {
    ($($name:ident($type:ty) $reader:ident<$of:ty>),*) => {
        /// A field to be read, by its type. `CString` is text in the row, up to its first NUL; whatever else is no scalar is
        /// `Text`: the bytes as they are.
        pub enum Input { $($name(Field<$type>)),*, CString(Field<[u8]>), Text(Field<[u8]>) }

        /// The same, bound to a batch.
        pub enum Reader<'b> { $($name($reader<'b, $of>)),*, CString(Bytes<'b>), Text(Bytes<'b>) }

        impl Input {
            pub fn new(field: &FieldInfo) -> Result<Input> {
                Ok(match field.kind() {
                    $(Kind::$name if !field.is_array() => Input::$name(field.handle()?),)*
                    Kind::CString if !field.is_array() && field.slot().is_none() => Input::CString(field.handle()?),
                    _ => Input::Text(field.handle()?),
                })
            }

            pub fn bind<'b>(&self, batch: &Batch<'b>) -> Result<Reader<'b>> {
                Ok(match self {
                    $(Input::$name(field) => Reader::$name(batch.read(field)?),)*
                    Input::CString(field) => Reader::CString(batch.read(field)?),
                    Input::Text(field) => Reader::Text(batch.read(field)?),
                })
            }
        }
    };
}

inputs!(
    Bool(bool) Scalars<bool>,
    Int8(i8) Scalars<i8>,
    Int16(i16) Scalars<i16>,
    Int32(i32) Scalars<i32>,
    Int64(i64) Scalars<i64>,
    Uint8(u8) Scalars<u8>,
    Uint16(u16) Scalars<u16>,
    Uint32(u32) Scalars<u32>,
    Uint64(u64) Scalars<u64>,
    Float32(f32) Scalars<f32>,
    Float64(f64) Scalars<f64>
);
