//! Strings to JSON, 16 bytes at a time.

/// Most bytes that one byte of a string becomes: `\u0000` and `\ufffd`.
pub const MOST_GROWTH: usize = 6;
/// Bytes that may be written past the end of what was needed.
pub const SLACK: usize = 32;

/// A bit for each of 16 bytes that cannot be copied as it is: control characters, `"`, `\`, and all above ASCII.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline(always)]
unsafe fn copy16(from: *const u8, to: *mut u8) -> u32 {
    use core::arch::wasm32::*;
    let bytes = v128_load(from.cast());
    v128_store(to.cast(), bytes);
    // Below 0x20 or above 0x7f, as signed: less than 0x20.
    let odd = i8x16_lt(bytes, i8x16_splat(0x20));
    let odd = v128_or(odd, i8x16_eq(bytes, i8x16_splat(b'"' as i8)));
    let odd = v128_or(odd, i8x16_eq(bytes, i8x16_splat(b'\\' as i8)));
    i8x16_bitmask(odd) as u32
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
unsafe fn copy16(from: *const u8, to: *mut u8) -> u32 {
    let bytes = from.cast::<[u8; 16]>().read_unaligned();
    to.cast::<[u8; 16]>().write_unaligned(bytes);
    let odd = |byte: u8| byte < 0x20 || byte > 0x7f || byte == b'"' || byte == b'\\';
    bytes.iter().enumerate().fold(0, |mask, (i, byte)| mask | (odd(*byte) as u32) << i)
}

/// Where a string is, and how far one may look.
#[derive(Clone, Copy)]
pub struct Source {
    pub from: *const u8,
    /// Most bytes of it.
    pub size: usize,
    /// It ends at its first NUL.
    pub stop_at_nul: bool,
    /// First address that may not be loaded from.
    pub limit: *const u8,
}

/// Writes the inside of a JSON string: escapes what JSON wants escaped, and U+FFFD, escaped, for each byte that is not UTF-8.
/// Returns the address after it.
///
/// # Safety
/// `source` must be valid for reads of its size; `to` for writes of `size` × [`MOST_GROWTH`] + [`SLACK`].
#[inline(always)]
pub unsafe fn write_json(source: Source, to: *mut u8) -> *mut u8 {
    // Most strings end in their first 16 bytes, or their second.
    match step(source, to) {
        Next::End(to) => to,
        Next::More(from, to) => match step(source.after(from), to) {
            Next::End(to) => to,
            Next::More(from, to) => long(source.after(from), to),
        },
    }
}

enum Next {
    /// Where the rest begins, and where it goes.
    More(*const u8, *mut u8),
    End(*mut u8),
}

impl Source {
    #[inline(always)]
    fn after(self, from: *const u8) -> Source {
        Source { from, size: self.size - (from as usize - self.from as usize), ..self }
    }
}

#[inline(never)]
unsafe fn long(mut source: Source, mut to: *mut u8) -> *mut u8 {
    loop {
        match step(source, to) {
            Next::End(to) => return to,
            Next::More(from, next) => (source, to) = (source.after(from), next),
        }
    }
}

/// Up to 16 plain characters, or fewer and an odd one.
#[inline(always)]
unsafe fn step(source: Source, to: *mut u8) -> Next {
    let Source { from, size, stop_at_nul, limit } = source;
    if (limit as usize) - (from as usize) < 16 {
        return Next::End(if size == 0 { to } else { tail(source, to) });
    }
    // What comes after the end counts as odd, so that the scan stops there.
    let odd = copy16(from, to) | if size < 16 { 1 << size } else { 0x10000 };
    let plain = odd.trailing_zeros() as usize;
    let (from, to) = (from.add(plain), to.add(plain));
    if plain == size || plain < 16 && stop_at_nul && *from == 0 {
        return Next::End(to);
    }
    if plain == 16 {
        return Next::More(from, to);
    }
    let (from, to) = odd_char(from, source.from.add(size), to);
    Next::More(from, to)
}

/// The last bytes of the region: too near its end for loads of 16.
#[cold]
#[inline(never)]
unsafe fn tail(source: Source, to: *mut u8) -> *mut u8 {
    let mut bytes = [0u8; 32];
    std::ptr::copy_nonoverlapping(source.from, bytes.as_mut_ptr(), source.size);
    let limit = bytes.as_ptr().add(32);
    long(Source { from: bytes.as_ptr(), limit, ..source }, to)
}

/// One character that is not copied as it is, and the plain ones of the same run of UTF-8.
#[inline(never)]
unsafe fn odd_char(from: *const u8, end: *const u8, to: *mut u8) -> (*const u8, *mut u8) {
    let byte = *from;
    let short = |letter: u8| {
        *to = b'\\';
        *to.add(1) = letter;
        (from.add(1), to.add(2))
    };
    match byte {
        b'"' | b'\\' => short(byte),
        b'\n' => short(b'n'),
        b'\r' => short(b'r'),
        b'\t' => short(b't'),
        0..=0x7f => (from.add(1), unicode_escape(to, byte as u16)),
        _ => {
            let bytes = std::slice::from_raw_parts(from, (end as usize - from as usize).min(4));
            match utf8_char(bytes) {
                // JavaScript's line ends: legal in JSON, not in what JSON is often pasted into.
                3 if matches!(bytes, [0xe2, 0x80, 0xa8 | 0xa9, ..]) => (from.add(3), unicode_escape(to, 0x2000 | (bytes[2] & 0x3f) as u16)),
                0 => (from.add(1), unicode_escape(to, 0xfffd)),
                size => {
                    std::ptr::copy_nonoverlapping(from, to, size);
                    (from.add(size), to.add(size))
                }
            }
        }
    }
}

unsafe fn unicode_escape(to: *mut u8, unit: u16) -> *mut u8 {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digit = |shift: u16| HEX[(unit >> shift & 15) as usize];
    to.cast::<[u8; 6]>().write_unaligned([b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
    to.add(6)
}

/// Bytes of the character that `bytes` starts with, 0 when that is not UTF-8.
pub fn utf8_char(bytes: &[u8]) -> usize {
    let next = |byte: &u8| byte & 0xc0 == 0x80;
    match bytes {
        [0..=0x7f, ..] => 1,
        [0xc2..=0xdf, a, ..] if next(a) => 2,
        [0xe0, 0xa0..=0xbf, a, ..] if next(a) => 3,
        [0xed, 0x80..=0x9f, a, ..] if next(a) => 3,
        [0xe1..=0xec | 0xee..=0xef, a, b, ..] if next(a) && next(b) => 3,
        [0xf0, 0x90..=0xbf, a, b, ..] if next(a) && next(b) => 4,
        [0xf1..=0xf3, a, b, c, ..] if next(a) && next(b) && next(c) => 4,
        [0xf4, 0x80..=0x8f, a, b, ..] if next(a) && next(b) => 4,
        _ => 0,
    }
}

/// `text` as the inside of a JSON string, for keys.
pub fn json(text: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; text.len() * MOST_GROWTH + SLACK];
    let limit = text.as_ptr_range().end;
    let source = Source { from: text.as_ptr(), size: text.len(), stop_at_nul: false, limit };
    // SAFETY: the size is as asked for.
    let size = unsafe { write_json(source, bytes.as_mut_ptr()) } as usize - bytes.as_ptr() as usize;
    bytes.truncate(size);
    bytes
}
