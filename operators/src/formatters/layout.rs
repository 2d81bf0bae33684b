//! Layouts of times, as Go's package time has them: how January 2, 15:04:05 2006, at UTC-7, would be written.

use std::fmt::Write;

/// A time, taken apart.
#[derive(Clone, Copy)]
pub struct Moment {
    pub year: i64,
    pub month: u32,
    pub day: u32,
    /// Since midnight.
    pub second: u32,
    pub nanosecond: u32,
    /// Since 1970, in local time.
    pub days: i64,
    /// Seconds east of UTC.
    pub offset: i32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Year,
    YearOfCentury,
    Month,
    MonthPadded,
    MonthName,
    MonthShort,
    Day,
    DayPadded,
    DaySpaced,
    DayOfYear,
    DayOfYearSpaced,
    WeekDay,
    WeekDayShort,
    Hour,
    Hour12,
    Hour12Padded,
    Minute,
    MinutePadded,
    Second,
    SecondPadded,
    /// AM and PM in this case.
    Half {
        upper: bool,
    },
    /// Digits, and whether zeros at the end are left out; the separator comes before.
    Fraction {
        separator: char,
        digits: u8,
        trim: bool,
    },
    Zone {
        utc_is_z: bool,
        colon: bool,
        minutes: bool,
        seconds: bool,
    },
    ZoneName,
}

use Part::*;

/// Those that begin with others come first.
#[rustfmt::skip]
const PARTS: [(&str, Part); 34] = [
    ("January", MonthName), ("Jan", MonthShort), ("Monday", WeekDay), ("Mon", WeekDayShort), ("MST", ZoneName),
    ("2006", Year), ("__2", DayOfYearSpaced), ("_2006", Year), ("_2", DaySpaced), ("002", DayOfYear),
    ("01", MonthPadded), ("02", DayPadded), ("03", Hour12Padded), ("04", MinutePadded), ("05", SecondPadded), ("06", YearOfCentury),
    ("15", Hour), ("1", Month), ("2", Day), ("3", Hour12), ("4", Minute), ("5", Second),
    ("PM", Half { upper: true }), ("pm", Half { upper: false }),
    ("Z07:00:00", Zone { utc_is_z: true, colon: true, minutes: true, seconds: true }),
    ("Z070000", Zone { utc_is_z: true, colon: false, minutes: true, seconds: true }),
    ("Z07:00", Zone { utc_is_z: true, colon: true, minutes: true, seconds: false }),
    ("Z0700", Zone { utc_is_z: true, colon: false, minutes: true, seconds: false }),
    ("Z07", Zone { utc_is_z: true, colon: false, minutes: false, seconds: false }),
    ("-07:00:00", Zone { utc_is_z: false, colon: true, minutes: true, seconds: true }),
    ("-070000", Zone { utc_is_z: false, colon: false, minutes: true, seconds: true }),
    ("-07:00", Zone { utc_is_z: false, colon: true, minutes: true, seconds: false }),
    ("-0700", Zone { utc_is_z: false, colon: false, minutes: true, seconds: false }),
    ("-07", Zone { utc_is_z: false, colon: false, minutes: false, seconds: false }),
];

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const WEEK: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// Texts, and parts after them.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    parts: Vec<(String, Part)>,
    end: String,
}

/// `.000`, `,999`: a fraction, unless a digit follows.
fn fraction(text: &str) -> Option<(Part, usize)> {
    let separator = text.chars().next().filter(|first| matches!(first, '.' | ','))?;
    let digit = text.as_bytes().get(1).copied().filter(|digit| matches!(digit, b'0' | b'9'))?;
    let digits = text.bytes().skip(1).take_while(|byte| *byte == digit).count();
    if digits > 9 || text.as_bytes().get(1 + digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Some((Fraction { separator, digits: digits as u8, trim: digit == b'9' }, 1 + digits))
}

fn next(text: &str) -> Option<(Part, usize)> {
    if let Some(found) = fraction(text) {
        return Some(found);
    }
    let (word, part) = PARTS.iter().find(|(word, _)| text.starts_with(word))?;
    // A name is not the beginning of a word: "Janitor", "Month".
    let goes_on = text[word.len()..].starts_with(|next: char| next.is_ascii_lowercase());
    if matches!(part, MonthShort) && goes_on {
        return None;
    }
    Some((*part, word.len()))
}

impl Layout {
    pub fn parse(text: &str) -> Self {
        let mut layout = Layout::default();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            match next(rest) {
                Some((part, size)) => {
                    layout.parts.push((std::mem::take(&mut layout.end), part));
                    rest = &rest[size..];
                }
                None => {
                    layout.end.push(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        layout
    }

    pub fn write(&self, at: &Moment, to: &mut String) {
        for (before, part) in &self.parts {
            to.push_str(before);
            part.write(at, to);
        }
        to.push_str(&self.end);
    }
}

fn day_of_year(at: &Moment) -> u32 {
    const BEFORE: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leap = at.year % 4 == 0 && (at.year % 100 != 0 || at.year % 400 == 0);
    BEFORE[at.month as usize - 1] + at.day + (leap && at.month > 2) as u32
}

impl Part {
    fn write(self, at: &Moment, to: &mut String) {
        let (hour, minute, second) = (at.second / 3600, at.second / 60 % 60, at.second % 60);
        let month = MONTHS[at.month as usize - 1];
        let week_day = WEEK[at.days.rem_euclid(7) as usize];
        let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
        let _ = match self {
            Year => write!(to, "{:04}", at.year),
            YearOfCentury => write!(to, "{:02}", at.year.rem_euclid(100)),
            Month => write!(to, "{}", at.month),
            MonthPadded => write!(to, "{:02}", at.month),
            MonthName => write!(to, "{month}"),
            MonthShort => write!(to, "{}", &month[..3]),
            Day => write!(to, "{}", at.day),
            DayPadded => write!(to, "{:02}", at.day),
            DaySpaced => write!(to, "{:2}", at.day),
            DayOfYear => write!(to, "{:03}", day_of_year(at)),
            DayOfYearSpaced => write!(to, "{:3}", day_of_year(at)),
            WeekDay => write!(to, "{week_day}"),
            WeekDayShort => write!(to, "{}", &week_day[..3]),
            Hour => write!(to, "{hour:02}"),
            Hour12 => write!(to, "{hour12}"),
            Hour12Padded => write!(to, "{hour12:02}"),
            Minute => write!(to, "{minute}"),
            MinutePadded => write!(to, "{minute:02}"),
            Second => write!(to, "{second}"),
            SecondPadded => write!(to, "{second:02}"),
            Half { upper } => write!(to, "{}", ["am", "pm", "AM", "PM"][2 * upper as usize + (hour >= 12) as usize]),
            Fraction { separator, digits, trim } => {
                let all = format!("{:09}", at.nanosecond);
                let shown = &all[..digits as usize];
                let shown = if trim { shown.trim_end_matches('0') } else { shown };
                if shown.is_empty() {
                    Ok(())
                } else {
                    write!(to, "{separator}{shown}")
                }
            }
            Zone { utc_is_z: true, .. } if at.offset == 0 => write!(to, "Z"),
            Zone { colon, minutes, seconds, .. } => {
                let east = at.offset.unsigned_abs();
                let between = if colon { ":" } else { "" };
                let _ = write!(to, "{}{:02}", if at.offset < 0 { '-' } else { '+' }, east / 3600);
                if minutes {
                    let _ = write!(to, "{between}{:02}", east / 60 % 60);
                }
                if seconds {
                    write!(to, "{between}{:02}", east % 60)
                } else {
                    Ok(())
                }
            }
            // The guest knows no names of zones; so Go writes one that has none.
            ZoneName if at.offset == 0 => write!(to, "UTC"),
            ZoneName => {
                let east = at.offset.unsigned_abs();
                let _ = write!(to, "{}{:02}", if at.offset < 0 { '-' } else { '+' }, east / 3600);
                if east / 60 % 60 == 0 {
                    Ok(())
                } else {
                    write!(to, "{:02}", east / 60 % 60)
                }
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sunday.
    const AT: Moment = Moment {
        year: 2024,
        month: 3,
        day: 3,
        second: 15 * 3600 + 4 * 60 + 9,
        nanosecond: 120_000_000,
        days: 19_785,
        offset: 19_800,
    };

    fn text(layout: &str, at: Moment) -> String {
        let mut text = String::new();
        Layout::parse(layout).write(&at, &mut text);
        text
    }

    #[test]
    fn layouts_of_gos_own_constants() {
        let layouts = [
            ("2006-01-02T15:04:05Z07:00", "2024-03-03T15:04:09+05:30"),
            ("2006-01-02T15:04:05.999999999Z07:00", "2024-03-03T15:04:09.12+05:30"),
            ("2006-01-02T15:04:05.000000000Z07:00", "2024-03-03T15:04:09.120000000+05:30"),
            ("Mon Jan _2 15:04:05 2006", "Sun Mar  3 15:04:09 2024"),
            ("Monday, 02-Jan-06 15:04:05 MST", "Sunday, 03-Mar-24 15:04:09 +0530"),
            ("Mon, 02 Jan 2006 15:04:05 -0700", "Sun, 03 Mar 2024 15:04:09 +0530"),
            ("3:04PM", "3:04PM"),
            ("Jan _2 15:04:05.000", "Mar  3 15:04:09.120"),
        ];
        for (layout, expected) in layouts {
            assert_eq!(text(layout, AT), expected, "{layout}");
        }
    }

    #[test]
    fn rarer_parts() {
        let layouts = [
            ("002 __2 1/2/06 3 4 5 pm", "063  63 3/3/24 3 4 9 pm"),
            ("January 03h -07 -07:00 Z0700 -070000", "March 03h +05 +05:30 +0530 +053000"),
            ("05,000 05.x", "09,120 09.x"),
            ("", ""),
            ("Janitor ü 日", "Janitor ü 日"),
        ];
        for (layout, expected) in layouts {
            assert_eq!(text(layout, AT), expected, "{layout}");
        }
        let utc = Moment { second: 0, nanosecond: 0, offset: 0, ..AT };
        assert_eq!(text("3PM 15.999 Z07 Z07:00 -07:00 MST", utc), "12AM 00 Z Z +00:00 UTC");
    }
}
