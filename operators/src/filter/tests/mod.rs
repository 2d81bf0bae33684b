//! The filter as its users meet it: parameters in, rows out.

mod property;

use super::Filter;
use ig_operator::testing::{Host, TestBatch};
use ig_operator::Kind;

/// A data source like trace_open's, small.
fn host() -> Host {
    let mut host = Host::new();
    let open = host.source("open", 72);
    host.field(open, "proc", Kind::Bytes, 0, 24);
    host.field(open, "proc.comm", Kind::CString, 0, 16);
    host.field(open, "proc.pid", Kind::Uint32, 16, 4);
    host.field(open, "fd", Kind::Int32, 24, 4);
    host.field(open, "inode", Kind::Uint64, 32, 8);
    host.field(open, "ratio", Kind::Float64, 40, 8);
    host.field(open, "failed", Kind::Bool, 48, 1);
    host.field(open, "fname", Kind::CString, 49, 15);
    host.field(open, "bytes", Kind::Uint8, 64, 4).array();
    host.column(open, "addr", Kind::String);
    host.column(open, "container", Kind::String);
    host.column(open, "count", Kind::Uint16);
    host.parent(open, "runtime");
    host.column(open, "runtime.name", Kind::String);
    host
}

fn row(comm: &str, pid: u32, fd: i32, inode: u64, ratio: f64, failed: u8, fname: &str) -> Vec<u8> {
    let mut row = vec![0; 72];
    row[..comm.len()].copy_from_slice(comm.as_bytes());
    row[16..20].copy_from_slice(&pid.to_le_bytes());
    row[24..28].copy_from_slice(&fd.to_le_bytes());
    row[32..40].copy_from_slice(&inode.to_le_bytes());
    row[40..48].copy_from_slice(&ratio.to_le_bytes());
    row[48] = failed;
    row[49..49 + fname.len()].copy_from_slice(fname.as_bytes());
    row[64..68].copy_from_slice(b"ab\0d");
    row
}

fn batch(host: &Host) -> TestBatch {
    let rows = [
        row("bash", 1, -1, u64::MAX, 0.5, 1, "/etc/passwd"),
        row("cat", 200, 3, 10, 2.5, 0, "/etc/hosts"),
        // No NUL at the end of either text; 2 is not true.
        row("sixteen-letters!", 3000, 4, 11, -1.0, 2, "a,b\\c=d/....xyz"),
        row("", u32::MAX, 0, 0, 0.0, 0, ""),
    ];
    host.batch(0).rows(rows).values("addr", ["10.1.2.3", "192.168.0.1", "fd00::1", "nowhere"]).build()
}

fn select(params: &[(&str, &str)]) -> Vec<u32> {
    let mut host = host();
    let mut filter = host.init::<Filter>(params).unwrap_or_else(|error| panic!("{}", error.message));
    let mut batch = batch(&host);
    filter.batch(&mut batch).unwrap();
    batch.selected()
}

fn rules(text: &str) -> Vec<u32> {
    select(&[("filter", text)])
}

fn expr(text: &str) -> Vec<u32> {
    select(&[("filter-expr", text)])
}

fn refused(key: &str, text: &str) -> String {
    let error = host().init::<Filter>(&[(key, text)]).err().unwrap_or_else(|| panic!("{text} was accepted"));
    assert_eq!(error.errno, ig_operator::Errno::INVAL);
    error.message
}

#[test]
fn without_parameters_all_pass() {
    assert_eq!(select(&[]), [0, 1, 2, 3]);
    assert_eq!(select(&[("filter", ""), ("filter-expr", " ")]), [0, 1, 2, 3]);
}

#[test]
fn rules_compare_by_the_kind_of_the_field() {
    assert_eq!(rules("proc.pid==200"), [1]);
    assert_eq!(rules("proc.pid=200"), [1]);
    assert_eq!(rules("proc.pid!=200"), [0, 2, 3]);
    assert_eq!(rules("proc.pid>=200"), [1, 2, 3]);
    assert_eq!(rules("proc.pid<200"), [0]);
    assert_eq!(rules("fd<0"), [0]);
    assert_eq!(rules("fd<=-1"), [0]);
    assert_eq!(rules("inode==18446744073709551615"), [0]);
    assert_eq!(rules("ratio>0.4"), [0, 1]);
    assert_eq!(rules("failed==true"), [0]);
    assert_eq!(rules("failed!=1"), [1, 2, 3]);
    assert_eq!(rules("proc.comm==bash"), [0]);
    assert_eq!(rules("proc.comm==sixteen-letters!"), [2]);
    assert_eq!(rules("proc.comm>c"), [1, 2]);
}

#[test]
fn rules_are_joined_by_and() {
    assert_eq!(rules("fname~^/etc,proc.pid>1"), [1]);
    assert_eq!(rules("fname~^/etc,fname!~hosts$"), [0]);
    assert_eq!(rules("fname~(hosts|xyz)$"), [1, 2]);
    assert_eq!(rules("PROC.COMM=cat"), [1]);
}

#[test]
fn a_comma_in_a_value_is_escaped() {
    assert_eq!(rules("fname==a\\,b\\\\c=d/....xyz,proc.pid==3000"), [2]);
    assert_eq!(rules("fname~a\\,b"), [2]);
    assert_eq!(rules("fname~\\.\\.\\."), [2]);
}

#[test]
fn spaces_around_an_operator_do_no_harm() {
    assert_eq!(rules("proc.comm == cat, proc.pid == 200"), [1]);
    assert_eq!(rules("proc.comm= cat"), [] as [u32; 0]);
}

#[test]
fn rules_say_what_is_wrong_and_where() {
    assert_eq!(
        refused("filter", "fd=1,proc.pdi==3"),
        "--filter: field \"proc.pdi\" not found in datasource \"open\", did you mean \"proc.pid\"?\n    \
         fd=1,proc.pdi==3\n         ^^^^^^^^"
    );
    assert!(refused("filter", "proc.pid==").contains("incomplete filter rule"));
    assert!(refused("filter", "proc.pid").contains("incomplete filter rule"));
    assert!(refused("filter", "==1").contains("incomplete filter rule"));
    assert!(refused("filter", "fd==1,").contains("incomplete filter rule"));
    assert!(refused("filter", "proc.pid=>5").contains("invalid operation \"=>\""));
    assert!(refused("filter", "proc.pid==abc").ends_with("is an integer, and \"abc\" is not\n    proc.pid==abc\n              ^^^"));
    assert!(refused("filter", "proc.pid==-1").contains("out of range: proc.pid goes from 0 to 4294967295"));
    assert!(refused("filter", "fd==2147483648").contains("out of range"));
    assert!(refused("filter", "proc.pid~1").contains("operator ~ needs a string, and proc.pid is an integer"));
    assert!(refused("filter", "failed<true").contains("a boolean, which only == and != compare"));
    assert!(refused("filter", "failed==yes").contains("boolean"));
    assert!(refused("filter", "fname~a(b").contains("unclosed group"));
    assert!(refused("filter", "proc==1").contains("\"proc\" is a group of fields: proc.comm, proc.pid"));
}

#[test]
fn expressions() {
    assert_eq!(expr("proc.pid == 200"), [1]);
    assert_eq!(expr("200 <= proc.pid && proc.pid < 4000"), [1, 2]);
    assert_eq!(expr("200 <= proc.pid < 4000"), [1, 2]);
    assert_eq!(expr("proc.comm == 'cat' or failed"), [0, 1]);
    assert_eq!(expr("!failed and proc.comm != \"cat\""), [2, 3]);
    assert_eq!(expr("proc.comm in ['bash', 'cat']"), [0, 1]);
    assert_eq!(expr("proc.comm not in ['bash', 'cat']"), [2, 3]);
    assert_eq!(expr("proc.pid in [3000, 1]"), [0, 2]);
    assert_eq!(expr("proc.pid in 1..200"), [0, 1]);
    assert_eq!(expr("fname contains 'etc' && fname endsWith 'wd'"), [0]);
    assert_eq!(expr("fname startsWith '/etc/h'"), [1]);
    assert_eq!(expr("not fname startsWith '/etc'"), [2, 3]);
    assert_eq!(expr("fname not matches '^/'"), [2, 3]);
    assert_eq!(expr("fname matches '^/[a-z]+/ho'"), [1]);
    assert_eq!(expr("len(proc.comm) == 16 || len(proc.comm) == 0"), [2, 3]);
    assert_eq!(expr("upper(proc.comm) == 'CAT' and lower('ABC') == trim(' abc ')"), [1]);
    assert_eq!(expr("fd * 2 + 1 == 7"), [1]);
    assert_eq!(expr("-fd == 1 || fd % 4 == 0 && fd > 0"), [0, 2]);
    assert_eq!(expr("ratio * 2 == fd + 2 || fd / 2 == 1.5"), [0, 1]);
    assert_eq!(expr("ratio == 2.5 ? true : proc.pid == 1"), [0, 1]);
    assert_eq!(expr("proc.comm + '!' == 'cat!'"), [1]);
    assert_eq!(expr("proc.comm != nil"), [0, 1, 2, 3]);
    assert_eq!(expr("failed == false"), [1, 2, 3]);
    assert_eq!(expr("bytes == 'ab\\x00d'"), [0, 1, 2, 3]);
}

#[test]
fn constants_out_of_a_fields_range() {
    assert_eq!(expr("proc.pid > -1"), [0, 1, 2, 3]);
    assert_eq!(expr("proc.pid == -1"), [] as [u32; 0]);
    assert_eq!(expr("-1 < inode"), [0, 1, 2, 3]);
    assert_eq!(expr("fd < 0x8000000000000000"), [0, 1, 2, 3]);
    assert_eq!(expr("inode != -5"), [0, 1, 2, 3]);
    assert_eq!(expr("inode > fd"), [0, 1, 2]);
}

#[test]
fn addresses() {
    assert_eq!(expr("addr in cidr('10.0.0.0/8', 'fd00::/8')"), [0, 2]);
    assert_eq!(expr("CidrMatches(addr, cidr('192.168.0.0/16'))"), [1]);
    // The last row has no address: dropped, whatever the rest of the expression says.
    assert_eq!(expr("not (addr in cidr('10.0.0.0/8'))"), [1, 2]);
    assert_eq!(expr("proc.comm == '' || addr in cidr('10.0.0.0/8')"), [0, 3]);
}

#[test]
fn absent_columns_are_empty() {
    assert_eq!(rules("container=x"), [] as [u32; 0]);
    assert_eq!(expr("container == '' and count == 0 and runtime.name == ''"), [0, 1, 2, 3]);
}

#[test]
fn parameters_of_one_data_source_come_on_top() {
    assert_eq!(select(&[("filter", "fd>0"), ("filter.open", "proc.pid==200")]), [1]);
    assert_eq!(select(&[("filter.open", "fd>0"), ("filter-expr.open", "proc.comm != 'cat'")]), [2]);
    assert_eq!(select(&[("filter.other", "nothing==1")]), [0, 1, 2, 3]);
}

#[test]
fn expressions_say_what_is_wrong_and_where() {
    assert_eq!(
        refused("filter-expr", "fd > 1 && comn == 'x'"),
        "--filter-expr: field \"comn\" not found in datasource \"open\", did you mean \"proc.comm\"?\n    \
         fd > 1 && comn == 'x'\n              ^^^^"
    );
    assert!(refused("filter-expr", "fd == '1'").contains("write the number without quotes"));
    assert!(refused("filter-expr", "proc.comm == 1").contains("write the string in quotes"));
    assert!(refused("filter-expr", "fd").contains("expected a condition, this is an integer"));
    assert!(refused("filter-expr", "!fd").contains("needs a condition"));
    assert!(refused("filter-expr", "failed < true").contains("has no order"));
    assert!(refused("filter-expr", "fd + 'a' == 1").contains("cannot calculate with a number and a string"));
    assert!(refused("filter-expr", "fname matches proc.comm").contains("in quotes"));
    assert!(refused("filter-expr", "fname matches '['").contains("invalid regular expression"));
    assert!(refused("filter-expr", "'a' in fname").contains("there is contains"));
    assert!(refused("filter-expr", "fd in 'abc'").contains("needs a list"));
    assert!(refused("filter-expr", "addr in cidr('10.0.0.0/99')").contains("not a network"));
    assert!(refused("filter-expr", "fd % 0 == 1").contains("division by zero"));
    assert!(refused("filter-expr", "length(fname) == 1").contains("there is no function length"));
    assert!(refused("filter-expr", "lenn(fname) == 1").contains("did you mean len?"));
    assert!(refused("filter-expr", "runtime == ''").contains("group of fields: runtime.name"));
}

#[test]
fn rows_at_odd_places_and_a_selection_before() {
    let mut host = host();
    let mut filter = host.init::<Filter>(&[("filter", "fname~^/etc")]).unwrap();
    let rows = ["/etc/a", "/usr/b", "/etc/c", "/etc/d"].map(|name| row("x", 1, 1, 1, 0.0, 0, name));
    let mut batch = host.batch(0).rows(rows).scattered().select(&[3, 1, 0]).build();
    filter.batch(&mut batch).unwrap();
    assert_eq!(batch.selected(), [3, 0]);
    assert_eq!(host.wanted(), ["fname"]);
}
