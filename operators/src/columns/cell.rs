//! One cell of a table: a value made safe for a terminal, cut to the column's width or padded to it.

use super::glyph::{escape, escape_byte, glyph, Glyph};
use crate::scan::copy16;

/// Where a value that is too long loses its characters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ellipsis {
    End,
    Start,
    Middle,
    /// Cut without a mark.
    None,
}

/// How a column's values are laid out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// In terminal cells, at least 1.
    pub width: usize,
    pub right: bool,
    pub ellipsis: Ellipsis,
}

/// Where a text is, and how far one may look.
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

/// Bytes that the fast ways may write behind a cell's width.
pub const SLACK: usize = 32;
/// A mark on a mark on a mark is language; more are meant to spoil the screen.
const MOST_MARKS: usize = 3;
const DOTS: &str = "…";

impl Cell {
    /// Writes a text in the fast way, which knows printable ASCII. Returns the address after it, or None for `put_source`.
    ///
    /// # Safety
    /// `source` must be valid for reads of its size, and memory for reads up to its limit; `to` for writes of the width
    /// and `SLACK`.
    #[inline(always)]
    pub unsafe fn text(&self, source: Source, to: *mut u8) -> Option<*mut u8> {
        let width = self.width;
        // One more than fits says whether it is too long.
        let most = source.size.min(width + 1);
        let mut plain = 0;
        while plain < most {
            if (source.limit as usize) - (source.from as usize + plain) < 16 {
                return None;
            }
            let odd = copy16::<true>(source.from.add(plain), to.add(plain));
            if odd == 0 {
                plain += 16;
                continue;
            }
            plain += odd.trailing_zeros() as usize;
            if plain < most {
                if *source.from.add(plain) == 0 && source.stop_at_nul {
                    break;
                }
                return None;
            }
        }
        let plain = plain.min(most);
        if plain <= width {
            if self.right {
                std::ptr::copy(to, to.add(width - plain), plain);
                std::ptr::write_bytes(to, b' ', width - plain);
            } else {
                spaces(to, plain, width);
            }
            return Some(to.add(width));
        }
        match self.ellipsis {
            Ellipsis::End => {
                std::ptr::copy_nonoverlapping(DOTS.as_ptr(), to.add(width - 1), DOTS.len());
                Some(to.add(width - 1 + DOTS.len()))
            }
            Ellipsis::None => Some(to.add(width)),
            Ellipsis::Start | Ellipsis::Middle => None,
        }
    }

    /// Writes an integer in the fast way. Returns the address after it, or None for `put_plain` when it is too long.
    ///
    /// # Safety
    /// `to` must be valid for writes of the width and `SLACK`.
    #[inline(always)]
    pub unsafe fn integer(&self, negative: bool, value: u64, to: *mut u8) -> Option<*mut u8> {
        let end = to.add(self.width);
        if value > LARGEST[(self.width - usize::from(negative)).min(20)] {
            return None;
        }
        spaces(to, 0, self.width);
        if self.right {
            let start = write_before(end, value);
            if negative {
                *start.sub(1) = b'-';
            }
        } else {
            *to = b'-';
            write_before(to.add(digits(value) + usize::from(negative)), value);
        }
        Some(end)
    }

    /// Writes spaces. Returns the address after them.
    ///
    /// # Safety
    /// As of `integer`.
    #[inline(always)]
    pub unsafe fn blank(&self, to: *mut u8) -> *mut u8 {
        spaces(to, 0, self.width);
        to.add(self.width)
    }

    /// Writes a text of printable ASCII.
    pub fn put_plain(&self, text: &str, out: &mut Vec<u8>) {
        self.put_shown(text, text.len(), out);
    }

    /// Writes a text of any characters and bytes.
    ///
    /// # Safety
    /// As of `text`.
    pub unsafe fn put_source(&self, source: Source, out: &mut Vec<u8>) {
        let bytes = std::slice::from_raw_parts(source.from, source.size);
        let end = if source.stop_at_nul { memchr::memchr(0, bytes).unwrap_or(bytes.len()) } else { bytes.len() };
        self.put_bytes(&bytes[..end], out);
    }

    pub fn put_bytes(&self, bytes: &[u8], out: &mut Vec<u8>) {
        // The end counts only when it is shown.
        let enough = if matches!(self.ellipsis, Ellipsis::End | Ellipsis::None) { self.width } else { usize::MAX };
        let mut shown = Shown { text: String::new(), cells: 0, marks: 0 };
        for chunk in bytes.utf8_chunks() {
            chunk.valid().chars().take_while(|c| shown.push(*c) <= enough).for_each(drop);
            for byte in chunk.invalid() {
                shown.push_escape(&escape_byte(*byte));
            }
            if shown.cells > enough {
                break;
            }
        }
        self.put_shown(&shown.text, shown.cells, out);
    }

    /// Writes a text that may be shown, of that many cells.
    fn put_shown(&self, text: &str, cells: usize, out: &mut Vec<u8>) {
        let width = self.width;
        if cells <= width {
            let pad = width - cells;
            if self.right {
                out.resize(out.len() + pad, b' ');
            }
            out.extend_from_slice(text.as_bytes());
            if !self.right {
                out.resize(out.len() + pad, b' ');
            }
            return;
        }
        let (before, after) = match self.ellipsis {
            Ellipsis::None => (width, 0),
            Ellipsis::End => (width - 1, 0),
            Ellipsis::Start => (0, width - 1),
            Ellipsis::Middle => (width / 2, (width - 1) / 2),
        };
        let (head, head_cells) = head(text, before);
        let (tail, tail_cells) = tail(text, after);
        let dots = if self.ellipsis == Ellipsis::None { "" } else { DOTS };
        // A wide character that did not fit leaves a cell.
        let pad = width - head_cells - tail_cells - usize::from(!dots.is_empty());
        let pads = [if self.right { pad } else { 0 }, if self.right { 0 } else { pad }];
        out.resize(out.len() + pads[0], b' ');
        for part in [head, dots, tail] {
            out.extend_from_slice(part.as_bytes());
        }
        out.resize(out.len() + pads[1], b' ');
    }
}

/// A value on its way to the screen.
struct Shown {
    text: String,
    cells: usize,
    /// Marks since the last character that has a cell.
    marks: usize,
}

impl Shown {
    /// Returns the cells so far.
    fn push(&mut self, c: char) -> usize {
        match glyph(c) {
            // What programs put between arguments; a terminal shows it as a space, and a shell should get one when it is pasted.
            _ if c == '\u{a0}' => self.push_escape(" "),
            Glyph::Cells(_) if c == '"' || c == '\\' => self.push_escape(&escape(c)),
            Glyph::Cells(0) if self.marks < MOST_MARKS => {
                self.text.push(c);
                self.marks += 1;
            }
            Glyph::Cells(0) => {
                self.push_escape(&escape(c));
                self.marks = MOST_MARKS;
            }
            Glyph::Escaped => self.push_escape(&escape(c)),
            Glyph::Cells(cells) => {
                self.text.push(c);
                self.cells += cells;
                self.marks = 0;
            }
        }
        self.cells
    }

    fn push_escape(&mut self, text: &str) {
        self.text.push_str(text);
        self.cells += text.len();
        self.marks = 0;
    }
}

fn cells_of(c: char) -> usize {
    match glyph(c) {
        Glyph::Cells(cells) => cells,
        Glyph::Escaped => 0,
    }
}

/// As much of the start as fits into so many cells, and its cells.
fn head(text: &str, most: usize) -> (&str, usize) {
    let mut cells = 0;
    for (at, c) in text.char_indices() {
        let more = cells_of(c);
        if cells + more > most || (most == 0 && more == 0) {
            return (&text[..at], cells);
        }
        cells += more;
    }
    (text, cells)
}

fn tail(text: &str, most: usize) -> (&str, usize) {
    let (mut cells, mut start) = (0, text.len());
    for (at, c) in text.char_indices().rev() {
        let more = cells_of(c);
        if cells + more > most {
            break;
        }
        cells += more;
        // A mark goes with the character before it, or not at all.
        if more > 0 {
            start = at;
        }
    }
    (&text[start..], cells)
}

/// Spaces from `at` to `end`, and up to 15 more.
#[inline(always)]
unsafe fn spaces(to: *mut u8, at: usize, end: usize) {
    let mut at = at;
    while at < end {
        to.add(at).cast::<[u8; 16]>().write_unaligned([b' '; 16]);
        at += 16;
    }
}

/// The largest number of so many digits.
static LARGEST: [u64; 21] = {
    let mut largest = [0; 21];
    let mut digits = 1;
    while digits < 20 {
        largest[digits] = largest[digits - 1] * 10 + 9;
        digits += 1;
    }
    largest[20] = u64::MAX;
    largest
};

fn digits(value: u64) -> usize {
    value.checked_ilog10().unwrap_or(0) as usize + 1
}

static PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut i = 0;
    while i < 200 {
        pairs[i] = b'0' + if i % 2 == 0 { i / 20 } else { i / 2 % 10 } as u8;
        i += 1;
    }
    pairs
};

/// Writes digits that end before `end`; returns the address of the first.
#[inline(always)]
unsafe fn write_before(end: *mut u8, value: u64) -> *mut u8 {
    let (mut end, mut long) = (end, value);
    let mut pair = |two: u32| {
        end = end.sub(2);
        end.cast::<[u8; 2]>().write_unaligned(PAIRS.as_ptr().add(two as usize * 2).cast::<[u8; 2]>().read_unaligned());
    };
    while long > u32::MAX.into() {
        pair((long % 100) as u32);
        long /= 100;
    }
    let mut short = long as u32;
    while short >= 100 {
        pair(short % 100);
        short /= 100;
    }
    if short >= 10 {
        pair(short);
        end
    } else {
        *end.sub(1) = b'0' + short as u8;
        end.sub(1)
    }
}

#[cfg(test)]
#[path = "cell_tests.rs"]
mod tests;
