//! Batches: reading, selecting, writing, and refusing what is malformed.

use ig_operator::abi::header;
use ig_operator::testing::{Host, TestBatch, TestOperator};
use ig_operator::{Batch, Change, Column, Errno, Field, Init, Kind, NewField, Operator, Result};
use std::cell::RefCell;

type Step = Box<dyn FnMut(&mut Probe, &mut Batch) -> Result<()>>;

thread_local! {
    /// What the next `Probe` does with a batch.
    static STEP: RefCell<Option<Step>> = const { RefCell::new(None) };
}

struct Probe {
    pid: Field<u32>,
    comm: Field<[u8]>,
    raw: Field<[u8]>,
    note: Field<[u8]>,
    flag: Field<bool>,
    twice: Column<u64>,
    shout: Column<str>,
    changes: Vec<(Option<u32>, Option<Vec<u8>>)>,
}

impl Operator for Probe {
    fn init(init: &mut Init) -> Result<Self> {
        let source = init.data_source("events").unwrap();
        Ok(Probe {
            pid: init.field("PROC.PID")?,
            comm: init.field("proc.comm")?,
            raw: init.field("proc")?,
            note: init.field("note")?,
            flag: init.field("flag")?,
            twice: source.add(&NewField::new("twice").parent(Some(0)).annotation("columns.width", "9"))?,
            shout: source.add(&NewField::new("shout").hidden(true).tag("loud"))?,
            changes: Vec::new(),
        })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let mut step = STEP.with(|step| step.borrow_mut().take()).expect("a step");
        step(self, batch)
    }

    fn table(&mut self, _: usize, change: Change) -> Result<()> {
        self.changes.push((change.key_u32(), change.value().map(<[u8]>::to_vec)));
        Ok(())
    }
}

fn host() -> (Host, TestOperator) {
    let mut host = Host::new();
    host.source("other", 4);
    let events = host.source("events", 24);
    host.field(events, "proc", Kind::Bytes, 0, 16);
    host.field(events, "proc.comm", Kind::CString, 0, 12);
    host.field(events, "proc.pid", Kind::Uint32, 12, 4);
    host.field(events, "flag", Kind::Bool, 16, 1);
    host.column(events, "note", Kind::String);
    let probe = host.init::<Probe>(&[]).unwrap();
    (host, probe)
}

fn row(comm: &str, pid: u32) -> Vec<u8> {
    let mut row = comm.as_bytes().to_vec();
    row.resize(12, 0);
    row.extend(pid.to_le_bytes());
    row.push(pid as u8);
    row
}

fn run(
    probe: &mut TestOperator,
    batch: &mut TestBatch,
    step: impl FnMut(&mut Probe, &mut Batch) -> Result<()> + 'static,
) -> Result<()> {
    STEP.with(|slot| *slot.borrow_mut() = Some(Box::new(step)));
    probe.batch(batch)
}

#[test]
fn reads_rows_and_columns() {
    let (host, mut probe) = host();
    let rows = [row("bash", 1), row("twelve bytes", 2), row("", 3)];
    for scattered in [false, true] {
        let builder = host.batch(1).rows(&rows).values("note", ["x", "", "long note"]);
        let mut batch = if scattered { builder.scattered().build() } else { builder.build() };
        run(&mut probe, &mut batch, |probe, batch| {
            let (pid, comm, raw) = (batch.read(&probe.pid)?, batch.read(&probe.comm)?, batch.read(&probe.raw)?);
            let (note, flag) = (batch.read(&probe.note)?, batch.read(&probe.flag)?);
            let rows: Vec<_> = batch.rows().collect();
            assert_eq!(rows.iter().map(|row| pid.get(*row)).collect::<Vec<_>>(), [1, 2, 3]);
            assert_eq!(rows.iter().map(|row| comm.text(*row)).collect::<Vec<_>>(), ["bash", "twelve bytes", ""]);
            assert_eq!(rows.iter().map(|row| note.get(*row).len()).collect::<Vec<_>>(), [1, 0, 9]);
            assert_eq!(rows.iter().map(|row| flag.get(*row)).collect::<Vec<_>>(), [true, false, false], "true is exactly 1");
            assert_eq!(raw.get(rows[0]).len(), 16);
            assert!(comm.is(rows[0], b"bash") && !comm.is(rows[0], b"bas") && !comm.is(rows[0], b"bash2"));
            assert!(comm.is(rows[1], b"twelve bytes") && comm.is(rows[2], b""));
            assert!(comm.starts_with(rows[0], b"ba") && comm.starts_with(rows[0], b"") && !comm.starts_with(rows[0], b"bash\0"));
            assert!(!note.is_absent() && note.starts_with(rows[2], b"long"));
            Ok(())
        })
        .unwrap();
    }
    let mut batch = host.batch(1).rows(&rows).build();
    run(&mut probe, &mut batch, |probe, batch| {
        let note = batch.read(&probe.note)?;
        assert!(note.is_absent() && batch.rows().all(|row| note.get(row).is_empty()));
        Ok(())
    })
    .unwrap();
}

#[test]
fn selects_sorts_and_cuts() {
    let (host, mut probe) = host();
    let rows: Vec<_> = (0..10).map(|i| row("x", i * 7 % 10)).collect();
    let mut batch = host.batch(1).rows(&rows).select(&[9, 8, 7, 5, 3, 1]).build();
    run(&mut probe, &mut batch, |probe, batch| {
        let pid = batch.read(&probe.pid)?;
        assert_eq!((batch.row_count(), batch.selected()), (10, 6));
        batch.retain(|row| row.index() != 5);
        batch.sort_by_key(|row| std::cmp::Reverse(pid.get(row)));
        batch.truncate(3);
        batch.truncate(7);
        Ok(())
    })
    .unwrap();
    assert_eq!(batch.selected(), [7, 1, 8]);
}

#[test]
fn writes_columns() {
    let (host, mut probe) = host();
    let mut batch = host.batch(1).rows([row("bash", 4), row("cat", 5), row("dog", 6)]).select(&[2, 0]).build();
    run(&mut probe, &mut batch, |probe, batch| {
        let (pid, comm) = (batch.read(&probe.pid)?, batch.read(&probe.comm)?);
        let (mut twice, mut shout) = (batch.write(&probe.twice)?, batch.write(&probe.shout)?);
        let shared = batch.put(b"SHARED")?;
        for row in batch.rows() {
            twice.set(row, pid.get(row) as u64 * 2);
            let own = batch.put_with(64, |to| {
                let name = comm.get(row).to_ascii_uppercase();
                to[..name.len()].copy_from_slice(&name);
                name.len()
            })?;
            shout.set(row, if row.index() == 0 { own } else { shared });
        }
        Ok(())
    })
    .unwrap();
    assert_eq!([batch.u64("proc.twice", 0), batch.u64("proc.twice", 1), batch.u64("proc.twice", 2)], [8, 0, 12]);
    assert_eq!([batch.text("shout", 0), batch.text("shout", 1), batch.text("shout", 2)], ["BASH", "", "SHARED"]);
    assert_eq!(host.get(1, "proc.twice").annotation("columns.width"), Some("9"));
    assert_eq!(host.get(1, "shout").tags, ["loud"]);
    assert_eq!(host.wanted(), ["proc.pid", "proc.comm", "proc", "note", "flag"]);
}

#[test]
fn a_full_heap_is_an_error() {
    let (host, mut probe) = host();
    let mut batch = host.batch(1).rows([row("a", 1)]).heap(40).build();
    run(&mut probe, &mut batch, |probe, batch| {
        batch.write(&probe.twice)?;
        batch.put(&[7; 30])?;
        assert_eq!(batch.put(&[7; 8]).unwrap_err().errno, Errno::NOSPC);
        assert_eq!(batch.write(&probe.shout).err().unwrap().errno, Errno::NOSPC);
        batch.put(&[7; 2])?;
        assert_eq!(batch.heap_free(), 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn batches_of_other_data_sources_have_no_such_field() {
    let (host, mut probe) = host();
    let mut batch = host.batch(0).rows([[1u8]]).build();
    run(&mut probe, &mut batch, |probe, batch| {
        assert!(!probe.pid.is_in(batch.source()));
        assert_eq!(batch.read(&probe.pid).err().unwrap().errno, Errno::NOENT);
        assert_eq!(batch.write(&probe.twice).err().unwrap().errno, Errno::NOENT);
        Ok(())
    })
    .unwrap();
}

#[test]
fn malformed_batches_are_refused() {
    let (host, mut probe) = host();
    let big = u32::MAX;
    let cases = [
        (header::MAGIC, 0),
        (header::DATA_SOURCE, 9),
        (header::CAPACITY, 64),
        (header::ROW_COUNT, big),
        (header::ROW_COUNT, 3_000),
        (header::STRIDE, big),
        (header::STRIDE, 0),
        (header::ROWS, big),
        (header::SELECTION, big),
        (header::SELECTED, 3),
        (header::COLUMNS, big),
        (header::COLUMN_COUNT, big),
        (header::HEAP, big),
        (header::HEAP_USED, big),
    ];
    for (at, value) in cases {
        let mut batch = host.batch(1).rows([row("a", 1), row("b", 2)]).heap(64).build();
        batch.set_word(at, value);
        let result = run(&mut probe, &mut batch, |_, _| panic!("opened"));
        assert_eq!(result.unwrap_err().errno, Errno::PROTO, "{at} = {value}");
    }
    let mut batch = host.batch(1).rows([row("a", 1), row("b", 2)]).select(&[0, 2]).build();
    assert_eq!(run(&mut probe, &mut batch, |_, _| panic!("opened")).unwrap_err().errno, Errno::PROTO);
}

#[test]
fn columns_that_leave_the_batch_are_refused() {
    let (host, mut probe) = host();
    let big = u32::MAX;
    for (word, value) in [(8, big), (12, big), (12, 1 << 20), (16, 8)] {
        let mut batch = host.batch(1).rows([row("a", 1), row("b", 2)]).values("note", ["x", "y"]).build();
        let at = batch.word(header::COLUMNS) as usize;
        batch.set_word(at + word, value);
        run(&mut probe, &mut batch, |probe, batch| {
            assert_eq!(batch.read(&probe.note).err().unwrap().errno, Errno::PROTO);
            Ok(())
        })
        .unwrap();
    }
    // A view that leaves the batch is empty.
    let mut batch = host.batch(1).rows([row("a", 1), row("b", 2)]).values("note", ["x", "y"]).build();
    let data = batch.word(batch.word(header::COLUMNS) as usize + 12) as usize;
    batch.set_word(data, u32::MAX);
    run(&mut probe, &mut batch, |probe, batch| {
        let note = batch.read(&probe.note)?;
        assert_eq!(batch.rows().map(|row| note.get(row).len()).collect::<Vec<_>>(), [0, 1]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn validity_says_which_rows_have_a_value() {
    let (host, mut probe) = host();
    let mut batch = host.batch(1).rows([row("a", 1), row("b", 2), row("c", 3)]).values("note", ["x", "y", "z"]).build();
    let heap = batch.word(header::HEAP);
    batch.set_word(heap as usize, 0b101);
    batch.set_word(batch.word(header::COLUMNS) as usize + 8, heap);
    run(&mut probe, &mut batch, |probe, batch| {
        let note = batch.read(&probe.note)?;
        assert_eq!(batch.rows().map(|row| note.text(row)).collect::<Vec<_>>(), ["x", "", "z"]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn side_tables() {
    let (host, mut probe) = host();
    probe.table(0, &[(7, Some("seven")), (8, None), (9, Some(""))]).unwrap();
    let mut batch = host.batch(1).build();
    run(&mut probe, &mut batch, |probe, _| {
        let changes = [(Some(7), Some(b"seven".to_vec())), (Some(8), None), (Some(9), Some(Vec::new()))];
        assert_eq!(probe.changes, changes);
        Ok(())
    })
    .unwrap();
}

/// As in the host's own memory, which has of text what the records had.
#[test]
fn text_may_be_cut_off() {
    struct Cut(Field<u32>, Field<[u8]>);
    impl Operator for Cut {
        fn init(init: &mut Init) -> Result<Self> {
            Ok(Cut(init.field("n")?, init.field("text")?))
        }
        fn batch(&mut self, batch: &mut Batch) -> Result<()> {
            let (n, text) = (batch.read(&self.0)?, batch.read(&self.1)?);
            let expected: &[u8] = &b"eleven more"[..batch.record_size() - 5];
            for row in batch.rows() {
                assert_eq!((n.get(row), text.get(row)), (7, expected));
                assert!(text.is(row, expected) && text.starts_with(row, expected) && !text.starts_with(row, b"eleven more!"));
                assert!(!text.is(row, b"eleven more!"));
            }
            Ok(())
        }
    }
    let mut host = Host::new();
    let source = host.source("texts", 30);
    host.field(source, "n", Kind::Uint32, 0, 4);
    host.field(source, "text", Kind::CString, 5, 25);
    let mut cut = host.init::<Cut>(&[]).unwrap();
    for size in [8, 16] {
        let rows = ["\x07\0\0\0\0eleven more"; 3];
        cut.batch(&mut host.batch(source).rows(rows).cut(size).build()).unwrap();
    }
}
