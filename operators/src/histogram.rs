//! The format operator `histogram`: distributions, drawn. For data sources with fields of `gadget_histogram_slot` arrays: element
//! 0 counts zeros, element i values from 2^(i-1) up to 2^i (`get_slot_idx` in bpf/include/gadget/bits.bpf.h). Lines show these
//! bounds, the upper one excluded, as Inspektor Gadget does.
//!
//! The counts of a map are taken out of it with each snapshot, so they are added up here, by key; where the annotation
//! `ebpf.map.keep` is `true` they stay in the map, and a snapshot is the whole truth. Each snapshot shows all keys.
//!
//! Annotations of the fields: `metrics.name`, `metrics.unit`. Parameter `clear-screen` (1: snapshots replace each other).

use crate::value::{Input, Reader};
use ig_operator::{Batch, Bytes, DataSource, Field, FieldInfo, Init, Kind, Operator, PerSource, Result, Row, SourceType};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Stars of the longest bar.
const STARS: u64 = 40;
/// Keys that are added up; more are shown in their snapshot only, for memory's sake.
const MOST_KEYS: usize = 10_000;
const CLEAR: &str = "\x1b[2J\x1b[H";

pub struct Histograms {
    sources: PerSource<Source>,
}

struct Source {
    keys: Vec<(String, Input)>,
    charts: Vec<Chart>,
    array: bool,
    adds_up: bool,
    clear: bool,
    /// By the key's text: counts of each chart.
    sums: BTreeMap<String, Vec<Vec<u64>>>,
}

struct Chart {
    name: String,
    unit: String,
    field: Field<[u8]>,
    /// Bytes of a count.
    width: usize,
}

/// Whether a field is an array of counts by power of two.
fn is_histogram(field: &FieldInfo) -> bool {
    field.is_array() && field.slot().is_none() && field.tags().any(|tag| tag.starts_with("type:gadget_histogram_slot__"))
}

impl Operator for Histograms {
    fn init(init: &mut Init) -> Result<Self> {
        let clear = matches!(init.param("clear-screen"), Some("1" | "true"));
        Ok(Histograms { sources: init.per_source(|source| Source::new(source, clear).map(Some))? })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        match self.sources.get_mut(batch) {
            Some(source) => source.batch(batch),
            None => Ok(()),
        }
    }
}

impl Source {
    fn new(source: DataSource, clear: bool) -> Result<Self> {
        let mut charts = Vec::new();
        let mut keys = Vec::new();
        for field in source.fields() {
            let is_parent = source.fields().any(|other| other.parent().is_some_and(|parent| parent.id() == field.id()));
            if is_histogram(&field) {
                let name = field.annotation("metrics.name").unwrap_or(field.name()).to_string();
                let unit = field.annotation("metrics.unit").unwrap_or("").to_string();
                charts.push(Chart { name, unit, field: field.handle()?, width: field.kind().width() });
            } else if !(is_parent || field.is_hidden() || field.is_empty() || field.is_unreferenced() || field.is_array())
                && field.kind() != Kind::Bytes
            {
                let name = field.annotation("columns.alias").unwrap_or(field.name()).to_string();
                keys.push((name, Input::new(&field)?));
            }
        }
        Ok(Source {
            keys,
            charts,
            array: source.source_type() == SourceType::Array,
            adds_up: source.annotation("ebpf.map.keep") != Some("true"),
            clear,
            sums: BTreeMap::new(),
        })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let keys = self.keys.iter().map(|(name, input)| Ok((&name[..], input.bind(batch)?))).collect::<Result<Vec<_>>>()?;
        let charts = self.charts.iter().map(|chart| batch.read(&chart.field)).collect::<Result<Vec<Bytes>>>()?;
        if !(self.array && self.adds_up) && batch.begins() {
            self.sums.clear();
        }
        for row in batch.rows() {
            let key = text_of(&keys, row);
            let full = self.sums.len() >= MOST_KEYS && !self.sums.contains_key(&key);
            if full {
                ig_operator::warn!("more than {MOST_KEYS} histograms: those of {key:?} are left out");
                continue;
            }
            let sums = self.sums.entry(key).or_insert_with(|| vec![Vec::new(); charts.len()]);
            for ((sum, bytes), chart) in sums.iter_mut().zip(&charts).zip(&self.charts) {
                add(sum, bytes.get(row), chart.width);
            }
        }
        if !batch.ends() {
            return Ok(());
        }
        let mut out = String::new();
        if self.clear {
            out.push_str(CLEAR);
        }
        for (key, sums) in &self.sums {
            for (chart, counts) in self.charts.iter().zip(sums) {
                draw(&mut out, key, &chart.name, &chart.unit, counts);
            }
        }
        batch.output().extend_from_slice(out.as_bytes());
        Ok(())
    }
}

fn add(sum: &mut Vec<u64>, bytes: &[u8], width: usize) {
    let counts = bytes.chunks_exact(width.max(1));
    sum.resize(sum.len().max(counts.len()), 0);
    for (sum, bytes) in sum.iter_mut().zip(counts) {
        let mut word = [0; 8];
        word[..bytes.len().min(8)].copy_from_slice(&bytes[..bytes.len().min(8)]);
        *sum = sum.saturating_add(u64::from_le_bytes(word));
    }
}

/// `comm=sh dev=8`
fn text_of<'b>(keys: &[(&str, Reader<'b>)], row: Row<'b>) -> String {
    let mut text = String::new();
    for (name, reader) in keys {
        if !text.is_empty() {
            text.push(' ');
        }
        macro_rules! show {
            ($($kind:ident),*) => {
                match reader {
                    $(Reader::$kind(values) => write!(text, "{name}={}", values.get(row)),)*
                    Reader::CString(values) | Reader::Text(values) => {
                        // What may be in a text must not move the cursor.
                        write!(text, "{name}={}", String::from_utf8_lossy(values.get(row)).escape_debug())
                    }
                }
            };
        }
        // Writing to a String cannot fail.
        let _ = show!(Bool, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64, Float32, Float64);
    }
    text
}

/// One chart: its name, its key, a line for each power of two up to the last that was seen.
fn draw(out: &mut String, key: &str, name: &str, unit: &str, counts: &[u64]) {
    let Some(last) = counts.iter().rposition(|count| *count > 0) else { return };
    let most = counts.iter().copied().max().unwrap_or(1);
    out.push_str(name);
    if !key.is_empty() {
        let _ = write!(out, "  {key}");
    }
    let _ = writeln!(out, "\n        {unit:<16} : count    distribution");
    for (i, count) in counts.iter().enumerate().take(last + 1) {
        let low = if i == 0 { 0 } else { 1u128 << (i - 1) };
        let high = 1u128 << i;
        let stars = (u128::from(*count) * u128::from(STARS) / u128::from(most)) as usize;
        let _ = writeln!(out, "{low:>10} -> {high:<10} : {count:<8} |{:<40}|", "*".repeat(stars));
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use ig_operator::testing::Host;

    fn host() -> Host {
        let mut host = Host::new();
        let source = host.array_source("blockio", 24);
        host.field(source, "dev", Kind::Uint32, 0, 4);
        host.field(source, "latency", Kind::Uint32, 4, 20)
            .array()
            .tag("type:gadget_histogram_slot__u32")
            .annotate("metrics.unit", "µs");
        host
    }

    fn row(dev: u32, counts: [u32; 5]) -> [u8; 24] {
        let mut row = [0; 24];
        row[..4].copy_from_slice(&dev.to_le_bytes());
        for (i, count) in counts.iter().enumerate() {
            row[4 + i * 4..8 + i * 4].copy_from_slice(&count.to_le_bytes());
        }
        row
    }

    #[test]
    fn draws_each_key_and_adds_up() {
        let mut host = host();
        let mut operator = host.init::<Histograms>(&[]).unwrap();
        let mut batch = host.batch(0).rows([row(8, [1, 0, 4, 0, 0])]).build();
        operator.batch(&mut batch).unwrap();
        let bar = |stars: usize| format!("|{:<40}|", "*".repeat(stars));
        let chart = |key: &str, lines: [(&str, u32, usize); 3]| {
            let lines: String = lines.map(|(range, count, stars)| format!("{range} : {count:<8} {}\n", bar(stars))).concat();
            format!("latency  dev={key}\n        µs               : count    distribution\n{lines}\n")
        };
        let (first, second, third) = ("         0 -> 1         ", "         1 -> 2         ", "         2 -> 4         ");
        let text = String::from_utf8(operator.output().to_vec()).unwrap();
        assert_eq!(text, chart("8", [(first, 1, 10), (second, 0, 0), (third, 4, 40)]));

        let mut batch = host.batch(0).rows([row(8, [1, 1, 0, 0, 0]), row(9, [0, 0, 1, 0, 0]), row(7, [0; 5])]).build();
        operator.batch(&mut batch).unwrap();
        let text = String::from_utf8(operator.output().to_vec()).unwrap();
        let both = [chart("8", [(first, 2, 20), (second, 1, 10), (third, 4, 40)]), chart("9", [(first, 0, 0), (second, 0, 0), (third, 1, 40)])];
        assert_eq!(text, both.concat());
    }

    #[test]
    fn the_largest_slots_have_bounds() {
        let mut out = String::new();
        let mut counts = [0; 64];
        counts[63] = u64::MAX;
        draw(&mut out, "", "x", "", &counts);
        assert!(out.contains("4611686018427387904 -> 9223372036854775808 : 18446744073709551615 |"));
    }
}
