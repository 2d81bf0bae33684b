//! Values of fixed-size kinds, as JSON and YAML write them.

use super::number::{write_i64, write_u32, write_u64, MOST_DIGITS};
use ig_operator::{Kind, Scalar};

/// Most bytes of a number or a bool. A shortest float has 17 digits, a sign, a point, and up to 21 places before it
/// or six zeros after.
pub const MOST_SCALAR: usize = 40;
const _: () = assert!(MOST_SCALAR > MOST_DIGITS + 2);

/// Writes the value at `from`; returns the address after it.
///
/// # Safety
/// `from` must be valid for the kind's width, `to` for writes of [`MOST_SCALAR`].
#[inline(always)]
pub unsafe fn write(kind: Kind, from: *const u8, to: *mut u8) -> *mut u8 {
    match kind {
        Kind::Uint32 => write_u32(to, u32::load(from)),
        Kind::Uint64 => write_u64(to, u64::load(from)),
        Kind::Int32 => write_i64(to, i32::load(from) as i64),
        Kind::Int64 => write_i64(to, i64::load(from)),
        Kind::Uint8 => write_u32(to, *from as u32),
        Kind::Uint16 => write_u32(to, u16::load(from) as u32),
        Kind::Int8 => write_i64(to, i8::load(from) as i64),
        Kind::Int16 => write_i64(to, i16::load(from) as i64),
        Kind::Bool => put(to, if *from == 1 { b"true" } else { b"false" }),
        Kind::Float32 => put(to, float32(f32::load(from)).as_bytes()),
        Kind::Float64 => put(to, float64(f64::load(from)).as_bytes()),
        Kind::Invalid | Kind::String | Kind::CString | Kind::Bytes => to,
    }
}

unsafe fn put(to: *mut u8, bytes: &[u8]) -> *mut u8 {
    std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
    to.add(bytes.len())
}

/// As Go's encoding/json (and JavaScript): the shortest digits that read back the same, an exponent when the number is
/// below 1e-6 or from 1e21. What JSON has no word for is null.
fn float64(value: f64) -> String {
    let size = value.abs();
    match () {
        _ if !value.is_finite() => "null".to_owned(),
        _ if value != 0.0 && !(1e-6..1e21).contains(&size) => exponent(format!("{value:e}")),
        _ => value.to_string(),
    }
}

fn float32(value: f32) -> String {
    let size = value.abs();
    match () {
        _ if !value.is_finite() => "null".to_owned(),
        _ if value != 0.0 && !(1e-6..1e21).contains(&size) => exponent(format!("{value:e}")),
        _ => value.to_string(),
    }
}

/// Rust leaves the plus out.
fn exponent(text: String) -> String {
    match text.split_once('e') {
        Some((digits, power)) if !power.starts_with('-') => format!("{digits}e+{power}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_go_writes_them() {
        let texts = [0.0, -0.0, 1.0, 0.1, 1e20, 1e21, 1.5e-7, 1e-6, f64::NAN, f64::INFINITY, -f64::MAX, 5e-324].map(float64);
        assert_eq!(
            texts,
            [
                "0",
                "-0",
                "1",
                "0.1",
                "100000000000000000000",
                "1e+21",
                "1.5e-7",
                "0.000001",
                "null",
                "null",
                "-1.7976931348623157e+308",
                "5e-324"
            ]
        );
        assert_eq!([0.1, 16777216.0, 3e-9].map(float32), ["0.1", "16777216", "3e-9"]);
        assert!(texts.iter().all(|text| text.len() <= MOST_SCALAR));
    }
}
