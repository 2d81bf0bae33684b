//! A condition on a whole batch. What a conjunction is made of, mostly comparisons of a field with a constant, goes over
//! the rows one after the other, each in a loop of its own that has nothing left to decide; all else is evaluated row by row.

use super::input::Current;
use super::truth::{Compare, Text, Truth};
use crate::value::Reader;
use ig_operator::{Batch, Bytes, Row};
use std::cell::RefCell;

/// Values that should have been IP addresses and were none.
#[derive(Default)]
pub struct Faults {
    pub count: u64,
    /// The first of them.
    pub first: Option<Vec<u8>>,
}

/// Keeps the rows for which `truth` is `wanted`.
pub fn narrow<'b>(truth: &Truth, wanted: bool, readers: &[Reader<'b>], batch: &mut Batch<'b>, faults: &mut Faults) {
    match truth {
        Truth::All(many) if wanted => many.iter().for_each(|one| narrow(one, true, readers, batch, faults)),
        Truth::Any(many) if !wanted => many.iter().for_each(|one| narrow(one, false, readers, batch, faults)),
        Truth::Not(inner) => narrow(inner, !wanted, readers, batch, faults),
        Truth::Always(value) if *value == wanted => {}
        Truth::Always(_) => batch.truncate(0),
        Truth::Unsigned(field, compare, value) => {
            let range = Range::new(*compare, *value, 0, wanted);
            match &readers[*field] {
                Reader::Uint32(values) => range.narrow(batch, values, |values, row| values.get(row).into()),
                Reader::Uint64(values) => range.narrow(batch, values, |values, row| values.get(row)),
                Reader::Uint16(values) => range.narrow(batch, values, |values, row| values.get(row).into()),
                Reader::Uint8(values) => range.narrow(batch, values, |values, row| values.get(row).into()),
                _ => row_by_row(truth, wanted, readers, batch, faults),
            }
        }
        Truth::Signed(field, compare, value) => {
            let range = Range::new(*compare, *value as u64, i64::MIN as u64, wanted);
            match &readers[*field] {
                Reader::Int32(values) => range.narrow(batch, values, |values, row| values.get(row) as u64),
                Reader::Int64(values) => range.narrow(batch, values, |values, row| values.get(row) as u64),
                Reader::Int16(values) => range.narrow(batch, values, |values, row| values.get(row) as u64),
                Reader::Int8(values) => range.narrow(batch, values, |values, row| values.get(row) as u64),
                _ => row_by_row(truth, wanted, readers, batch, faults),
            }
        }
        Truth::Text(compare @ (Compare::Equal | Compare::NotEqual), Text::Field(field), Text::Constant(value)) => {
            let wanted = wanted == (*compare == Compare::Equal);
            match &readers[*field] {
                Reader::CString(texts) if !value.contains(&0) => {
                    Words::new(value, true).narrow(batch, texts, wanted, |row| texts.is(row, value));
                }
                Reader::CString(texts) | Reader::Text(texts) => batch.retain(|row| texts.is(row, value) == wanted),
                _ => row_by_row(truth, wanted, readers, batch, faults),
            }
        }
        Truth::StartsWith(Text::Field(field), Text::Constant(prefix)) => match &readers[*field] {
            Reader::CString(texts) if !prefix.contains(&0) => {
                Words::new(prefix, false).narrow(batch, texts, wanted, |row| texts.starts_with(row, prefix));
            }
            Reader::CString(texts) | Reader::Text(texts) => batch.retain(|row| texts.starts_with(row, prefix) == wanted),
            _ => row_by_row(truth, wanted, readers, batch, faults),
        },
        Truth::Matches(Text::Field(field), pattern) => match &readers[*field] {
            Reader::CString(texts) | Reader::Text(texts) => batch.retain(|row| pattern.is_match(texts.get(row)) == wanted),
            _ => row_by_row(truth, wanted, readers, batch, faults),
        },
        _ => row_by_row(truth, wanted, readers, batch, faults),
    }
}

fn row_by_row<'b>(truth: &Truth, wanted: bool, readers: &[Reader<'b>], batch: &mut Batch<'b>, faults: &mut Faults) {
    let fault = RefCell::new(None);
    batch.retain(|row| {
        let is = truth.eval(&Current { readers, row, fault: &fault });
        match fault.take() {
            None => is == wanted,
            Some(value) => {
                faults.count += 1;
                faults.first.get_or_insert(value);
                false
            }
        }
    });
}

/// A comparison as one subtraction and one test: is the value in this range, or out of it?
struct Range {
    low: u64,
    span: u64,
    /// The range is empty.
    empty: bool,
    within: bool,
}

impl Range {
    /// `least` is the least value of the field's kind. Signed values wrap, which keeps their order relative to it.
    fn new(compare: Compare, value: u64, least: u64, wanted: bool) -> Range {
        let (low, high, within) = match compare {
            Compare::Equal => (value, value, true),
            Compare::NotEqual => (value, value, false),
            Compare::LessEqual => (least, value, true),
            Compare::Greater => (least, value, false),
            Compare::Less => (least, value.wrapping_sub(1), true),
            Compare::GreaterEqual => (least, value.wrapping_sub(1), false),
        };
        let empty = matches!(compare, Compare::Less | Compare::GreaterEqual) && value == least;
        Range { low, span: high.wrapping_sub(low), empty, within: within == wanted }
    }

    #[inline(always)]
    fn narrow<'b, T: Copy>(&self, batch: &mut Batch<'b>, values: &T, get: impl Fn(T, Row<'b>) -> u64) {
        // A copy stays in registers: the loop's stores might change what is behind a reference.
        let values = *values;
        let Range { low, span, empty, within } = *self;
        if empty {
            // All values are out of it.
            if within {
                batch.truncate(0);
            }
            return;
        }
        batch.retain(|row| (get(values, row).wrapping_sub(low) <= span) == within);
    }
}

/// The first bytes that a text in the row must have, eight at a time. Beyond them, a word's mask is zero.
struct Words {
    words: Vec<(u64, u64)>,
    size: usize,
}

impl Words {
    /// With the NUL that ends a text which is equal, or without for one that only starts so.
    fn new(value: &[u8], whole: bool) -> Words {
        let mut bytes = value.to_vec();
        bytes.extend(whole.then_some(0));
        let word = |chunk: &[u8], pad: u8| {
            let mut word = [pad; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(word)
        };
        let mask = |size: usize| word(&vec![0xff; size], 0);
        let words = bytes.chunks(8).map(|chunk| (word(chunk, 0), mask(chunk.len()))).collect();
        Words { words, size: bytes.len() }
    }

    /// `otherwise` decides for texts that fill their field, and near the region's end.
    #[inline(always)]
    fn narrow<'b>(&self, batch: &mut Batch<'b>, texts: &Bytes<'b>, wanted: bool, otherwise: impl Fn(Row<'b>) -> bool) {
        let end = batch.end() as usize;
        let texts = *texts;
        let (size, (first, rest)) = (self.size, self.words.split_first().unwrap_or((&(0, 0), &[])));
        let loaded = 8 + rest.len() * 8;
        batch.retain(|row| {
            let (from, most) = texts.raw(row);
            if size > most || from as usize + loaded > end {
                return otherwise(row) == wanted;
            }
            // SAFETY: all that is loaded is inside of the region.
            let is = |at: usize, (value, mask): &(u64, u64)| unsafe {
                u64::from_le(from.add(at).cast::<u64>().read_unaligned()) & mask == *value
            };
            (is(0, first) && rest.iter().enumerate().all(|(i, word)| is(8 + i * 8, word))) == wanted
        });
    }
}
