//! Tables as their users see them.

use super::Columns;
use ig_operator::testing::{Host, TestOperator};
use ig_operator::Kind;

/// A data source with trace_open's default columns, annotated as Inspektor Gadget annotates them.
fn add_open(host: &mut Host) -> usize {
    let open = host.source("open", 848);
    host.field(open, "timestamp_raw", Kind::Uint64, 0, 8).flag(4);
    host.field(open, "proc", Kind::Bytes, 8, 64).flag(4);
    host.field(open, "proc.comm", Kind::CString, 8, 16).annotate("columns.alias", "comm").annotate("columns.maxwidth", "16");
    for (name, at, hidden) in [("pid", 24, 0), ("tid", 28, 0)] {
        host.field(open, &format!("proc.{name}"), Kind::Uint32, at, 4)
            .annotate("columns.alias", name)
            .annotate("columns.alignment", "right")
            .annotate("columns.minwidth", "7")
            .flag(hidden);
    }
    host.field(open, "proc.parent", Kind::Bytes, 48, 24).flag(4);
    host.field(open, "proc.parent.pid", Kind::Uint32, 64, 4).annotate("columns.alias", "pid").flag(4);
    let fd = host.field(open, "fd", Kind::Uint32, 76, 4);
    fd.annotate("columns.alignment", "right").annotate("columns.minwidth", "2").annotate("columns.maxwidth", "3");
    for (name, at, size) in [("fname", 160, 255), ("fpath", 415, 425)] {
        let field = host.field(open, name, Kind::CString, at, size);
        field.annotate("columns.width", "32").annotate("columns.minwidth", "24");
    }
    host.column(open, "error", Kind::String).annotate("columns.width", "12");
    host.column(open, "mode", Kind::String);
    let container = {
        host.parent(open, "runtime");
        host.column(open, "runtime.containerName", Kind::String)
    };
    container.annotate("columns.width", "30").order = -27;
    host.column(open, "runtime.runtimeName", Kind::String).annotate("columns.width", "19").annotate("columns.fixed", "true").flag(4);
    open
}

fn open_row(comm: &str, pid: u32, fname: &str) -> Vec<u8> {
    let mut row = vec![0; 848];
    row[8..8 + comm.len()].copy_from_slice(comm.as_bytes());
    row[24..28].copy_from_slice(&pid.to_le_bytes());
    row[28..32].copy_from_slice(&(pid + 1).to_le_bytes());
    row[76..80].copy_from_slice(&3u32.to_le_bytes());
    row[160..160 + fname.len()].copy_from_slice(fname.as_bytes());
    row
}

fn run(params: &[(&str, &str)]) -> String {
    let mut host = Host::new();
    let open = add_open(&mut host);
    let mut columns = host.init::<Columns>(params).unwrap_or_else(|error| panic!("{}", error.message));
    let mut text = start(&mut columns, &host, open);
    let rows = [open_row("cat", 4711, "/etc/passwd"), open_row("a\x1b[2Jb", 12, "/home/user/a-rather-long-name/with/many/parts")];
    let mut batch = host.batch(open).rows(rows).values("error", ["", "ENOENT"]).values("mode", ["-rw-r--r--", ""]).build();
    columns.batch(&mut batch).unwrap();
    text.push_str(columns.text());
    text
}

fn start(columns: &mut TestOperator, host: &Host, source: usize) -> String {
    columns.start(&mut host.batch(source).build()).unwrap();
    columns.text().to_string()
}

fn header(params: &[(&str, &str)]) -> String {
    run(params).lines().next().unwrap().to_string()
}

fn refused(params: &[(&str, &str)]) -> String {
    let mut host = Host::new();
    add_open(&mut host);
    host.init::<Columns>(params).err().expect("an error").message
}

#[test]
fn default_columns_at_their_configured_widths() {
    assert_eq!(
        run(&[("terminal-width", "0")]),
        [
            "RUNTIME.CONTAINERNAME          COMM                          PID              TID               FD FNAME                            FPATH                            ERROR        MODE            \n",
            "                               cat                          4711             4712                3 /etc/passwd                                                                    -rw-r--r--      \n",
            "                               a\\x1b[2Jb                      12               13                3 /home/user/a-rather-long-name/w…                                  ENOENT                       \n",
        ]
        .concat()
    );
}

#[test]
fn a_terminal_is_filled_and_never_more() {
    for width in [20, 40, 60, 80, 100, 120, 160, 200, 300] {
        let text = run(&[("terminal-width", &width.to_string())]);
        for line in text.lines() {
            assert!(line.chars().count() <= width, "{width} {line:?}");
        }
        if width >= 100 {
            assert_eq!(text.lines().next().unwrap().chars().count(), width);
        }
    }
    assert_eq!(
        header(&[("terminal-width", "120")]),
        "RUNTIME.CONTAINER… COMM             PID       TID  FD FNAME                    FPATH                    ERROR  MODE     "
    );
}

#[test]
fn the_users_fields() {
    let names = |fields: &str| header(&[("fields", fields)]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(names("fname,proc.pid"), "FNAME PID");
    assert_eq!(names(" PID , comm "), "PID COMM");
    assert_eq!(names("-fpath,-mode,-runtime"), "COMM PID TID FD FNAME ERROR");
    assert_eq!(names("+timestamp_raw,-runtime.containername,-error"), "COMM PID TID FD FNAME FPATH MODE TIMESTAMP_RAW");
    assert_eq!(names("fd,proc.parent"), "FD PID");
    assert_eq!(names("fd,+fd,fname,-fd"), "FNAME");
    assert_eq!(names("runtime"), "RUNTIME.CONTAINERNAME RUNTIME.RUNTIMENAME");
    assert_eq!(
        names("*,-mode"),
        "RUNTIME.CONTAINERNAME TIMESTAMP_RAW PROC COMM PID TID PARENT PID FD FNAME FPATH ERROR RUNTIME.RUNTIMENAME"
            .replace("PARENT", "PROC.PARENT")
    );
    assert_eq!(header(&[("fields", "mode"), ("fields.open", "fd")]).trim(), "FD");
}

#[test]
fn unknown_fields_are_named() {
    assert_eq!(refused(&[("fields", "fd,fnmae")]), "--fields: field \"fnmae\" not found in datasource \"open\", did you mean \"fname\"?");
    assert!(refused(&[("fields.open", "-nothing")]).starts_with("--fields.open: field \"nothing\" not found"));
    assert_eq!(refused(&[("fields", "fd,-fd")]), "--fields: no columns are left of data source \"open\"");
    assert_eq!(refused(&[("terminal-width", "wide")]), "terminal-width: \"wide\" is not a width");
}

#[test]
fn without_a_header() {
    assert_eq!(run(&[("header", "0"), ("fields", "pid")]), format!("{:>16}\n{:>16}\n", 4711, 12));
}

const NONE: (&str, &str, &str) = ("", "", "");

/// A snapshot source with a column of each kind, one of them with an annotation.
fn kinds(params: &[(&str, &str)], (annotated, key, value): (&str, &str, &str)) -> String {
    let mut host = Host::new();
    let source = host.array_source("kinds", 64);
    let fields = [
        ("flag", Kind::Bool, 0, 1),
        ("small", Kind::Int8, 1, 1),
        ("big", Kind::Uint64, 8, 8),
        ("ratio", Kind::Float64, 16, 8),
        ("raw", Kind::Bytes, 24, 6),
        ("end", Kind::Bytes, 40, 24),
    ];
    for (name, kind, offset, size) in fields {
        let field = host.field(source, name, kind, offset, size);
        if name == annotated {
            field.annotate(key, value);
        }
        if name == "end" {
            field.annotate("columns.replace", "end.text");
        }
    }
    host.field(source, "list", Kind::Uint16, 32, 8).array();
    host.column(source, "end.text", Kind::String).flag(4);
    let mut columns = host.init::<Columns>(params).unwrap();
    let mut text = start(&mut columns, &host, source);
    let mut row = vec![1, 0xfe];
    row.resize(8, 0);
    row.extend(u64::MAX.to_le_bytes());
    row.extend(2.675f64.to_le_bytes());
    let mut batch = host.batch(source).rows([row]).values("end.text", ["1.2.3.4:80"]).build();
    for _ in 0..2 {
        columns.batch(&mut batch).unwrap();
        text.push_str(columns.text());
    }
    text
}

#[test]
fn every_kind_of_value() {
    let width = [("fields", "flag,small,big,ratio,raw,list,end")];
    let line = kinds(&width, NONE).lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(line, "true -2 184467440737095… 3 <6 bytes> <8 bytes> 1.2.3.4:80");
    let shown = |field: &str, key: &str, value: &str| {
        let text = kinds(&[("fields", field)], (field, key, value));
        text.lines().nth(1).unwrap().to_string()
    };
    assert_eq!(shown("ratio", "columns.precision", "2").trim(), "2.67");
    assert_eq!(shown("ratio", "columns.precision", "-1").trim(), "2.675");
    assert_eq!(shown("big", "columns.hex", "true"), "0xFFFFFFFFFFFFF…");
    assert_eq!(shown("small", "columns.hex", "true").trim(), "-0x2");
    assert_eq!(shown("big", "columns.width", "type"), "18446744073709551615");
    assert_eq!(shown("small", "columns.width", "type"), "-2  ");
    assert_eq!(shown("flag", "columns.width", "0"), "true ");
    assert_eq!(shown("big", "columns.ellipsis", "middle"), "18446744…9551615");
    assert_eq!(shown("big", "columns.width", "99999999").len(), 4096);
}

#[test]
fn snapshots_have_a_header_each() {
    let text = kinds(&[("fields", "small")], NONE);
    assert_eq!(text, format!("{0:<16}\n{1:<16}\n{0:<16}\n{1:<16}\n", "SMALL", "-2"));
    let text = kinds(&[("fields", "small"), ("clear-screen", "1")], NONE);
    assert_eq!(text.matches("\x1b[2J\x1b[H").count(), 3);
    assert!(text.starts_with("\x1b[2J\x1b[HSMALL"));
}

#[test]
fn names_from_a_gadget_are_not_trusted_either() {
    let mut host = Host::new();
    let source = host.source("evil", 8);
    host.field(source, "a", Kind::Uint32, 0, 4).annotate("columns.alias", "\x1b[31m").annotate("columns.width", "wide");
    let mut columns = host.init::<Columns>(&[]).unwrap();
    assert_eq!(start(&mut columns, &host, source), "\\x1B[31M        \n".replace("\\x1B[31M", "\\x1b[31M"));
    assert_eq!(host.log(), ["field a: columns.width is \"wide\", which is no width"]);
}

#[test]
fn rows_at_odd_places_in_the_order_of_the_selection() {
    let mut host = Host::new();
    let open = add_open(&mut host);
    let mut columns = host.init::<Columns>(&[("fields", "fname"), ("header", "0")]).unwrap();
    let rows = ["a", "b", "c"].map(|name| open_row("x", 1, name));
    let mut batch = host.batch(open).rows(rows).scattered().select(&[2, 0]).heap(0).build();
    columns.batch(&mut batch).unwrap();
    assert_eq!(columns.text(), format!("{:<32}\n{:<32}\n", "c", "a"));
}

/// Records may stop before text at their end, and so do rows then.
#[test]
fn text_that_is_cut_off_is_as_if_it_ended() {
    let mut host = Host::new();
    let open = add_open(&mut host);
    let mut columns = host.init::<Columns>(&[("fields", "fname,fpath")]).unwrap();
    let rows = [open_row("cat", 1, "/etc/passwd"), open_row("cat", 1, &"long/".repeat(30))];
    let mut table = |rows: ig_operator::testing::TestBatch| {
        let mut rows = rows;
        columns.batch(&mut rows).unwrap();
        columns.text().to_owned()
    };
    let whole = table(host.batch(open).rows(&rows).build());
    assert!(whole.contains("/etc/passwd"));
    for size in [320, 408, 416, 424, 840] {
        assert_eq!(table(host.batch(open).rows(&rows).cut(size).build()), whole);
    }
}

#[test]
fn tables_that_take_turns_begin_with_their_headers() {
    let mut host = Host::new();
    let sources = ["opens", "closes"].map(|name| {
        let source = host.source(name, 4);
        host.field(source, name, Kind::Uint32, 0, 4).annotate("columns.width", "6");
        source
    });
    let mut columns = host.init::<Columns>(&[("several", "true")]).unwrap();
    assert_eq!(start(&mut columns, &host, sources[0]), "");
    let mut text = String::new();
    for (source, rows) in
        [(0, vec![[1, 0, 0, 0]]), (1, vec![]), (0, vec![[2, 0, 0, 0]]), (1, vec![[3, 0, 0, 0]]), (0, vec![[4, 0, 0, 0]])]
    {
        columns.batch(&mut host.batch(sources[source]).rows(rows).build()).unwrap();
        text.push_str(columns.text());
    }
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    assert_eq!(lines, ["OPENS", "1", "2", "", "CLOSES", "3", "", "OPENS", "4"]);
}
