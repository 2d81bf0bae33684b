//! Strings to JSON, 16 bytes at a time.

use crate::scan::copy16;

/// Most bytes that one byte of a string becomes: `\u0000` and `\ufffd`.
pub const MOST_GROWTH: usize = 6;
/// Bytes that may be written past the end of what was needed.
pub const SLACK: usize = 32;

/// First address that may not be loaded from.
#[derive(Clone, Copy)]
pub struct Limit(pub *const u8);

impl Limit {
    #[inline(always)]
    fn allows16(self, at: *const u8) -> bool {
        // The region's last bytes are near the limit, its first ones far from zero: this does not wrap.
        at as usize + 16 <= self.0 as usize
    }
}

/// Writes a text of `size` bytes as the inside of a JSON string: escapes what JSON wants escaped, and U+FFFD, escaped, for
/// each byte that is not UTF-8. Returns the address after it.
///
/// # Safety
/// `from` must be valid for reads of `size`, and so must be all from there to `limit`; `to` for writes of `size` ×
/// [`MOST_GROWTH`] + [`SLACK`].
#[inline(always)]
pub unsafe fn write_string(from: *const u8, size: usize, to: *mut u8, limit: Limit) -> *mut u8 {
    if size <= 16 && limit.allows16(from) {
        // Plain and short: one copy, and where it ends is known before it is done.
        let odd = copy16::<false>(from, to);
        if odd & ((1 << size) - 1) == 0 {
            return to.add(size);
        }
    } else if size <= 48 && limit.allows16(from.add(32)) {
        // A time in a zone is 35 bytes.
        let part = |at: usize| (copy16::<false>(from.add(at), to.add(at)) as u64) << at;
        let odd = part(0) | part(16) | if size > 32 { part(32) } else { 0 };
        if odd & ((1 << size) - 1) == 0 {
            return to.add(size);
        }
    }
    careful(from, size, false, to, limit)
}

/// The same for a text in a field of `size` bytes, which ends at its first NUL.
///
/// # Safety
/// As for [`write_string`].
#[inline(always)]
pub unsafe fn write_field(mut from: *const u8, mut size: usize, mut to: *mut u8, limit: Limit) -> *mut u8 {
    while size >= 16 {
        let odd = copy16::<false>(from, to);
        if odd != 0 {
            let plain = odd.trailing_zeros() as usize;
            (from, to) = (from.add(plain), to.add(plain));
            if *from == 0 {
                return to;
            }
            return careful(from, size - plain, true, to, limit);
        }
        (from, to) = (from.add(16), to.add(16));
        size -= 16;
    }
    // Nothing, or what is left of a text that was cut off.
    if size == 0 || *from == 0 {
        return to;
    }
    careful(from, size, true, to, limit)
}

/// Any text: long, with odd characters, or at the end of the region.
#[inline(never)]
unsafe fn careful(mut from: *const u8, mut size: usize, stop_at_nul: bool, mut to: *mut u8, limit: Limit) -> *mut u8 {
    while size > 0 {
        if !limit.allows16(from) {
            // Fewer than 16 are left: they are copied to where there is more.
            let mut bytes = [0u8; 32];
            std::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), size);
            return careful(bytes.as_ptr(), size, stop_at_nul, to, Limit(bytes.as_ptr().add(32)));
        }
        // What comes after the end counts as odd, so that the scan stops there.
        let odd = copy16::<false>(from, to) | if size < 16 { 1 << size } else { 0x10000 };
        let plain = odd.trailing_zeros() as usize;
        (from, to) = (from.add(plain), to.add(plain));
        size -= plain;
        if size == 0 || plain < 16 && stop_at_nul && *from == 0 {
            return to;
        }
        if plain < 16 {
            let (next, end) = odd_char(from, from.add(size), to);
            size -= next as usize - from as usize;
            (from, to) = (next, end);
        }
    }
    to
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
                3 if matches!(bytes, [0xe2, 0x80, 0xa8 | 0xa9, ..]) => {
                    (from.add(3), unicode_escape(to, 0x2000 | (bytes[2] & 0x3f) as u16))
                }
                // Control characters of two bytes: a terminal may take them for the start of an escape sequence.
                2 if matches!(bytes, [0xc2, 0x80..=0x9f, ..]) => (from.add(2), unicode_escape(to, bytes[1] as u16)),
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
    // SAFETY: the size is as asked for.
    let end = unsafe { write_string(text.as_ptr(), text.len(), bytes.as_mut_ptr(), Limit(text.as_ptr_range().end)) };
    let size = end as usize - bytes.as_ptr() as usize;
    bytes.truncate(size);
    bytes
}
