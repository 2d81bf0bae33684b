//! What stands between values: JSON on one line, JSON on many, YAML.

use super::{string, yaml};

/// The format of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Json,
    Pretty,
    Yaml,
}

impl Layout {
    pub fn indent(self, depth: usize, out: &mut Vec<u8>) {
        if self != Layout::Json {
            out.resize(out.len() + 2 * depth, b' ');
        }
    }

    /// What comes before an object's first member.
    pub fn open(self, out: &mut Vec<u8>) {
        match self {
            Layout::Json => out.push(b'{'),
            Layout::Pretty => out.extend(b"{\n"),
            Layout::Yaml => {}
        }
    }

    /// Between members.
    pub fn next(self, out: &mut Vec<u8>) {
        match self {
            Layout::Json => out.push(b','),
            Layout::Pretty => out.extend(b",\n"),
            Layout::Yaml => {}
        }
    }

    /// After an object's last member; `depth` is the object's.
    pub fn close(self, depth: usize, out: &mut Vec<u8>) {
        match self {
            Layout::Json => out.push(b'}'),
            Layout::Pretty => {
                out.push(b'\n');
                self.indent(depth, out);
                out.push(b'}');
            }
            Layout::Yaml => {}
        }
    }

    /// The name of a member that is an object with members (`object`) or a value.
    pub fn key(self, name: &str, object: bool, out: &mut Vec<u8>) {
        match self {
            Layout::Json | Layout::Pretty => {
                out.push(b'"');
                out.extend(string::json(name.as_bytes()));
                out.extend(if self == Layout::Json { &b"\":"[..] } else { b"\": " });
            }
            Layout::Yaml => {
                yaml::push(name.as_bytes(), out);
                out.extend(if object { &b":\n"[..] } else { b":" });
            }
        }
    }

    /// Between a key and a value that is not an object or an array.
    pub fn before_value(self, out: &mut Vec<u8>) {
        if self == Layout::Yaml {
            out.push(b' ');
        }
    }

    /// After such a value, and after arrays.
    pub fn after_value(self, out: &mut Vec<u8>) {
        if self == Layout::Yaml {
            out.push(b'\n');
        }
    }

    /// Before the first element, between elements, and after the last; `depth` is the member's.
    pub fn array(self, depth: usize) -> [Vec<u8>; 3] {
        let line = |first: &[u8], depth: usize, last: &[u8]| {
            let mut text = first.to_vec();
            self.indent(depth, &mut text);
            text.extend(last);
            text
        };
        match self {
            Layout::Json => [b"[".to_vec(), b",".to_vec(), b"]".to_vec()],
            Layout::Pretty => [line(b"[\n", depth + 1, b""), line(b",\n", depth + 1, b""), line(b"\n", depth, b"]")],
            Layout::Yaml => [line(b"\n", depth, b"- "), line(b"\n", depth, b"- "), Vec::new()],
        }
    }
}
