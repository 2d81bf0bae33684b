//! Names of enums' values, and of the bits of sets, by the annotations that the host makes of BTF.

use super::{lookup, target, Job};
use ig_operator::{DataSource, FieldInfo, NewField, Result};

struct Names {
    values: Vec<(u64, String)>,
    flags: bool,
    separator: String,
}

impl Names {
    /// `NAME=VALUE,NAME=VALUE`. Of negative values the bits count, as many as the field has.
    fn parse(list: &str, flags: bool, separator: &str, bytes: u32) -> Self {
        let mask = if bytes >= 8 { u64::MAX } else { (1 << (8 * bytes)) - 1 };
        let one = |entry: &str| {
            let (name, value) = entry.split_once('=')?;
            Some((value.parse::<i128>().ok()? as u64 & mask, name.to_owned()))
        };
        Names { values: list.split(',').filter_map(one).collect(), flags, separator: separator.to_owned() }
    }

    fn text(&self, number: u64, to: &mut String) {
        if !self.flags {
            let name = self.values.iter().find(|(value, _)| *value == number);
            return to.push_str(name.map_or("UNKNOWN", |(_, name)| name));
        }
        // A value of 0 is in every set, as in Inspektor Gadget.
        for (_, name) in self.values.iter().filter(|(bits, _)| number & bits == *bits) {
            if !to.is_empty() {
                to.push_str(&self.separator);
            }
            to.push_str(name);
        }
    }
}

pub fn jobs(source: &DataSource, jobs: &mut Vec<Box<dyn Job>>) -> Result<()> {
    let enums: Vec<FieldInfo> = source.fields().filter(|field| field.annotation("enum.values").is_some()).collect();
    for raw in enums {
        let (Some(name), Some(list)) = (target::name(&raw, "ebpf.formatter.enum"), raw.annotation("enum.values")) else {
            continue;
        };
        let separator = raw.annotation("ebpf.formatter.bitfield.separator").unwrap_or("|");
        let names = Names::parse(list, raw.annotation("enum.flags") == Some("true"), separator, raw.size());
        let field = target::plain(NewField::new(name));
        lookup::wide(&raw, field, Box::new(move |number, to| names.text(number, to)), jobs)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Names;

    fn text(names: &Names, number: u64) -> String {
        let mut text = String::new();
        names.text(number, &mut text);
        text
    }

    #[test]
    fn numbers_have_their_names() {
        let names = Names::parse("connect=0,accept=1,none=-1,broken,also=x", false, "|", 1);
        assert_eq!([0, 1, 255, 2].map(|number| text(&names, number)), ["connect", "accept", "none", "UNKNOWN"]);
    }

    #[test]
    fn sets_have_the_names_of_their_bits() {
        let names = Names::parse("READ=1,WRITE=2,BOTH=3,HIGH=9223372036854775808", true, "|", 8);
        assert_eq!([0, 2, 3, 1 << 63 | 4].map(|number| text(&names, number)), ["", "WRITE", "READ|WRITE|BOTH", "HIGH"]);
        let names = Names { separator: ", ".to_owned(), ..names };
        assert_eq!(text(&names, 3), "READ, WRITE, BOTH");
    }
}
