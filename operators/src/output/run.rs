//! Rows through a program.

use super::layout::Layout;
use super::number::{write_u32, write_u64};
use super::program::{Action, Form, Program, Rare, Repeat, Step, Zero, MOST_REPEATED, SHORT};
use super::scalar::{self, MOST_SCALAR};
use super::string::{write_field, write_string, Limit, MOST_GROWTH, SLACK};
use super::yaml;
use crate::scan::copy32;
use ig_operator::{Batch, Bytes, Kind, RawColumn, Result, Row, Rows, Scalar};

/// A program bound to a batch.
pub struct Writer<'p, 'b> {
    program: &'p Program,
    columns: Vec<RawColumn<'b>>,
    texts: Vec<Bytes<'b>>,
    /// Bytes that every row has: text at its end may be cut off there.
    payload: usize,
}

/// What the row before made of a [`Repeat`].
#[derive(Clone, Copy)]
struct Last<'b> {
    row: Option<Row<'b>>,
    record: *const u8,
    start: usize,
    size: usize,
}

impl Program {
    /// Binds the program's columns to a batch.
    pub fn bind<'p, 'b>(&'p self, batch: &Batch<'b>) -> Result<Writer<'p, 'b>> {
        Ok(Writer {
            program: self,
            columns: self.columns.iter().map(|&(slot, width)| batch.raw_column(slot, width)).collect::<Result<_>>()?,
            texts: self.texts.iter().map(|field| batch.read(field)).collect::<Result<_>>()?,
            payload: batch.record_size(),
        })
    }
}

/// Copies a literal in steps of 32 and 64 bytes, too many rather than one by one: the text has [`OVERRUN`] bytes more than
/// its literals, and so have rows. A `memory.copy` is a call out of the module, dearer than the copy itself.
#[inline(always)]
unsafe fn copy_literal(from: *const u8, size: usize, to: *mut u8) -> *mut u8 {
    let copy32 = |at: usize| copy32(from.add(at), to.add(at));
    copy32(0);
    if size > 32 {
        copy32(32);
        let mut at = 64;
        while at < size {
            copy32(at);
            copy32(at + 32);
            at += 64;
        }
    }
    to.add(size)
}

#[inline(always)]
unsafe fn same(one: *const u8, other: *const u8, size: usize) -> bool {
    if size < 8 {
        return std::slice::from_raw_parts(one, size) == std::slice::from_raw_parts(other, size);
    }
    let differ = |at: usize| one.add(at).cast::<u64>().read_unaligned() ^ other.add(at).cast::<u64>().read_unaligned();
    let mut bits = differ(size - 8);
    let mut at = 0;
    while at + 8 < size {
        bits |= differ(at);
        at += 8;
    }
    bits == 0
}

#[inline(always)]
unsafe fn all_zero(from: *const u8, size: usize) -> bool {
    let word = |at: usize| from.add(at).cast::<u64>().read_unaligned();
    if size < 8 {
        return std::slice::from_raw_parts(from, size).iter().all(|byte| *byte == 0);
    }
    let mut bits = word(size - 8);
    let mut at = 0;
    while at + 8 < size {
        bits |= word(at);
        at += 8;
    }
    bits == 0
}

impl<'b> Writer<'_, 'b> {
    /// Writes rows, one after the other.
    pub fn rows(&self, batch: &Batch<'b>, rows: Rows<'b>, out: &mut Vec<u8>) {
        let program = self.program;
        // SAFETY: `tree` checked that all fields are inside of the record size, and rows have that many bytes but for text,
        // which is cut. What is
        // written for a row is within `bound`, for which there is room when the row begins, or asked for with `room`.
        unsafe {
            let limit = Limit(batch.end());
            let mut to = out.as_mut_ptr().add(out.len());
            let mut last = vec![Last { row: None, record: std::ptr::null(), start: 0, size: 0 }; program.repeats.len()];
            for row in rows {
                to = self.room(out, to, 0);
                let record = batch.row_address(row);
                let mut text = program.text.as_ptr();
                let mut step = program.steps.as_ptr();
                loop {
                    let Step { literal, at, size, .. } = *step;
                    let (literal, at, size) = (literal as usize, at as usize, size as usize);
                    to = copy_literal(text, literal, to);
                    text = text.add(literal);
                    match (*step).action {
                        Action::Uint32 => to = write_u32(to, u32::load(record.add(at))),
                        Action::Uint64 => to = write_u64(to, u64::load(record.add(at))),
                        Action::Text => to = write_field(record.add(at), self.cut(at, size), to, limit),
                        Action::ColumnText => {
                            let (from, size) = self.texts.get_unchecked(at).raw(row);
                            if size > SHORT {
                                to = self.room(out, to, size * MOST_GROWTH + SLACK);
                            }
                            to = write_string(from, size, to, limit);
                        }
                        Action::Zero => {
                            let Zero { size, steps, zeros, literals } = *program.zeros.get_unchecked(size);
                            if all_zero(record.add(at), size) {
                                to = copy_literal(text, zeros, to);
                                text = text.add(literals);
                                step = step.add(steps);
                            }
                            text = text.add(zeros);
                        }
                        Action::Repeat => {
                            let (repeat, last) = (program.repeats.get_unchecked(size), last.get_unchecked_mut(size));
                            if self.repeats(repeat, last, record, row) {
                                to = copy_literal(out.as_ptr().add(last.start), last.size, to);
                                text = text.add(repeat.text);
                                step = step.add(repeat.steps);
                            } else {
                                let start = to as usize - out.as_ptr() as usize;
                                *last = Last { row: Some(row), record, start, size: 0 };
                            }
                        }
                        Action::RepeatEnd => {
                            let last = last.get_unchecked_mut(size);
                            last.size = to as usize - out.as_ptr() as usize - last.start;
                        }
                        Action::Scalar => to = scalar::write(Kind::from_raw(size as u32).0, record.add(at), to),
                        Action::ColumnUint64 => to = write_u64(to, u64::load(self.columns.get_unchecked(at).address(row))),
                        Action::ColumnScalar => {
                            to = scalar::write(Kind::from_raw(size as u32).0, self.columns.get_unchecked(at).address(row), to)
                        }
                        Action::Rare => to = self.rare(program.rare[size], record, at, row, out, to),
                        Action::End => break,
                    }
                    step = step.add(1);
                }
            }
            out.set_len(to as usize - out.as_ptr() as usize);
        }
    }

    /// How many of `size` bytes at `at` a row has.
    #[inline(always)]
    fn cut(&self, at: usize, size: usize) -> usize {
        size.min(self.payload.saturating_sub(at))
    }

    /// Whether `repeat` of this row is as `last`, and short enough to be within the bound.
    #[inline(always)]
    unsafe fn repeats(&self, repeat: &Repeat, last: &Last<'b>, record: *const u8, row: Row<'b>) -> bool {
        let Some(before) = last.row else { return false };
        same(record.add(repeat.at), last.record.add(repeat.at), repeat.size)
            && last.size <= MOST_REPEATED
            && repeat.texts.iter().all(|text| {
                let column = self.texts.get_unchecked(*text);
                column.raw(before) == column.raw(row)
            })
    }

    /// Makes room for a row's bound and `more` bytes. `to` may move.
    #[inline(always)]
    unsafe fn room(&self, out: &mut Vec<u8>, to: *mut u8, more: usize) -> *mut u8 {
        let used = to as usize - out.as_ptr() as usize;
        let wanted = self.program.bound + more;
        if out.capacity() - used < wanted {
            out.set_len(used);
            out.reserve(wanted);
        }
        out.as_mut_ptr().add(used)
    }

    #[inline(never)]
    unsafe fn rare(&self, rare: Rare, record: *const u8, at: usize, row: Row<'b>, out: &mut Vec<u8>, to: *mut u8) -> *mut u8 {
        let bytes = match rare.size {
            Some(size) => std::slice::from_raw_parts(record.add(at), self.cut(at, size)),
            None => self.texts[at].get(row),
        };
        let mut value = Vec::new();
        match rare.form {
            Form::YamlText if rare.size.is_some() => {
                yaml::push(bytes.split(|byte| *byte == 0).next().unwrap_or_default(), &mut value)
            }
            Form::YamlText => yaml::push(bytes, &mut value),
            Form::Array { kind, brackets } => self.elements(kind, &self.program.brackets[brackets], bytes, &mut value),
            Form::Hex => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                value.extend(bytes.iter().flat_map(|byte| [DIGITS[(byte >> 4) as usize], DIGITS[(byte & 15) as usize]]));
                if self.program.layout == Layout::Yaml {
                    yaml::push(&std::mem::take(&mut value), &mut value);
                }
            }
        }
        let to = self.room(out, to, value.len());
        std::ptr::copy_nonoverlapping(value.as_ptr(), to, value.len());
        to.add(value.len())
    }

    fn elements(&self, kind: Kind, [open, next, close]: &[Vec<u8>; 3], bytes: &[u8], out: &mut Vec<u8>) {
        if bytes.len() < kind.width() {
            let empty: &[u8] = if self.program.layout == Layout::Yaml { b" []" } else { b"[]" };
            return out.extend(empty);
        }
        for (i, element) in bytes.chunks_exact(kind.width()).enumerate() {
            out.extend(if i == 0 { open } else { next });
            let mut text = [0; MOST_SCALAR];
            // SAFETY: the element has the kind's width, and the text is as long as asked for.
            let end = unsafe { scalar::write(kind, element.as_ptr(), text.as_mut_ptr()) };
            out.extend(&text[..end as usize - text.as_ptr() as usize]);
        }
        out.extend(close);
    }
}
