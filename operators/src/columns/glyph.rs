//! Characters on a terminal: which may be shown as they are, how many cells they take, and how the others are written.

/// What a character of a value becomes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Glyph {
    /// Shown, in that many cells.
    Cells(usize),
    /// Not shown: written as an escape.
    Escaped,
}

/// As Go's strconv.IsPrint, with the cells that terminals use.
pub fn glyph(c: char) -> Glyph {
    match c as u32 {
        0x20..=0x7e => Glyph::Cells(1),
        // Without a look at tables: Latin, Greek and Cyrillic letters, kana, CJK, Hangul.
        0xa1..=0xac | 0xae..=0x2ff | 0x400..=0x482 => Glyph::Cells(1),
        0x3041..=0x3096 | 0x30a0..=0x30ff | 0x4e00..=0x9fff | 0xac00..=0xd7a3 => Glyph::Cells(2),
        code => match (is_printable(c), is_wide(code)) {
            (false, _) => Glyph::Escaped,
            // What extends a character before it is escaped only when it stands alone.
            (true, _) if c.escape_debug().nth(1).is_some() => Glyph::Cells(0),
            (true, true) => Glyph::Cells(2),
            (true, false) => Glyph::Cells(1),
        },
    }
}

/// By Rust's own tables: a str's escapes leave alone what is printable, and what extends a character before it.
fn is_printable(c: char) -> bool {
    let mut text = [b'a'; 5];
    let size = 1 + c.encode_utf8(&mut text[1..]).len();
    std::str::from_utf8(&text[..size]).is_ok_and(|text| text.escape_debug().nth(1) == Some(c))
}

/// East Asian wide and fullwidth, and emoji.
fn is_wide(code: u32) -> bool {
    matches!(code,
        0x1100..=0x115f | 0x231a..=0x231b | 0x23e9..=0x23ec | 0x23f0 | 0x23f3 | 0x25fd..=0x25fe | 0x2614..=0x2615
        | 0x2648..=0x2653 | 0x267f | 0x2693 | 0x26a1 | 0x26aa..=0x26ab | 0x26bd..=0x26be | 0x26c4..=0x26c5 | 0x26ce
        | 0x26d4 | 0x26ea | 0x26f2..=0x26f3 | 0x26f5 | 0x26fa | 0x26fd | 0x2705 | 0x270a..=0x270b | 0x2728 | 0x274c
        | 0x274e | 0x2753..=0x2755 | 0x2757 | 0x2795..=0x2797 | 0x27b0 | 0x27bf | 0x2b1b..=0x2b1c | 0x2b50 | 0x2b55
        | 0x2e80..=0x303e | 0x3041..=0x33ff | 0x3400..=0x4dbf | 0x4e00..=0xa4cf | 0xa960..=0xa97c | 0xac00..=0xd7a3
        | 0xf900..=0xfaff | 0xfe10..=0xfe19 | 0xfe30..=0xfe6b | 0xff01..=0xff60 | 0xffe0..=0xffe6 | 0x16fe0..=0x18cff
        | 0x1b000..=0x1b2fb | 0x1f004 | 0x1f0cf | 0x1f18e | 0x1f191..=0x1f19a | 0x1f200..=0x1f265 | 0x1f300..=0x1f320
        | 0x1f32d..=0x1f335 | 0x1f337..=0x1f37c | 0x1f37e..=0x1f393 | 0x1f3a0..=0x1f3ca | 0x1f3cf..=0x1f3d3
        | 0x1f3e0..=0x1f3f0 | 0x1f3f4 | 0x1f3f8..=0x1f43e | 0x1f440 | 0x1f442..=0x1f4fc | 0x1f4ff..=0x1f53d
        | 0x1f54b..=0x1f54e | 0x1f550..=0x1f567 | 0x1f57a | 0x1f595..=0x1f596 | 0x1f5a4 | 0x1f5fb..=0x1f64f
        | 0x1f680..=0x1f6c5 | 0x1f6cc | 0x1f6d0..=0x1f6d2 | 0x1f6d5..=0x1f6d7 | 0x1f6dc..=0x1f6df | 0x1f6eb..=0x1f6ec
        | 0x1f6f4..=0x1f6fc | 0x1f7e0..=0x1f7eb | 0x1f7f0 | 0x1f90c..=0x1f93a | 0x1f93c..=0x1f945 | 0x1f947..=0x1f9ff
        | 0x1fa70..=0x1faff | 0x20000..=0x3fffd)
}

/// The escape of a character that is not shown, or of a quote or backslash; as Go's strconv.Quote writes it.
pub fn escape(c: char) -> String {
    match c {
        '\x07' => "\\a".into(),
        '\x08' => "\\b".into(),
        '\x0c' => "\\f".into(),
        '\n' => "\\n".into(),
        '\r' => "\\r".into(),
        '\t' => "\\t".into(),
        '\x0b' => "\\v".into(),
        '"' => "\\\"".into(),
        '\\' => "\\\\".into(),
        c if c.is_ascii() => escape_byte(c as u8),
        c if (c as u32) < 0x10000 => format!("\\u{:04x}", c as u32),
        c => format!("\\U{:08x}", c as u32),
    }
}

/// The escape of a byte that is no UTF-8.
pub fn escape_byte(byte: u8) -> String {
    format!("\\x{byte:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells() {
        let cells = |c| glyph(c);
        for (c, wanted) in [('a', 1), ('é', 1), ('я', 1), ('…', 1), ('語', 2), ('한', 2), ('あ', 2), ('！', 2), ('😀', 2), ('🦀', 2)]
        {
            assert_eq!(cells(c), Glyph::Cells(wanted), "{c}");
        }
        // Combining: an accent, a variation selector, a Thai vowel, a Hebrew point.
        for c in ['\u{301}', '\u{fe0f}', '\u{e34}', '\u{5b0}'] {
            assert_eq!(cells(c), Glyph::Cells(0), "{c:?}");
        }
        // Control characters of C0 and C1, soft hyphen, zero-width and bidi marks, line separators, private use.
        for c in ['\x1b', '\x7f', '\u{9b}', '\u{ad}', '\u{200b}', '\u{202e}', '\u{2028}', '\u{feff}', '\u{e000}', '\u{a0}', '\u{e0001}'] {
            assert_eq!(cells(c), Glyph::Escaped, "{c:?}");
        }
    }

    #[test]
    fn escapes_as_go() {
        let escapes = ['\n', '\x1b', '\x7f', '"', '\\', '\u{9b}', '\u{202e}', '\u{e0001}'].map(escape).join(" ");
        assert_eq!(escapes, r#"\n \x1b \x7f \" \\ \u009b \u202e \U000e0001"#);
        assert_eq!(escape_byte(0xff), "\\xff");
    }

    /// The short cuts say what the tables say.
    #[test]
    fn short_cuts_are_right() {
        for c in (0xa1..0xd7ff).filter_map(char::from_u32) {
            if let Glyph::Cells(cells) = glyph(c) {
                assert!(is_printable(c), "{:x}", c as u32);
                assert!(cells == 0 || (cells == 2) == is_wide(c as u32), "{:x}", c as u32);
            }
        }
    }
}
