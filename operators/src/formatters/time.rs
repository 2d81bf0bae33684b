//! Local time: RFC 3339 with nanoseconds, or in the layout of annotation `formatters.timestamp.format`.
//!
//! The guest has no time zone data, so the host says how far local time is from UTC in the parameter `utc-offsets`: pairs of
//! `since:offset`, joined by commas and sorted by `since` (seconds since 1970), `offset` in seconds east of UTC. A time before
//! the first pair has the first pair's offset. Empty: UTC.

use super::layout::{Layout, Moment};
use super::users::Names;
use super::{target, Job};
use ig_operator::{Batch, Column, DataSource, Field, NewField, Result};
use std::str::FromStr;

/// When local time has been how far from UTC.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UtcOffsets(Vec<(i64, i32)>);

impl FromStr for UtcOffsets {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        let pair = |part: &str| {
            let (since, offset) = part.split_once(':')?;
            Some((since.trim().parse().ok()?, offset.trim().parse().ok().filter(|offset: &i32| offset.abs() < 86400)?))
        };
        let pairs: Option<Vec<_>> = text.split(',').filter(|part| !part.trim().is_empty()).map(pair).collect();
        let pairs = pairs.ok_or(())?;
        if pairs.windows(2).any(|two| two[0].0 > two[1].0) {
            return Err(());
        }
        Ok(UtcOffsets(pairs))
    }
}

impl UtcOffsets {
    fn at(&self, second: i64) -> i32 {
        let after = self.0.partition_point(|(since, _)| *since <= second);
        self.0.get(after.saturating_sub(1)).map_or(0, |(_, offset)| *offset)
    }
}

/// Most bytes of a time: `2006-01-02T15:04:05.000000000+07:00`.
const MOST: usize = 35;

/// ns.
const SECOND: i64 = 1_000_000_000;

/// Writes times; what changes once a second is kept.
struct Clock {
    offsets: UtcOffsets,
    /// ns since 1970 when the second began.
    start: i64,
    /// All but the nine digits of nanoseconds, which are at 20.
    text: [u8; MOST],
    size: usize,
}

impl Clock {
    fn new(offsets: UtcOffsets) -> Self {
        let mut clock = Clock { offsets, start: 0, text: [0; MOST], size: 0 };
        clock.turn(0);
        clock
    }

    /// Writes a time in ns since 1970 to at least [`MOST`] bytes; how many they are.
    #[inline(always)]
    fn write(&mut self, ns: u64, to: &mut [u8]) -> usize {
        // Signed, as the kernel's clock and Go's are. A division of 64 bits is needed only where the second changes.
        let ns = ns as i64;
        let mut rest = ns.wrapping_sub(self.start) as u64;
        if rest >= SECOND as u64 {
            let second = ns.div_euclid(SECOND);
            self.turn(second);
            rest = ns.rem_euclid(SECOND) as u64;
        }
        let to: &mut [u8; MOST] = (&mut to[..MOST]).try_into().expect("sliced");
        *to = self.text;
        let mut rest = rest as u32;
        to[28] = b'0' + (rest % 10) as u8;
        rest /= 10;
        let (high, low) = (rest / 10_000, rest % 10_000);
        for (at, pair) in [(20, high / 100), (22, high % 100), (24, low / 100), (26, low % 100)] {
            to[at] = b'0' + (pair / 10) as u8;
            to[at + 1] = b'0' + (pair % 10) as u8;
        }
        self.size
    }

    #[cold]
    fn turn(&mut self, second: i64) {
        self.start = second.wrapping_mul(SECOND);
        let offset = self.offsets.at(second);
        let local = second + offset as i64;
        let (days, of_day) = (local.div_euclid(86400), local.rem_euclid(86400));
        let (year, month, day) = date(days);
        let zone = if offset == 0 {
            "Z".to_owned()
        } else {
            let minutes = offset.unsigned_abs() / 60;
            format!("{}{:02}:{:02}", if offset < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
        };
        let (hour, minute, of_minute) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{of_minute:02}.000000000{zone}");
        self.size = text.len().min(MOST);
        self.text[..self.size].copy_from_slice(&text.as_bytes()[..self.size]);
    }
}

/// Year, month and day of a day since 1970, in the proleptic Gregorian calendar.
/// Years are counted from March here, so that the leap day comes last.
fn date(days: i64) -> (i64, i64, i64) {
    const ERA: i64 = 146_097;
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (of_era - of_era / 1460 + of_era / 36524 - of_era / (ERA - 1)) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year + (month <= 2) as i64, month, day)
}

impl Moment {
    fn of(ns: u64, offsets: &UtcOffsets) -> Self {
        let (second, nanosecond) = ((ns as i64).div_euclid(SECOND), (ns as i64).rem_euclid(SECOND));
        let offset = offsets.at(second);
        let local = second + offset as i64;
        let days = local.div_euclid(86400);
        let (year, month, day) = date(days);
        let of_day = local.rem_euclid(86400) as u32;
        Moment { year, month: month as u32, day: day as u32, second: of_day, nanosecond: nanosecond as u32, days, offset }
    }
}

/// A text by a layout: seldom asked for, so no step of it is saved.
struct Formatted {
    layout: Layout,
    offsets: UtcOffsets,
    text: String,
}

enum Writer {
    Clock(Clock),
    Layout(Formatted),
}

impl Writer {
    #[inline(always)]
    fn put(&mut self, batch: &mut Batch, ns: u64) -> Result<ig_operator::View> {
        match self {
            Writer::Clock(clock) => batch.put_with(MOST, |to| clock.write(ns, to)),
            Writer::Layout(Formatted { layout, offsets, text }) => {
                text.clear();
                layout.write(&Moment::of(ns, offsets), text);
                batch.put(text.as_bytes())
            }
        }
    }
}

struct Timestamp {
    raw: Field<u64>,
    wall: Column<u64>,
    text: Column<str>,
    writer: Writer,
}

pub fn jobs(source: &DataSource, offsets: &UtcOffsets, jobs: &mut Vec<Box<dyn Job>>) -> Result<()> {
    for raw in target::tagged(source, "gadget_timestamp") {
        let Some(name) = target::name(&raw, "formatters.timestamp.target") else { continue };
        let Ok(handle) = raw.handle() else { continue };
        let field = NewField::new(name).hidden(true).annotation("template", "timestamp").annotation("columns.hidden", "true");
        let field =
            field.annotation("columns.width", "35").annotation("columns.maxwidth", "35").annotation("columns.ellipsis", "end");
        let Some(text) = target::beside(&raw, field)? else { continue };
        let wall = raw.override_with()?;
        let writer = match raw.annotation("formatters.timestamp.format") {
            Some(layout) if !layout.is_empty() => {
                let layout = Layout::parse(layout);
                Writer::Layout(Formatted { layout, offsets: offsets.clone(), text: String::new() })
            }
            _ => Writer::Clock(Clock::new(offsets.clone())),
        };
        jobs.push(Box::new(Timestamp { raw: handle, wall, text, writer }));
    }
    Ok(())
}

impl Job for Timestamp {
    fn run(&mut self, batch: &mut Batch, _: &Names) -> Result<()> {
        let raw = batch.read(&self.raw)?;
        let mut wall = batch.write(&self.wall)?;
        let mut text = batch.write(&self.text)?;
        let (boot, now) = (batch.boot_offset() as u64, batch.drained_at());
        for row in batch.rows() {
            let ns = match raw.get(row) {
                0 => now,
                ns => ns.wrapping_add(boot),
            };
            wall.set(row, ns);
            text.set(row, self.writer.put(batch, ns)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(offsets: &str, ns: u64) -> String {
        let mut bytes = [0; MOST];
        let size = Clock::new(offsets.parse().unwrap()).write(ns, &mut bytes);
        String::from_utf8(bytes[..size].to_vec()).unwrap()
    }

    #[test]
    fn times_in_utc_and_elsewhere() {
        assert_eq!(text("", 0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(text("", 1_709_210_096_123_456_789), "2024-02-29T12:34:56.123456789Z");
        assert_eq!(text("", 4_107_542_399_999_999_999), "2100-02-28T23:59:59.999999999Z");
        assert_eq!(text("0:19800", 1_709_210_096_000_000_001), "2024-02-29T18:04:56.000000001+05:30");
        assert_eq!(text("0:-12600", 1_709_210_096_000_000_001), "2024-02-29T09:04:56.000000001-03:30");
    }

    #[test]
    fn one_clock_goes_back_and_forth() {
        let mut clock = Clock::new(UtcOffsets::default());
        let mut seconds = |ns: i64| {
            let mut bytes = [0; MOST];
            let size = clock.write(ns as u64, &mut bytes);
            String::from_utf8(bytes[17..size].to_vec()).unwrap()
        };
        for (ns, expected) in [
            (999_999_999, "00.999999999Z"),
            (1_000_000_000, "01.000000000Z"),
            (1_999_999_999, "01.999999999Z"),
            (1_500_000_000, "01.500000000Z"),
            (999_999_999, "00.999999999Z"),
            (0, "00.000000000Z"),
            (-1, "59.999999999Z"),
            (-1_000_000_000, "59.000000000Z"),
        ] {
            assert_eq!(seconds(ns), expected);
        }
        for extreme in [i64::MIN, i64::MAX, i64::MIN] {
            seconds(extreme);
        }
    }

    #[test]
    fn summer_time_begins_and_ends() {
        let berlin = "0:3600,1711846800:7200,1729990800:3600";
        assert_eq!(text(berlin, 1_711_846_799_000_000_000), "2024-03-31T01:59:59.000000000+01:00");
        assert_eq!(text(berlin, 1_711_846_800_000_000_000), "2024-03-31T03:00:00.000000000+02:00");
        assert_eq!(text(berlin, 1_729_990_800_000_000_000), "2024-10-27T02:00:00.000000000+01:00");
    }

    #[test]
    fn offsets_that_make_no_sense_are_refused() {
        for wrong in ["x", "1", "1:2:3", "5:0,4:0", "0:90000"] {
            assert!(wrong.parse::<UtcOffsets>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_day_of_eight_centuries() {
        let mut expected = (1970, 1, 1);
        for day in 0..292_000 {
            assert_eq!(date(day), expected);
            let (year, month, day) = expected;
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = [31, 28 + leap as i64, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
            expected = match (month, day) {
                (12, 31) => (year + 1, 1, 1),
                _ if day == last => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
        }
    }
}
