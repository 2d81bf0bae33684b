//! `yaml`: a document per row, keys sorted, in the style of Go's sigs.k8s.io/yaml.

use super::json::Formatter;
use super::layout::Layout;
use super::string::utf8_char;
use ig_operator::{Batch, Init, Operator, Result};

/// The `yaml` operator. No parameters.
pub struct Yaml(Formatter);

impl Operator for Yaml {
    fn init(init: &mut Init) -> Result<Self> {
        Ok(Yaml(Formatter::new(init, Layout::Yaml)?))
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        self.0.batch(batch)
    }
}

/// Appends a string as a scalar: plain where that reads back as the same string, else in single quotes, or in double quotes
/// when it has characters that must be escaped.
pub fn push(bytes: &[u8], out: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(bytes);
    if text.chars().any(must_escape) {
        double_quoted(&text, out);
    } else if reads_as_other(&text) {
        // What a reader would take for a number, a bool, null or a time.
        out.push(b'"');
        out.extend(text.replace('\\', "\\\\").replace('"', "\\\"").bytes());
        out.push(b'"');
    } else if is_plain(&text) {
        out.extend(text.bytes());
    } else {
        out.push(b'\'');
        out.extend(text.replace('\'', "''").bytes());
        out.push(b'\'');
    }
}

fn must_escape(c: char) -> bool {
    matches!(c, '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn double_quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend([b'\\', c as u8]),
            '\n' => out.extend(b"\\n"),
            '\r' => out.extend(b"\\r"),
            '\t' => out.extend(b"\\t"),
            c if must_escape(c) => out.extend(format!("\\u{:04x}", c as u32).bytes()),
            c => out.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    out.push(b'"');
}

/// Whether YAML 1.1 or 1.2 would read the plain text as something else than a string.
fn reads_as_other(text: &str) -> bool {
    let Some(first) = text.bytes().next() else { return true };
    const WORDS: [&str; 11] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", ".nan", ".inf"];
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if text == "~" || text == "<<" || text == "=" || WORDS.iter().any(|word| unsigned.eq_ignore_ascii_case(word)) {
        return true;
    }
    // Numbers in all bases, times, and sexagesimals such as 1:30 are made of these.
    let number = |c: u8| {
        c.is_ascii_hexdigit() || matches!(c, b'.' | b'_' | b':' | b'-' | b'+' | b'x' | b'X' | b'o' | b'T' | b't' | b'Z' | b' ')
    };
    (first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.'))
        && text.bytes().all(number)
        && text.bytes().any(|c| c.is_ascii_digit())
}

fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (first, last) = (bytes[0], bytes[bytes.len() - 1]);
    let blank_or_end = |next: Option<&u8>| next.is_none_or(|c| *c == b' ');
    // `-`, `?` and `:` start a plain scalar only before something that is not a blank.
    let starts = match first {
        b'-' | b'?' | b':' => !blank_or_end(bytes.get(1)),
        b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' | b' ' => {
            false
        }
        _ => true,
    };
    let document = text.starts_with("---") || text.starts_with("...");
    let comment = bytes.windows(2).any(|pair| pair == b" #");
    let key = (0..bytes.len()).any(|i| bytes[i] == b':' && blank_or_end(bytes.get(i + 1)));
    debug_assert!(utf8_char(bytes) > 0);
    starts && last != b' ' && !document && !comment && !key
}

#[cfg(test)]
mod tests {
    #[test]
    fn strings_are_quoted_when_they_must_be() {
        let cases = [
            ("", "\"\""),
            ("bash", "bash"),
            ("/etc/passwd", "/etc/passwd"),
            ("-rw-r--r--", "-rw-r--r--"),
            ("O_RDONLY|O_CLOEXEC", "O_RDONLY|O_CLOEXEC"),
            ("true", "\"true\""),
            ("No", "\"No\""),
            ("12", "\"12\""),
            ("0x1f", "\"0x1f\""),
            ("1e3", "\"1e3\""),
            ("2026-08-21T10:00:00.000000001Z", "\"2026-08-21T10:00:00.000000001Z\""),
            ("1:30", "\"1:30\""),
            ("172.17.0.2:80", "\"172.17.0.2:80\""),
            ("a: b", "'a: b'"),
            ("it's # here", "'it''s # here'"),
            ("- x", "'- x'"),
            ("[kworker]", "'[kworker]'"),
            ("line\nline", "\"line\\nline\""),
            ("\u{1b}[31m", "\"\\u001b[31m\""),
            ("ls\u{a0}-l", "ls\u{a0}-l"),
        ];
        for (text, yaml) in cases {
            let mut out = Vec::new();
            super::push(text.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), yaml, "{text:?}");
        }
        let mut out = Vec::new();
        super::push(b"\xff", &mut out);
        assert_eq!(out, "\u{fffd}".as_bytes());
    }
}
