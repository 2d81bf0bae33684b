//! Sizes and durations.

use super::digits::push;
use super::memo::Memo;
use super::users::Names;
use super::{target, Job};
use ig_operator::{Batch, Column, DataSource, Field, FieldInfo, NewField, Result};
use std::fmt::Write;

/// `82854982` as `83 MB`: powers of 1000, one digit after the point below 10.
fn bytes(value: u64, to: &mut String) {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    if value < 10 {
        let _ = write!(to, "{value} B");
        return;
    }
    let mut power = 0;
    let mut unit = 1u64;
    while power < 6 && value / unit >= 1000 {
        unit *= 1000;
        power += 1;
    }
    let rounded = (value as f64 / unit as f64 * 10.0 + 0.5).floor() / 10.0;
    let _ =
        if rounded < 10.0 { write!(to, "{rounded:.1} {}", UNITS[power]) } else { write!(to, "{rounded:.0} {}", UNITS[power]) };
}

/// `999ns`, `1.50µs`, `2.50ms`, and from a second on as Go prints durations: `1.5s`, `1m30s`, `1h0m0s`.
fn duration(value: u64, to: &mut String) {
    // Go's durations are signed.
    let ns = value as i64;
    if let 0..=999 = ns {
        push(ns as u32, to);
        to.push_str("ns");
        return;
    }
    if let 1000..=999_999_999 = ns {
        let (unit, name) = if ns < 1_000_000 { (10, "µs") } else { (10_000, "ms") };
        let (hundredths, rest) = (ns as u32 / unit, ns as u32 % unit);
        // Just in the middle, the float decides: most such numbers are a little below or above it there.
        if rest != unit / 2 {
            let rounded = hundredths + u32::from(rest > unit / 2);
            push(rounded / 100, to);
            to.push('.');
            to.push((b'0' + (rounded / 10 % 10) as u8) as char);
            to.push((b'0' + (rounded % 10) as u8) as char);
            to.push_str(name);
            return;
        }
    }
    let _ = match ns {
        i64::MIN..=999 => write!(to, "{ns}ns"),
        1000..=999_999 => write!(to, "{:.2}µs", ns as f64 / 1e3),
        1_000_000..=999_999_999 => write!(to, "{:.2}ms", ns as f64 / 1e6),
        _ => {
            let (seconds, rest) = (ns / 1_000_000_000, ns % 1_000_000_000);
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            if hours > 0 {
                let _ = write!(to, "{hours}h");
            }
            if seconds >= 60 {
                let _ = write!(to, "{minutes}m");
            }
            let _ = write!(to, "{}", seconds % 60);
            if rest > 0 {
                let _ = write!(to, ".{}", format!("{rest:09}").trim_end_matches('0'));
            }
            write!(to, "s")
        }
    };
}

struct Measure {
    raw: Field<u64>,
    out: Column<str>,
    write: fn(u64, &mut String),
    memo: Memo,
}

pub fn jobs(source: &DataSource, jobs: &mut Vec<Box<dyn Job>>) -> Result<()> {
    let mut add = |raw: &FieldInfo, annotation: &str, template: &str, width: &str, write: fn(u64, &mut String)| -> Result<()> {
        let (Some(name), Ok(handle)) = (target::name(raw, annotation), raw.handle()) else { return Ok(()) };
        let field = NewField::new(name).annotation("template", template);
        let field = field.annotation("columns.width", width).annotation("columns.alignment", "right");
        if let Some(out) = target::beside(raw, field)? {
            jobs.push(Box::new(Measure { raw: handle, out, write, memo: Memo::new() }));
        }
        Ok(())
    };
    for raw in target::tagged(source, "gadget_bytes") {
        add(&raw, "formatters.bytes.target", "bytes", "10", bytes)?;
    }
    for raw in target::tagged(source, "gadget_duration") {
        add(&raw, "formatters.duration.target", "duration", "20", duration)?;
    }
    Ok(())
}

impl Job for Measure {
    fn run(&mut self, batch: &mut Batch, _: &Names) -> Result<()> {
        let raw = batch.read(&self.raw)?;
        let mut out = batch.write(&self.out)?;
        let write = self.write;
        self.memo.reset();
        for row in batch.rows() {
            let value = raw.get(row);
            out.set(row, self.memo.get(batch, value, |to| write(value, to))?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    fn text(write: fn(u64, &mut String), value: u64) -> String {
        let mut text = String::new();
        write(value, &mut text);
        text
    }

    #[test]
    fn sizes() {
        let texts = [0, 9, 10, 999, 1000, 1234, 9999, 82_854_982, u64::MAX].map(|value| text(super::bytes, value));
        assert_eq!(texts, ["0 B", "9 B", "10 B", "999 B", "1.0 kB", "1.2 kB", "10 kB", "83 MB", "18 EB"]);
    }

    #[test]
    fn durations() {
        let values = [0, 999, 1500, 2_500_000, 1_500_000_000, 90_000_000_000, 3_600_000_000_000, 3_600_000_000_001];
        let texts = values.map(|value| text(super::duration, value));
        assert_eq!(texts, ["0ns", "999ns", "1.50µs", "2.50ms", "1.5s", "1m30s", "1h0m0s", "1h0m0.000000001s"]);
    }

    #[test]
    fn short_durations_are_rounded_as_floats_are() {
        for ns in (1000..100_000u64).chain((1_000_000..999_999_999).step_by(997)).chain((1_005_000..9_000_000).step_by(5000)) {
            let (value, unit) = if ns < 1_000_000 { (ns as f64 / 1e3, "µs") } else { (ns as f64 / 1e6, "ms") };
            assert_eq!(text(super::duration, ns), format!("{value:.2}{unit}"), "{ns}");
        }
    }
}
