//! Whole outputs, as a reader of them sees them.

use super::{Json, Yaml};
use ig_operator::abi::flag;
use ig_operator::testing::Host;
use ig_operator::{Kind, Operator};

/// A data source with a bit of everything: 48 bytes of row, three columns.
fn host(array: bool) -> Host {
    let mut host = Host::new();
    let source = if array { host.array_source("things", 48) } else { host.source("things", 48) };
    host.field(source, "proc", Kind::Bytes, 0, 16);
    host.field(source, "proc.comm", Kind::CString, 0, 8);
    host.field(source, "proc.pid", Kind::Uint32, 8, 4).flag(flag::HIDDEN);
    host.field(source, "secret", Kind::Uint32, 8, 4).flag(flag::UNREFERENCED);
    host.field(source, "skipped", Kind::Uint32, 8, 4).annotate("json.skip", "true");
    host.field(source, "Big", Kind::Uint64, 16, 8);
    host.field(source, "list", Kind::Uint16, 24, 4).array();
    host.field(source, "raw", Kind::Bytes, 28, 3);
    host.field(source, "ok", Kind::Bool, 31, 1);
    host.field(source, "ratio", Kind::Float64, 32, 8);
    host.field(source, "delta", Kind::Int32, 40, 4);
    host.parent(source, "k8s");
    host.column(source, "k8s.podName", Kind::String);
    host.column(source, "k8s.hostnetwork", Kind::Bool);
    host.parent(source, "nothing");
    host.column(source, "started", Kind::Int64);
    host
}

fn row(comm: &str, pid: u32, big: u64, ratio: f64, delta: i32) -> Vec<u8> {
    let mut row = vec![0; 48];
    row[..comm.len()].copy_from_slice(comm.as_bytes());
    row[8..12].copy_from_slice(&pid.to_le_bytes());
    row[16..24].copy_from_slice(&big.to_le_bytes());
    row[24..32].copy_from_slice(&[1, 0, 0xff, 0xff, 0xca, 0xfe, 0, 1]);
    row[32..40].copy_from_slice(&ratio.to_le_bytes());
    row[40..44].copy_from_slice(&delta.to_le_bytes());
    row
}

fn format<O: Operator>(host: &mut Host, params: &[(&str, &str)], rows: &[Vec<u8>]) -> String {
    let mut operator = host.init::<O>(params).unwrap();
    operator.batch(&mut host.batch(0).rows(rows).build()).unwrap();
    operator.text().to_owned()
}

/// Records may stop before text at their end, and so do rows then.
#[test]
fn text_that_is_cut_off_is_as_if_it_ended() {
    let mut host = Host::new();
    let source = host.source("texts", 64);
    host.field(source, "num", Kind::Uint32, 0, 4);
    host.field(source, "one", Kind::CString, 4, 20);
    host.field(source, "two", Kind::CString, 24, 40);
    let mut json = host.init::<Json>(&[]).unwrap();
    let mut yaml = host.init::<Yaml>(&[]).unwrap();
    let mut row = b"\x07\0\0\0abcdefghijklmnopqrstABCDEFGHIJ".to_vec();
    row.resize(64, 0);
    for (size, one, two) in
        [(8, "abcd", ""), (16, "abcdefghijkl", ""), (24, "abcdefghijklmnopqrst", ""), (32, "abcdefghijklmnopqrst", "ABCDEFGH")]
    {
        let mut batch = host.batch(0).rows([&row, &row]).cut(size).build();
        json.batch(&mut batch).unwrap();
        let line = format!("{{\"num\":7,\"one\":\"{one}\",\"two\":\"{two}\"}}\n");
        assert_eq!(json.text(), line.repeat(2));
        yaml.batch(&mut host.batch(0).rows([&row]).cut(size).build()).unwrap();
        let two = if two.is_empty() { "\"\"" } else { two };
        assert_eq!(yaml.text(), format!("---\nnum: 7\none: {one}\ntwo: {two}\n"));
    }
}

#[test]
fn json_is_a_line_per_event() {
    let rows = [row("bash", 7, u64::MAX, 0.5, -3), row("a\"b\\\n", 4_000_000_000, 0, f64::NAN, i32::MIN)];
    let text = format::<Json>(&mut host(false), &[], &rows);
    let first = concat!(
        r#"{"Big":18446744073709551615,"delta":-3,"k8s":{"hostnetwork":false,"podName":""},"list":[1,65535],"nothing":"","ok":true,"#,
        r#""proc":{"comm":"bash","pid":7},"ratio":0.5,"raw":"cafe00","started":0}"#
    );
    let second = concat!(
        r#"{"Big":0,"delta":-2147483648,"k8s":{"hostnetwork":false,"podName":""},"list":[1,65535],"nothing":"","ok":true,"#,
        r#""proc":{"comm":"a\"b\\\n","pid":4000000000},"ratio":null,"raw":"cafe00","started":0}"#
    );
    assert_eq!(text, format!("{first}\n{second}\n"));
}

#[test]
fn json_of_snapshots_is_an_array_per_batch() {
    let mut host = Host::new();
    host.array_source("processes", 4);
    host.field(0, "pid", Kind::Uint32, 0, 4);
    let mut json = host.init::<Json>(&[]).unwrap();
    json.batch(&mut host.batch(0).rows([[1u8], [2]]).build()).unwrap();
    assert_eq!(json.text(), "[{\"pid\":1},{\"pid\":2}]\n");
    json.batch(&mut host.batch(0).build()).unwrap();
    assert_eq!(json.text(), "[]\n");
    let mut pretty = host.init::<Json>(&[("pretty", "true")]).unwrap();
    pretty.batch(&mut host.batch(0).rows([[1u8], [2]]).build()).unwrap();
    assert_eq!(pretty.text(), "[\n  {\n    \"pid\": 1\n  },\n  {\n    \"pid\": 2\n  }\n]\n");
    pretty.batch(&mut host.batch(0).build()).unwrap();
    assert_eq!(pretty.text(), "[]\n");
    let mut yaml = host.init::<Yaml>(&[]).unwrap();
    yaml.batch(&mut host.batch(0).rows([[1u8], [2]]).build()).unwrap();
    assert_eq!(yaml.text(), "---\npid: 1\n---\npid: 2\n");
}

#[test]
fn json_of_a_snapshot_in_parts_is_one_array() {
    let parts = |params: &[(&str, &str)], rows: [&[[u8; 1]]; 3]| {
        let mut host = Host::new();
        host.array_source("processes", 4);
        host.field(0, "pid", Kind::Uint32, 0, 4);
        let mut json = host.init::<Json>(params).unwrap();
        let mut text = String::new();
        for (i, rows) in rows.iter().enumerate() {
            json.batch(&mut host.batch(0).rows(rows.iter()).part(i > 0, i < 2).build()).unwrap();
            text += &json.text();
        }
        text
    };
    assert_eq!(parts(&[], [&[[1], [2]], &[], &[[3]]]), "[{\"pid\":1},{\"pid\":2},{\"pid\":3}]\n");
    assert_eq!(parts(&[], [&[], &[[1]], &[]]), "[{\"pid\":1}]\n");
    assert_eq!(parts(&[], [&[], &[], &[]]), "[]\n");
    let pretty = [("pretty", "true")];
    assert_eq!(parts(&pretty, [&[], &[[1]], &[[2]]]), "[\n  {\n    \"pid\": 1\n  },\n  {\n    \"pid\": 2\n  }\n]\n");
    assert_eq!(parts(&pretty, [&[], &[], &[]]), "[]\n");
}

#[test]
fn pretty_json_is_indented_by_two() {
    let text = format::<Json>(&mut host(false), &[("pretty", "true")], &[row("bash", 7, 1, 1e21, 0)]);
    let expected = r#"{
  "Big": 1,
  "delta": 0,
  "k8s": {
    "hostnetwork": false,
    "podName": ""
  },
  "list": [
    1,
    65535
  ],
  "nothing": "",
  "ok": true,
  "proc": {
    "comm": "bash",
    "pid": 7
  },
  "ratio": 1e+21,
  "raw": "cafe00",
  "started": 0
}
"#;
    assert_eq!(text, expected);
}

#[test]
fn yaml_is_a_document_per_event() {
    let text = format::<Yaml>(&mut host(false), &[], &[row("no", 7, 1, 0.0, -1)]);
    let expected = r#"---
Big: 1
delta: -1
k8s:
  hostnetwork: false
  podName: ""
list:
- 1
- 65535
nothing: ""
ok: true
proc:
  comm: "no"
  pid: 7
ratio: 0
raw: cafe00
started: 0
"#;
    assert_eq!(text, expected);
}

#[test]
fn columns_that_are_present_are_shown() {
    let mut host = host(false);
    let mut json = host.init::<Json>(&[]).unwrap();
    let rows = [row("a", 1, 0, 0.0, 0), row("b", 2, 0, 0.0, 0), row("c", 3, 0, 0.0, 0)];
    // One operator, batches with other sets of columns: each has its own program.
    for _ in 0..2 {
        let batch = host.batch(0).rows(&rows).select(&[2, 0]);
        let long = "long ".repeat(100);
        let mut batch =
            batch.values("k8s.podName", ["pod-a", "", long.as_str()]).values("started", [[1u8; 8], [0; 8], [255; 8]]).build();
        json.batch(&mut batch).unwrap();
        let lines: Vec<_> = json.text().lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(
            lines[0].contains(&format!(r#""podName":"{long}""#))
                && lines[0].contains(r#""pid":3"#)
                && lines[0].ends_with(r#""started":-1}"#)
        );
        assert!(lines[1].contains(r#""podName":"pod-a""#) && lines[1].ends_with(r#""started":72340172838076673}"#));
        json.batch(&mut host.batch(0).rows(&rows).values("k8s.hostnetwork", [[1u8], [0], [2]]).build()).unwrap();
        let networks: Vec<_> = json.text().lines().map(|line| line.contains(r#""hostnetwork":true,"podName":"""#)).collect();
        assert_eq!(networks, [true, false, false]);
    }
}

#[test]
fn rows_at_odd_places() {
    let mut host = host(false);
    let mut json = host.init::<Json>(&[]).unwrap();
    let rows = [row("first", 1, 5, 0.0, 0), row("second", 2, 6, 0.0, 0)];
    json.batch(&mut host.batch(0).rows(&rows).scattered().build()).unwrap();
    let scattered = json.text().to_owned();
    json.batch(&mut host.batch(0).rows(&rows).build()).unwrap();
    assert_eq!(scattered, json.text());
}

#[test]
fn an_object_that_is_all_zero_is_as_any_other() {
    let mut host = Host::new();
    host.source("stacks", 40);
    host.field(0, "ustack", Kind::Bytes, 0, 36);
    for (i, name) in ["major", "minor", "inode", "depth"].iter().enumerate() {
        host.field(0, &format!("ustack.{name}"), Kind::Uint64, i as u32 * 8, 8);
    }
    host.field(0, "ustack.user", Kind::Bool, 32, 1);
    host.column(0, "ustack.symbols", Kind::String);
    host.field(0, "z", Kind::Uint8, 36, 1);
    let rows = (0..34).map(|at| {
        let mut row = [0u8; 40];
        row[36] = 9;
        if at < 33 {
            row[at] = 1;
        }
        row
    });
    let mut json = host.init::<Json>(&[]).unwrap();
    json.batch(&mut host.batch(0).rows(rows).build()).unwrap();
    let lines: Vec<_> = json.text().lines().collect();
    assert_eq!(lines[33], r#"{"ustack":{"depth":0,"inode":0,"major":0,"minor":0,"symbols":"","user":false},"z":9}"#);
    assert_eq!(lines[32], r#"{"ustack":{"depth":0,"inode":0,"major":0,"minor":0,"symbols":"","user":true},"z":9}"#);
    assert_eq!(lines[1], r#"{"ustack":{"depth":0,"inode":0,"major":256,"minor":0,"symbols":"","user":false},"z":9}"#);
    assert_eq!(lines.iter().filter(|line| **line == lines[33]).count(), 1);
}

#[test]
fn zero_objects_in_zero_objects() {
    let mut host = Host::new();
    host.source("nest", 64);
    for (outer, at) in [("a", 0), ("a.b", 0), ("a.b.c", 32)] {
        host.field(0, outer, Kind::Bytes, at, 32);
        if outer != "a" {
            for i in 0..4 {
                host.field(0, &format!("{outer}.{i}"), Kind::Uint64, at + i * 8, 8);
            }
        }
    }
    let mut rows = [[0u8; 64]; 3];
    rows[1][0] = 1;
    rows[2][63] = 1;
    let mut json = host.init::<Json>(&[]).unwrap();
    json.batch(&mut host.batch(0).rows(rows).build()).unwrap();
    let line = |first: u8, last: u64| {
        let inner = format!(r#"{{"0":0,"1":0,"2":0,"3":{last}}}"#);
        format!(r#"{{"a":{{"b":{{"0":{first},"1":0,"2":0,"3":0,"c":{inner}}}}}}}"#)
    };
    assert_eq!(json.text().lines().collect::<Vec<_>>(), [line(0, 0), line(1, 0), line(0, 1 << 56)]);
}

#[test]
fn an_object_as_in_the_row_before_is_as_any_other() {
    let mut host = Host::new();
    host.source("open", 32);
    host.field(0, "proc", Kind::Bytes, 0, 24);
    host.field(0, "proc.comm", Kind::CString, 0, 8);
    host.field(0, "proc.pid", Kind::Uint32, 8, 4);
    host.field(0, "proc.creds", Kind::Bytes, 12, 8);
    host.field(0, "proc.creds.uid", Kind::Uint32, 12, 4);
    host.field(0, "proc.creds.gid", Kind::Uint32, 16, 4);
    host.column(0, "proc.creds.user", Kind::String);
    host.field(0, "fd", Kind::Uint32, 28, 4);
    let mut random = Random(7);
    let rows: Vec<_> = (0..500u32)
        .map(|i| {
            let mut row = format!("{:\0<8}", ["sh", "a\"b", "full8888"][random.next() as usize / 3 % 3]).into_bytes();
            for word in [random.next() as u32 % 2, 0, 5, 77, 0, i] {
                row.extend(word.to_le_bytes());
            }
            row
        })
        .collect();
    let users: Vec<_> = (0..500).map(|_| ["root", "ada", ""][random.next() as usize % 3]).collect();
    let expected = |i: usize| {
        let comm = String::from_utf8_lossy(&rows[i][..8]).trim_end_matches('\0').replace('"', "\\\"");
        let creds = format!(r#"{{"gid":5,"uid":0,"user":"{}"}}"#, users[i]);
        format!(r#"{{"fd":{i},"proc":{{"comm":"{comm}","creds":{creds},"pid":{}}}}}"#, rows[i][8])
    };
    let mut json = host.init::<Json>(&[]).unwrap();
    for scattered in [false, true] {
        let batch = host.batch(0).rows(&rows).values("proc.creds.user", &users);
        json.batch(&mut if scattered { batch.scattered().build() } else { batch.build() }).unwrap();
        let lines: Vec<_> = json.text().lines().collect();
        assert!((0..500).all(|i| lines[i] == expected(i)));
    }
}

/// Reads a JSON string strictly; None when it is not one.
fn parse_string(text: &str) -> Option<String> {
    let mut chars = text.strip_prefix('"')?.strip_suffix('"')?.chars();
    let mut out = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\0'..='\x1f' => return None,
            '\\' => match chars.next()? {
                c @ ('"' | '\\' | '/') => out.push(c),
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                't' => out.push('\t'),
                'u' => {
                    let digits: String = chars.by_ref().take(4).collect();
                    out.push(char::from_u32(u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4)?)?);
                }
                _ => return None,
            },
            c => out.push(c),
        }
    }
    Some(out)
}

/// Small and repeatable.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Bytes as a hostile program would name its files.
fn nasty(random: &mut Random, size: usize) -> Vec<u8> {
    let alphabets: [&[u8]; 4] = [
        b"abc/._-",
        b"\"\\\n\r\t\x01\x1f\x7f a",
        "é\u{a0}\u{2028}\u{2029}\u{fffd}😀a".as_bytes(),
        b"\xff\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xe2\x80a",
    ];
    let mut bytes = Vec::new();
    while bytes.len() < size {
        let alphabet = alphabets[random.next() as usize % alphabets.len()];
        let from = random.next() as usize % alphabet.len();
        let run = 1 + random.next() as usize % 8;
        bytes.extend(alphabet.iter().cycle().skip(from).take(run));
    }
    bytes.truncate(size);
    bytes
}

#[test]
fn json_is_valid_for_any_bytes() {
    let mut host = Host::new();
    host.source("names", 40);
    host.field(0, "row", Kind::CString, 0, 37);
    host.column(0, "text", Kind::String);
    let mut json = host.init::<Json>(&[]).unwrap();
    let mut yaml = host.init::<Yaml>(&[]).unwrap();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for size in 0..300 {
        let fields: Vec<_> = (0..20).map(|i| nasty(&mut random, (size + i) % 41)).collect();
        let texts: Vec<_> = (0..20).map(|_| nasty(&mut random, size)).collect();
        // No heap, so that the last text ends with the region.
        let build = || host.batch(0).rows(&fields).values("text", &texts).heap(0).build();
        json.batch(&mut build()).unwrap();
        let lines: Vec<_> = json.text().lines().collect();
        assert_eq!(lines.len(), 20);
        for (i, line) in lines.into_iter().enumerate() {
            let (row, text) =
                line.strip_prefix("{\"row\":").and_then(|line| line.strip_suffix('}')).unwrap().split_once(",\"text\":").unwrap();
            let field = &fields[i][..fields[i].len().min(37)];
            let field = field.split(|byte| *byte == 0).next().unwrap();
            assert_eq!(parse_string(row).unwrap(), lossy(field), "{line}");
            assert_eq!(parse_string(text).unwrap(), lossy(&texts[i]), "{line}");
        }
        yaml.batch(&mut build()).unwrap();
        assert!(std::str::from_utf8(yaml.output()).is_ok_and(|text| text.matches("---\nrow: ").count() == 20));
    }
}

/// U+FFFD for each byte that is no UTF-8, as Go has it. Rust's lossy text has one for several bytes.
fn lossy(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}
