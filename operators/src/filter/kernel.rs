//! The part of a filter that the kernel can decide before a record is submitted: comparisons of the record's own fields with
//! constants, as the table that `bpf/include/gadget/predicates.h` walks.
//!
//! The filter itself still sees what the kernel let through, all of it: so a table may say less than the filter, and never more.

use super::input::resolve;
use super::syntax::{conjuncts, parse};
use super::truth::{Compare, FieldId, Kind, Schema, Text, Truth, Whole};
use super::{check, input, rules};
use crate::formatters::{self, Inverse};
use ig_operator::{DataSource, Init};
use std::ops::Range;

/// Most predicates of a table, and the bytes of one: GADGET_PREDICATES, struct gadget_predicate.
const MOST: usize = 16;
const SIZE: usize = 32;

/// Whether the masked value of `width` bytes at `offset` lies in `low..=low + span`, or outside of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Predicate {
    offset: u32,
    width: u8,
    outside: bool,
    mask: u64,
    low: u64,
    span: u64,
}

/// One of its predicates must hold; of an empty one, none does.
type Clause = Vec<Predicate>;

/// Where a field lies in the record.
#[derive(Clone, Copy)]
struct Place {
    offset: u32,
    size: u32,
    kind: Kind,
    /// It is a number that is compared as one of these texts.
    names: Option<Inverse>,
}

/// The fields of a record, as the kernel sees it.
struct Fields<'t> {
    source: DataSource<'t>,
    places: Vec<Place>,
}

impl Schema for Fields<'_> {
    fn field(&mut self, name: &str) -> Result<(FieldId, Kind), String> {
        let (field, names) = match self.source.find(name) {
            // A formatter adds it later.
            None => formatters::named(&self.source, name).map(|(raw, names)| (raw, Some(names))).ok_or("unknown")?,
            Some(_) => (resolve(self.source, name)?, None),
        };
        let kind = input::kind_of(&field);
        let is_text = field.kind() == ig_operator::Kind::CString && !field.is_array();
        let end = field.offset().saturating_add(field.size());
        if field.slot().is_some() || field.size() == 0 || end > self.source.record_size() || (kind == Kind::Text && !is_text) {
            return Err(format!("{name} is not in the record"));
        }
        self.places.push(Place { offset: field.offset(), size: field.size(), kind, names });
        Ok((self.places.len() - 1, if names.is_some() { Kind::Text } else { kind }))
    }
}

/// What a data source's filter becomes.
#[derive(Default)]
pub struct Split {
    /// Conditions as their user wrote them: those in the table, and the others.
    pub kernel: Vec<String>,
    pub operator: Vec<String>,
    pub table: Vec<u8>,
}

impl Split {
    /// As `ig_split_filter` returns it.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        let word = |value: usize| (value as u32).to_le_bytes();
        for conditions in [&self.kernel, &self.operator] {
            bytes.extend(word(conditions.len()));
            for condition in conditions {
                bytes.extend(word(condition.len()));
                bytes.extend(condition.as_bytes());
            }
        }
        bytes.extend(&self.table);
        let size = bytes.len() - 4;
        bytes[..4].copy_from_slice(&word(size));
        bytes
    }
}

/// Splits the filters that the parameters name, for one data source. What is wrong with a filter is for [`super::Filter`] to say.
pub fn split(init: &Init, source: DataSource) -> Split {
    let mut fields = Fields { source, places: Vec::new() };
    let mut split = Split::default();
    let mut taken: Vec<Clause> = Vec::new();
    for (key, expression) in [("filter", false), ("filter-expr", true)] {
        for key in [key.to_string(), format!("{key}.{}", source.name())] {
            let text = init.param(&key).unwrap_or("");
            if text.trim().is_empty() {
                continue;
            }
            for (span, truth) in if expression { expressions(text, &mut fields) } else { rules::each(text, &mut fields) } {
                let found = truth.and_then(|truth| clauses(&truth, true, &fields));
                let written = text[span].trim().to_string();
                match found {
                    Some(found) if count(&taken) + count(&found) <= MOST => {
                        taken.extend(found);
                        split.kernel.push(written);
                    }
                    _ => split.operator.push(written),
                }
            }
        }
    }
    split.table = taken.iter().flat_map(encode).collect();
    split
}

/// The parts of an expression that `&&` joins, each with its place; None for one that does not compile.
fn expressions(text: &str, schema: &mut dyn Schema) -> Vec<(Range<usize>, Option<Truth>)> {
    let Ok(expr) = parse(text) else { return Vec::new() };
    conjuncts(&expr).into_iter().map(|part| (part.span.clone(), check::compile_expr(part, schema).ok())).collect()
}

/// An empty clause takes one, too.
fn count(clauses: &[Clause]) -> usize {
    clauses.iter().map(|clause| clause.len().max(1)).sum()
}

/// `truth` is `wanted`, as clauses that must all hold. None: the kernel cannot say.
fn clauses(truth: &Truth, wanted: bool, fields: &Fields) -> Option<Vec<Clause>> {
    match truth {
        Truth::Always(value) => Some(if *value == wanted { Vec::new() } else { vec![Vec::new()] }),
        Truth::Not(inner) => clauses(inner, !wanted, fields),
        Truth::All(many) if wanted => all(many.iter().map(|one| clauses(one, true, fields))),
        Truth::Any(many) if !wanted => all(many.iter().map(|one| clauses(one, false, fields))),
        Truth::All(many) | Truth::Any(many) => any(many.iter().map(|one| clauses(one, wanted, fields))),
        Truth::Same(a, b) => match (&**a, &**b) {
            (Truth::Always(value), other) | (other, Truth::Always(value)) => clauses(other, wanted == *value, fields),
            _ => None,
        },
        // Other bytes than 1 are not true: see `ig_operator::Scalars`.
        Truth::Field(field) => between(fields.places[*field], 1, 1, wanted),
        Truth::Unsigned(field, compare, value) => number(fields.places[*field], *compare, (*value).into(), wanted),
        Truth::Signed(field, compare, value) => number(fields.places[*field], *compare, (*value).into(), wanted),
        Truth::Between(value, Whole::Constant(low), Whole::Constant(high)) => between(place(value, fields)?, *low, *high, wanted),
        Truth::AmongWhole(value, among) => {
            let place = place(value, fields)?;
            let each = among.iter().map(|one| between(place, *one, *one, wanted));
            if wanted { any(each) } else { all(each) }
        }
        Truth::Text(compare @ (Compare::Equal | Compare::NotEqual), Text::Field(field), Text::Constant(value)) => {
            starts(fields, *field, value, true, wanted == (*compare == Compare::Equal))
        }
        Truth::StartsWith(Text::Field(field), Text::Constant(prefix)) => starts(fields, *field, prefix, false, wanted),
        Truth::AmongText(Text::Field(field), among) => {
            let each = among.iter().map(|one| starts(fields, *field, one, true, wanted));
            if wanted { any(each) } else { all(each) }
        }
        _ => None,
    }
}

fn all(many: impl Iterator<Item = Option<Vec<Clause>>>) -> Option<Vec<Clause>> {
    Some(many.collect::<Option<Vec<_>>>()?.concat())
}

/// (a && b) || c is (a || c) && (b || c).
fn any(many: impl Iterator<Item = Option<Vec<Clause>>>) -> Option<Vec<Clause>> {
    let mut joined: Vec<Clause> = vec![Vec::new()];
    for one in many {
        let one = one?;
        joined = joined.iter().flat_map(|left| one.iter().map(move |right| [&left[..], right].concat())).collect();
        if count(&joined) > MOST {
            return None;
        }
    }
    Some(joined)
}

fn place(value: &Whole, fields: &Fields) -> Option<Place> {
    match value {
        Whole::Signed(field) | Whole::Unsigned(field) => Some(fields.places[*field]),
        _ => None,
    }
}

fn number(place: Place, compare: Compare, value: i128, wanted: bool) -> Option<Vec<Clause>> {
    let (least, most) = (i128::MIN, i128::MAX);
    match compare {
        Compare::Equal => between(place, value, value, wanted),
        Compare::NotEqual => between(place, value, value, !wanted),
        Compare::Less => between(place, least, value - 1, wanted),
        Compare::LessEqual => between(place, least, value, wanted),
        Compare::Greater => between(place, value + 1, most, wanted),
        Compare::GreaterEqual => between(place, value, most, wanted),
    }
}

/// The number lies in `low..=high`, or (`within` is false) does not.
fn between(place: Place, low: i128, high: i128, within: bool) -> Option<Vec<Clause>> {
    let Place { offset, size, kind, .. } = place;
    if !matches!(size, 1 | 2 | 4 | 8) || !offset.is_multiple_of(size) {
        return None;
    }
    let bits = size * 8;
    let (least, most) = match kind {
        Kind::Signed(_) => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
        Kind::Unsigned(_) | Kind::Bool => (0, (1 << bits) - 1),
        Kind::Float | Kind::Text => return None,
    };
    let (low, high) = (low.max(least), high.min(most));
    if low > high {
        return Some(if within { vec![Vec::new()] } else { Vec::new() });
    }
    let mask = u64::MAX >> (64 - bits);
    let predicate =
        Predicate { offset, width: size as u8, outside: !within, mask, low: low as u64 & mask, span: (high - low) as u64 };
    Some(vec![vec![predicate]])
}

/// The text in the field starts with `value`, or (`whole`) is it; or does not.
fn starts(fields: &Fields, field: FieldId, value: &[u8], whole: bool, wanted: bool) -> Option<Vec<Clause>> {
    let place = fields.places[field];
    let Place { offset, size, kind, names } = place;
    if let Some(number_of) = names.filter(|_| whole) {
        return match std::str::from_utf8(value).ok().and_then(number_of) {
            Some(number) => between(place, number.into(), number.into(), wanted),
            None => Some(if wanted { vec![Vec::new()] } else { Vec::new() }),
        };
    }
    if kind != Kind::Text {
        return None;
    }
    if value.contains(&0) || value.len() > size as usize {
        // No text in the field is, or starts, so.
        return Some(if wanted { vec![Vec::new()] } else { Vec::new() });
    }
    let mut bytes = value.to_vec();
    // A text that fills its field has no NUL.
    if whole && bytes.len() < size as usize {
        bytes.push(0);
    }
    let words = words(offset, &bytes, fields.source.record_size(), !wanted);
    Some(if wanted { words.into_iter().map(|word| vec![word]).collect() } else { vec![words] })
}

/// The bytes from `offset` on, as aligned words inside of the record.
fn words(offset: u32, bytes: &[u8], record_size: u32, outside: bool) -> Vec<Predicate> {
    let end = offset + bytes.len() as u32;
    let mut at = offset;
    let mut words = Vec::new();
    while at < end {
        let aligned = |width: u32| at - at % width;
        let width = [8, 4, 2].into_iter().find(|width| aligned(*width) + width <= record_size).unwrap_or(1);
        let start = aligned(width);
        let next = end.min(start + width);
        let (mut mask, mut low) = ([0; 8], [0; 8]);
        for position in at..next {
            mask[(position - start) as usize] = 0xff;
            low[(position - start) as usize] = bytes[(position - offset) as usize];
        }
        words.push(Predicate {
            offset: start,
            width: width as u8,
            outside,
            mask: u64::from_le_bytes(mask),
            low: u64::from_le_bytes(low),
            span: 0,
        });
        at = next;
    }
    words
}

/// A clause's bytes in the table.
fn encode(clause: &Clause) -> Vec<u8> {
    const NEVER: Predicate = Predicate { offset: 0, width: 1, outside: true, mask: 0, low: 0, span: 0 };
    let clause = if clause.is_empty() { &[NEVER][..] } else { clause };
    let mut bytes = Vec::with_capacity(clause.len() * SIZE);
    for (i, one) in clause.iter().enumerate() {
        for word in [one.mask, one.low, one.span] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.extend_from_slice(&one.offset.to_le_bytes());
        bytes.extend_from_slice(&[one.width, one.outside.into(), (i + 1 == clause.len()).into(), 0]);
    }
    bytes
}
