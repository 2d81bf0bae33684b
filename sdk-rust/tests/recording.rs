//! Recordings are played to operators natively, and damaged ones say where.

use ig_operator::testing::Recording;
use ig_operator::{Batch, Column, Field, Init, NewField, Operator, Result};

struct Twice {
    number: Field<u64>,
    comm: Field<[u8]>,
    twice: Column<u64>,
}

impl Operator for Twice {
    fn init(init: &mut Init) -> Result<Self> {
        let source = init.data_source("numbers").unwrap();
        let twice = source.add(&NewField::new("twice"))?;
        Ok(Twice { number: init.field("number")?, comm: init.field("comm")?, twice })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let (number, comm) = (batch.read(&self.number)?, batch.read(&self.comm)?);
        let mut twice = batch.write(&self.twice)?;
        batch.rows().for_each(|row| twice.set(row, 2 * number.get(row)));
        batch.retain(|row| !comm.is(row, b"comm-1"));
        Ok(())
    }
}

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/numbers.rec");

#[test]
fn plays_what_ig_recorded() {
    let recording = Recording::open(FILE).unwrap();
    assert_eq!(recording.row_count(), 6);
    let mut host = recording.host();
    let mut twice = host.init::<Twice>(&[]).unwrap();
    let mut seen = Vec::new();
    for mut batch in recording.batches(&host) {
        twice.batch(&mut batch).unwrap();
        for row in batch.selected() {
            seen.push((batch.u64("number", row as usize), batch.text("comm", row as usize), batch.u64("twice", row as usize)));
        }
    }
    let seen: Vec<_> = seen.iter().map(|(number, comm, twice)| (*number, comm.as_str(), *twice)).collect();
    assert_eq!(seen, [(0, "comm-0", 0), (2, "comm-2", 4), (3, "comm-0", 6), (5, "comm-2", 10)]);
}

#[test]
fn says_where_a_recording_is_damaged() {
    let whole = std::fs::read(FILE).unwrap();
    let error = |bytes: &[u8]| Recording::read(bytes).err().unwrap();
    assert_eq!(error(b"GIF89a"), "not a recording of version 1");
    assert!(error(&whole[..whole.len() - 1]).starts_with("ends inside of the frame at byte "));
    let mut flipped = whole.clone();
    flipped[40] ^= 1;
    assert_eq!(error(&flipped), "wrong checksum at byte 8");
}
