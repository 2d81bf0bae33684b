//! u32 fields whose text depends on the number alone (and the side tables): errors, signals, modes, flags, users.

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

impl Job for Lookup {
    fn run(&mut self, batch: &mut Batch, names: &Names) -> Result<()> {
        let raw = batch.read(&self.raw)?;
        let mut out = batch.write(&self.out)?;
        let text = self.text;
        self.memo.reset();
        for row in batch.rows() {
            let number = raw.get(row);
            out.set(row, self.memo.get(batch, number, |to| text(number, names, to))?);
        }
        Ok(())
    }
}
