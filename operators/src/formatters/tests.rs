//! What fields are added, and what stands in them.

use super::Formatters;
use ig_operator::testing::{FieldSpec, Host, TestBatch};
use ig_operator::Kind;

/// The part of trace_open and trace_exec that is formatted.
fn host() -> Host {
    let mut host = Host::new();
    let open = host.source("open", 64);
    host.field(open, "timestamp_raw", Kind::Uint64, 0, 8).tag("type:gadget_timestamp").annotate("columns.hidden", "true");
    host.field(open, "proc", Kind::Bytes, 8, 8);
    host.field(open, "proc.creds", Kind::Bytes, 8, 8);
    host.field(open, "proc.creds.uid", Kind::Uint32, 8, 4).tag("type:gadget_uid");
    host.field(open, "proc.creds.gid", Kind::Uint32, 12, 4).tag("type:gadget_gid");
    host.field(open, "loginuid", Kind::Uint32, 16, 4).tag("type:gadget_uid").annotate("uidgidresolver.target", "loginuser");
    host.field(open, "error_raw", Kind::Uint32, 20, 4).tag("type:gadget_errno");
    host.field(open, "flags_raw", Kind::Uint32, 24, 4).tag("type:gadget_file_flags").annotate("columns.hidden", "false");
    host.field(open, "mode_raw", Kind::Uint32, 28, 4).tag("type:gadget_file_mode");
    host.field(open, "args_size", Kind::Uint32, 32, 4);
    host.field(open, "args", Kind::CString, 36, 28);
    host
}

fn row(timestamp: u64, ids: [u32; 3], error: u32, flags: u32, mode: u32, args: &[u8]) -> Vec<u8> {
    let mut row = timestamp.to_le_bytes().to_vec();
    for word in [ids[0], ids[1], ids[2], error, flags, mode, args.len() as u32] {
        row.extend(word.to_le_bytes());
    }
    row.extend(args);
    row
}

fn texts(batch: &TestBatch, fields: &[&str], row: usize) -> Vec<String> {
    fields.iter().map(|field| batch.text(field, row)).collect()
}

#[test]
fn fields_are_added_as_inspektor_gadget_does() {
    let mut host = host();
    host.init::<Formatters>(&[]).unwrap();
    let added: Vec<_> = host.schema(0).fields[11..].iter().map(|field| (field.name.as_str(), field.is_hidden())).collect();
    assert_eq!(
        added,
        [
            ("error", false),
            ("timestamp", true),
            ("mode", false),
            ("flags", false),
            ("proc.creds.user", true),
            ("loginuser", true),
            ("proc.creds.group", true)
        ]
    );
    let annotations = |field: &FieldSpec| {
        let mut all: Vec<_> = field.annotations.iter().map(|(key, value)| format!("{key}={value}")).collect();
        all.sort();
        all.join(" ")
    };
    let time = "columns.ellipsis=end columns.hidden=true columns.maxwidth=35 columns.width=35 template=timestamp";
    assert_eq!(annotations(host.get(0, "timestamp")), time);
    assert_eq!(annotations(host.get(0, "mode")), "columns.alignment=left columns.ellipsis=end columns.width=16");
    assert!(annotations(host.get(0, "error")).starts_with("columns.width=12 template=errorString value.one-of=E2BIG, "));
    let hidden = ["timestamp_raw", "proc.creds.uid", "loginuid", "error_raw", "flags_raw", "mode_raw", "args"];
    let hidden = hidden.map(|name| host.get(0, name).is_hidden());
    assert_eq!(hidden, [true, true, true, true, false, true, false], "flags_raw says that it is not to be hidden");
}

#[test]
fn values_are_readable() {
    let mut host = host();
    let mut formatters = host.init::<Formatters>(&[("utc-offsets", "0:3600")]).unwrap();
    formatters.table(0, &[(0, Some("root")), (1000, Some("ada")), (1000, Some("grace"))]).unwrap();
    formatters.table(1, &[(0, Some("wheel")), (7, Some("gone")), (7, None)]).unwrap();
    let rows = [
        row(5, [0, 0, u32::MAX], 0, 0o2000000, 0, b"ls\0-l\0/tmp\0"),
        row(6, [1000, 7, 1000], 2, 577, 0o100644, b"true"),
        row(0, [1, 1, 1], 2, 2, 0o777, b""),
        row(7, [0, 0, 0], 1000, 0, 0, b"a\0\0b\0\0"),
    ];
    let mut batch = host.batch(0).rows(&rows).clock(1_709_210_096_000_000_000, 1_000_000_000).select(&[3, 1, 0, 2]).build();
    formatters.batch(&mut batch).unwrap();
    let fields = ["error", "mode", "flags", "proc.creds.user", "loginuser", "proc.creds.group", "args"];
    let first = ["", "----------", "O_RDONLY|O_CLOEXEC", "root", "uid:4294967295", "wheel", "ls\u{a0}-l\u{a0}/tmp"];
    assert_eq!(texts(&batch, &fields, 0), first);
    let second = ["ENOENT", "-rw-r--r--", "O_WRONLY|O_CREAT|O_TRUNC", "grace", "grace", "gid:7", "true"];
    assert_eq!(texts(&batch, &fields, 1), second);
    assert_eq!(
        texts(&batch, &fields, 3),
        ["error#1000", "----------", "O_RDONLY", "root", "root", "wheel", "a\u{a0}\u{a0}b\u{a0}"]
    );
    assert_eq!(texts(&batch, &["timestamp", "args"], 2), ["1970-01-01T01:00:01.000000000+01:00", ""], "no time: the drain's");
    assert_eq!(batch.text("timestamp", 0), "2024-02-29T13:34:56.000000005+01:00");
    assert_eq!(batch.u64("timestamp_raw", 0), 1_709_210_096_000_000_005);
}

#[test]
fn annotations_say_how_times_and_sets_look() {
    let mut host = Host::new();
    let source = host.source("mine", 12);
    let time = host.field(source, "at_raw", Kind::Uint64, 0, 8);
    time.tag("type:gadget_timestamp").annotate("formatters.timestamp.format", "Jan _2 15:04").annotate("formatters.timestamp.target", "when");
    let set = host.field(source, "set_raw", Kind::Uint32, 8, 4);
    set.annotate("enum.values", "A=1,B=2").annotate("enum.flags", "true").annotate("ebpf.formatter.bitfield.separator", " and ");
    let mut formatters = host.init::<Formatters>(&[]).unwrap();
    let rows = [[5u64.to_le_bytes().as_slice(), &3u32.to_le_bytes()].concat()];
    let mut batch = host.batch(0).rows(&rows).clock(1_709_210_096_000_000_000, 0).build();
    formatters.batch(&mut batch).unwrap();
    assert_eq!(texts(&batch, &["when", "set"], 0), ["Feb 29 12:34", "A and B"]);
}

#[test]
fn a_batch_of_ten_thousand_different_values() {
    let mut host = host();
    let mut formatters = host.init::<Formatters>(&[]).unwrap();
    let rows: Vec<_> = (0..10_000).map(|i| row(i, [i as u32, 1, 2], i as u32 % 150, i as u32 * 64, i as u32, b"x")).collect();
    let mut batch = host.batch(0).rows(&rows).heap(8 << 20).build();
    formatters.batch(&mut batch).unwrap();
    for i in (0..10_000).step_by(97) {
        assert_eq!(batch.text("proc.creds.user", i), format!("uid:{i}"));
        assert_eq!(batch.text("error", i) == "EPERM", i % 150 == 1);
    }
}

#[test]
fn a_full_heap_is_an_error_and_not_a_crash() {
    let mut host = host();
    let mut formatters = host.init::<Formatters>(&[]).unwrap();
    let rows = vec![row(1, [1, 1, 1], 1, 1, 1, b"x"); 100];
    for heap in (0..8000).step_by(61) {
        let mut batch = host.batch(0).rows(&rows).heap(heap).build();
        if let Err(error) = formatters.batch(&mut batch) {
            assert_eq!(error.errno, ig_operator::Errno::NOSPC);
        }
    }
}

#[test]
fn endpoints() {
    let mut host = Host::new();
    let tcp = host.source("tcp", 64);
    host.field(tcp, "src", Kind::Bytes, 0, 32).tag("type:gadget_l4endpoint_t");
    host.field(tcp, "src.addr_raw", Kind::Bytes, 0, 16).tag("type:gadget_ip_addr_t").tag("name:addr_raw");
    host.field(tcp, "src.addr_raw.v4", Kind::Uint32, 0, 4);
    host.field(tcp, "src.port", Kind::Uint16, 16, 2).tag("name:port");
    host.field(tcp, "src.proto_raw", Kind::Uint16, 18, 2).tag("name:proto_raw");
    host.field(tcp, "src.version", Kind::Uint8, 20, 1).tag("name:version");
    host.field(tcp, "server", Kind::Bytes, 32, 32).tag("type:gadget_l3endpoint_t");
    host.field(tcp, "server.addr_raw", Kind::Bytes, 32, 16).tag("type:gadget_ip_addr_t").tag("name:addr_raw");
    host.field(tcp, "server.version", Kind::Uint8, 48, 1).tag("name:version");
    let mut formatters = host.init::<Formatters>(&[]).unwrap();
    let added: Vec<_> = host.schema(0).fields[9..].iter().map(|field| field.name.as_str()).collect();
    assert_eq!(added, ["server.addr", "src.addr", "src.proto", "src.endpoint"]);
    assert_eq!(host.get(0, "src.endpoint").tags, ["endpoint"]);
    assert_eq!(
        ["src", "src.port", "src.addr_raw.v4", "src.addr"].map(|name| host.get(0, name).is_hidden()),
        [false, true, true, true]
    );

    let mut v4 = vec![172, 17, 0, 2];
    v4.resize(16, 0);
    v4.extend([80, 0, 6, 0, 4]);
    v4.resize(32, 0);
    v4.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 6]);
    let mut v6 = vec![0; 15];
    v6.extend([1, 80, 0, 200, 0, 6]);
    let mut batch = host.batch(0).rows([v4, v6]).build();
    formatters.batch(&mut batch).unwrap();
    let fields = ["src.addr", "src.proto", "src.endpoint", "server.addr"];
    assert_eq!(texts(&batch, &fields, 0), ["172.17.0.2", "TCP", "172.17.0.2:80", "2001:db8::1"]);
    assert_eq!(texts(&batch, &fields, 1), ["::1", "proto#200", "::1:80", ""]);
}
