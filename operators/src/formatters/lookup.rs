//! Numbers whose text depends on them alone (and the side tables): errors, signals, modes, flags, users, enums, system calls.

use super::memo::Memo;
use super::users::Names;
use super::Job;
use ig_operator::{Batch, Column, Field, FieldInfo, NewField, Result};

/// Appends the text of a number.
pub type Text = fn(u32, &Names, &mut String);

struct Lookup {
    raw: Field<u32>,
    out: Column<str>,
    text: Text,
    memo: Memo,
}

/// Adds `field` beside `raw`, filled by `text`. Fields of other kinds than uint32 are left alone.
pub fn job(raw: &FieldInfo, field: NewField, text: Text, jobs: &mut Vec<Box<dyn Job>>) -> Result<()> {
    let handle = match raw.handle() {
        Ok(handle) => handle,
        Err(error) => {
            ig_operator::debug!("{error}");
            return Ok(());
        }
    };
    if let Some(out) = super::target::beside(raw, field)? {
        jobs.push(Box::new(Lookup { raw: handle, out, text, memo: Memo::new() }));
    }
    Ok(())
}

/// Appends the text of a number of any width.
pub type WideText = Box<dyn Fn(u64, &mut String)>;

/// A number of 1 to 8 bytes in the row.
struct Wide {
    raw: Field<[u8]>,
    out: Column<str>,
    text: WideText,
    memo: Memo,
}

/// Adds `field` beside `raw`, filled by `text`. Fields that are no number in the row are left alone.
pub fn wide(raw: &FieldInfo, field: NewField, text: WideText, jobs: &mut Vec<Box<dyn Job>>) -> Result<()> {
    if raw.is_array() || raw.slot().is_some() || !matches!(raw.size(), 1 | 2 | 4 | 8) {
        ig_operator::debug!("{} is no number in the row", raw.name());
        return Ok(());
    }
    let handle = raw.handle()?;
    if let Some(out) = super::target::beside(raw, field)? {
        jobs.push(Box::new(Wide { raw: handle, out, text, memo: Memo::new() }));
    }
    Ok(())
}

impl Job for Wide {
    fn run(&mut self, batch: &mut Batch, _: &Names) -> Result<()> {
        let raw = batch.read(&self.raw)?;
        let mut out = batch.write(&self.out)?;
        self.memo.reset();
        for row in batch.rows() {
            let bytes = raw.get(row);
            let mut number = [0; 8];
            number[..bytes.len()].copy_from_slice(bytes);
            let number = u64::from_le_bytes(number);
            out.set(row, self.memo.get(batch, number, |to| (self.text)(number, to))?);
        }
        Ok(())
    }
}

impl Job for Lookup {
    fn run(&mut self, batch: &mut Batch, names: &Names) -> Result<()> {
        let raw = batch.read(&self.raw)?;
        let mut out = batch.write(&self.out)?;
        let text = self.text;
        self.memo.reset();
        for row in batch.rows() {
            let number = raw.get(row);
            out.set(row, self.memo.get(batch, number.into(), |to| text(number, names, to))?);
        }
        Ok(())
    }
}
