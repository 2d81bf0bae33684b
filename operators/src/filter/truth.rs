//! The typed tree that a filter becomes, and its evaluation on a record. All that can be decided once is decided when
//! the tree is made, so that a comparison of a number with a constant is a load and a compare.

use super::net::{self, Net};
use super::pattern::Pattern;
use std::borrow::Cow;
use std::cmp::Ordering;

/// What a field holds, for a filter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Bool,
    /// Bits.
    Signed(u32),
    Unsigned(u32),
    Float,
    /// Strings, and all that is read as one.
    Text,
}

/// A field of the filter: an index that the schema gave out.
pub type FieldId = usize;

/// The fields of a data source, for those who make trees.
pub trait Schema {
    /// Finds a field that the filter reads; the error is a message.
    fn field(&mut self, name: &str) -> Result<(FieldId, Kind), String>;
}

/// The values of one record.
pub trait Record {
    fn truth(&self, field: FieldId) -> bool;
    fn signed(&self, field: FieldId) -> i64;
    fn unsigned(&self, field: FieldId) -> u64;
    fn real(&self, field: FieldId) -> f64;
    fn text(&self, field: FieldId) -> &[u8];
    fn is(&self, field: FieldId, value: &[u8]) -> bool {
        self.text(field) == value
    }
    fn starts_with(&self, field: FieldId, prefix: &[u8]) -> bool {
        self.text(field).starts_with(prefix)
    }
    /// A value that should be an IP address is none: the record is dropped, as Inspektor Gadget does.
    fn not_an_address(&self, value: &[u8]);
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Compare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Compare {
    #[inline(always)]
    pub fn test<T: PartialOrd>(self, a: T, b: T) -> bool {
        match self {
            Compare::Equal => a == b,
            Compare::NotEqual => a != b,
            Compare::Less => a < b,
            Compare::LessEqual => a <= b,
            Compare::Greater => a > b,
            Compare::GreaterEqual => a >= b,
        }
    }

    /// Whether it holds for a value and a constant that is greater (or less) than any value can be.
    fn beyond(self, constant: Ordering) -> bool {
        let order = constant.reverse();
        self.test(order, Ordering::Equal)
    }

    /// The comparison with its sides changed.
    pub fn mirrored(self) -> Compare {
        match self {
            Compare::Less => Compare::Greater,
            Compare::LessEqual => Compare::GreaterEqual,
            Compare::Greater => Compare::Less,
            Compare::GreaterEqual => Compare::LessEqual,
            same => same,
        }
    }
}

/// A condition.
pub enum Truth {
    Always(bool),
    Field(FieldId),
    Not(Box<Truth>),
    All(Vec<Truth>),
    Any(Vec<Truth>),
    Unsigned(FieldId, Compare, u64),
    Signed(FieldId, Compare, i64),
    Whole(Compare, Whole, Whole),
    Real(Compare, Real, Real),
    Text(Compare, Text, Text),
    Same(Box<Truth>, Box<Truth>),
    Contains(Text, Text),
    StartsWith(Text, Text),
    EndsWith(Text, Text),
    Matches(Text, Pattern),
    Between(Whole, Whole, Whole),
    /// Sorted.
    AmongWhole(Whole, Vec<i128>),
    AmongText(Text, Vec<Box<[u8]>>),
    InNets(Text, Vec<Net>),
    Choose(Box<[Truth; 3]>),
}

/// An integer. 128 bits hold every signed and unsigned 64-bit value; arithmetic beyond wraps.
#[derive(Clone)]
pub enum Whole {
    Constant(i128),
    Signed(FieldId),
    Unsigned(FieldId),
    Length(Box<Text>),
    Negative(Box<Whole>),
    Add(Box<[Whole; 2]>),
    Subtract(Box<[Whole; 2]>),
    Multiply(Box<[Whole; 2]>),
    /// 0 when divided by 0.
    Remainder(Box<[Whole; 2]>),
}

#[derive(Clone)]
pub enum Real {
    Constant(f64),
    Field(FieldId),
    Whole(Box<Whole>),
    Negative(Box<Real>),
    Add(Box<[Real; 2]>),
    Subtract(Box<[Real; 2]>),
    Multiply(Box<[Real; 2]>),
    Divide(Box<[Real; 2]>),
}

#[derive(Clone)]
pub enum Text {
    Constant(Box<[u8]>),
    Field(FieldId),
    Lower(Box<Text>),
    Upper(Box<Text>),
    Trim(Box<Text>),
    Concat(Box<[Text; 2]>),
}

/// An integer field compared with a constant, which may be out of the field's range.
pub fn compare_field(field: FieldId, kind: Kind, compare: Compare, constant: i128) -> Truth {
    let out = |least: i128| Truth::Always(compare.beyond(constant.cmp(&least)));
    if matches!(kind, Kind::Unsigned(_)) {
        u64::try_from(constant).map_or_else(|_| out(0), |value| Truth::Unsigned(field, compare, value))
    } else {
        i64::try_from(constant).map_or_else(|_| out(0), |value| Truth::Signed(field, compare, value))
    }
}

/// A pattern on a text; plain prefixes and whole texts become comparisons.
pub fn match_text(text: Text, pattern: Pattern) -> Truth {
    match pattern {
        Pattern::StartsWith(prefix) => Truth::StartsWith(text, Text::Constant(prefix)),
        Pattern::EndsWith(suffix) => Truth::EndsWith(text, Text::Constant(suffix)),
        Pattern::Is(whole) => Truth::Text(Compare::Equal, text, Text::Constant(whole)),
        pattern => Truth::Matches(text, pattern),
    }
}

impl Truth {
    pub fn eval<R: Record>(&self, record: &R) -> bool {
        match self {
            Truth::Always(value) => *value,
            Truth::Field(field) => record.truth(*field),
            Truth::Not(inner) => !inner.eval(record),
            Truth::All(many) => many.iter().all(|one| one.eval(record)),
            Truth::Any(many) => many.iter().any(|one| one.eval(record)),
            Truth::Unsigned(field, compare, value) => compare.test(record.unsigned(*field), *value),
            Truth::Signed(field, compare, value) => compare.test(record.signed(*field), *value),
            Truth::Whole(compare, a, b) => compare.test(a.eval(record), b.eval(record)),
            Truth::Real(compare, a, b) => compare.test(a.eval(record), b.eval(record)),
            Truth::Text(Compare::Equal, Text::Field(field), Text::Constant(value)) => record.is(*field, value),
            Truth::Text(Compare::NotEqual, Text::Field(field), Text::Constant(value)) => !record.is(*field, value),
            Truth::Text(compare, a, b) => compare.test(&*a.eval(record), &*b.eval(record)),
            Truth::Same(a, b) => a.eval(record) == b.eval(record),
            Truth::Contains(a, b) => memchr::memmem::find(&a.eval(record), &b.eval(record)).is_some(),
            Truth::StartsWith(Text::Field(field), Text::Constant(prefix)) => record.starts_with(*field, prefix),
            Truth::StartsWith(a, b) => a.eval(record).starts_with(&b.eval(record)),
            Truth::EndsWith(a, b) => a.eval(record).ends_with(&b.eval(record)),
            Truth::Matches(text, pattern) => pattern.is_match(&text.eval(record)),
            Truth::Between(value, low, high) => {
                let value = value.eval(record);
                low.eval(record) <= value && value <= high.eval(record)
            }
            Truth::AmongWhole(value, among) => among.binary_search(&value.eval(record)).is_ok(),
            Truth::AmongText(Text::Field(field), among) => among.iter().any(|one| record.is(*field, one)),
            Truth::AmongText(value, among) => {
                let value = value.eval(record);
                among.iter().any(|one| **one == *value)
            }
            Truth::InNets(text, nets) => {
                let address = text.eval(record);
                net::contains(nets, &address).unwrap_or_else(|| {
                    record.not_an_address(&address);
                    false
                })
            }
            Truth::Choose(parts) => parts[if parts[0].eval(record) { 1 } else { 2 }].eval(record),
        }
    }
}

impl Whole {
    fn eval<R: Record>(&self, record: &R) -> i128 {
        let both = |pair: &[Whole; 2], with: fn(i128, i128) -> i128| with(pair[0].eval(record), pair[1].eval(record));
        match self {
            Whole::Constant(value) => *value,
            Whole::Signed(field) => record.signed(*field).into(),
            Whole::Unsigned(field) => record.unsigned(*field).into(),
            Whole::Length(text) => length(&text.eval(record)) as i128,
            Whole::Negative(value) => value.eval(record).wrapping_neg(),
            Whole::Add(pair) => both(pair, i128::wrapping_add),
            Whole::Subtract(pair) => both(pair, i128::wrapping_sub),
            Whole::Multiply(pair) => both(pair, i128::wrapping_mul),
            Whole::Remainder(pair) => both(pair, |a, b| a.checked_rem(b).unwrap_or(0)),
        }
    }
}

/// Characters of a text, as Go's runes: a byte that is no UTF-8 counts as one.
fn length(text: &[u8]) -> usize {
    text.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum()
}

impl Real {
    fn eval<R: Record>(&self, record: &R) -> f64 {
        let both = |pair: &[Real; 2], with: fn(f64, f64) -> f64| with(pair[0].eval(record), pair[1].eval(record));
        match self {
            Real::Constant(value) => *value,
            Real::Field(field) => record.real(*field),
            Real::Whole(value) => value.eval(record) as f64,
            Real::Negative(value) => -value.eval(record),
            Real::Add(pair) => both(pair, |a, b| a + b),
            Real::Subtract(pair) => both(pair, |a, b| a - b),
            Real::Multiply(pair) => both(pair, |a, b| a * b),
            Real::Divide(pair) => both(pair, |a, b| a / b),
        }
    }
}

impl Text {
    fn eval<'r, R: Record>(&'r self, record: &'r R) -> Cow<'r, [u8]> {
        match self {
            Text::Constant(value) => Cow::Borrowed(value),
            Text::Field(field) => Cow::Borrowed(record.text(*field)),
            Text::Lower(text) => Cow::Owned(map(&text.eval(record), |c, out| out.extend(c.to_lowercase()))),
            Text::Upper(text) => Cow::Owned(map(&text.eval(record), |c, out| out.extend(c.to_uppercase()))),
            Text::Trim(text) => match text.eval(record) {
                Cow::Borrowed(bytes) => Cow::Borrowed(trim(bytes)),
                Cow::Owned(bytes) => Cow::Owned(trim(&bytes).to_vec()),
            },
            Text::Concat(pair) => Cow::Owned([pair[0].eval(record), pair[1].eval(record)].concat()),
        }
    }
}

/// A text with each character mapped; bytes that are no UTF-8 stay.
fn map(text: &[u8], with: fn(char, &mut String)) -> Vec<u8> {
    let mut mapped = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        let mut out = String::new();
        chunk.valid().chars().for_each(|c| with(c, &mut out));
        mapped.extend_from_slice(out.as_bytes());
        mapped.extend_from_slice(chunk.invalid());
    }
    mapped
}

fn trim(text: &[u8]) -> &[u8] {
    std::str::from_utf8(text).map_or(text.trim_ascii(), |text| text.trim().as_bytes())
}
