//! Arguments of programs: one text with U+00A0 (no-break space) between them instead of NULs.
//!
//! The fields meant are those whose annotation `formatters.args` names the sibling that says how many bytes are used, and, as
//! Inspektor Gadget's trace_exec has no such annotation, a text field named `args` that has a sibling `args_size`.

use super::users::Names;
use super::Job;
use ig_operator::{Batch, Column, DataSource, Field, FieldInfo, Kind, Result};

const SEPARATOR: &[u8] = "\u{a0}".as_bytes();

struct Args {
    raw: Field<[u8]>,
    size: Field<u32>,
    /// Bytes of the field in the row.
    most: usize,
    out: Column<str>,
}

pub fn jobs(source: &DataSource, jobs: &mut Vec<Box<dyn Job>>) -> Result<()> {
    for raw in source.fields().filter(|field| field.kind() == Kind::CString && !field.is_array() && field.slot().is_none()) {
        let sibling = raw.annotation("formatters.args").or((raw.leaf() == "args").then_some("args_size"));
        let Some(size) = sibling.and_then(|name| find_sibling(&raw, name)) else { continue };
        let Ok(size) = size.handle() else { continue };
        jobs.push(Box::new(Args { raw: raw.handle()?, size, most: raw.size() as usize, out: raw.override_with()? }));
    }
    Ok(())
}

fn find_sibling<'t>(field: &FieldInfo<'t>, name: &str) -> Option<FieldInfo<'t>> {
    let parent = |field: &FieldInfo| field.parent().map(|parent| parent.id());
    field.source().fields().find(|one| one.leaf() == name && parent(one) == parent(field))
}

impl Job for Args {
    fn run(&mut self, batch: &mut Batch, _: &Names) -> Result<()> {
        let (raw, size) = (batch.read(&self.raw)?, batch.read(&self.size)?);
        let mut out = batch.write(&self.out)?;
        for row in batch.rows() {
            let (from, _) = raw.raw(row);
            // SAFETY: the field has `most` bytes in the row.
            let field = unsafe { std::slice::from_raw_parts(from, self.most) };
            let used = &field[..(size.get(row) as usize).min(self.most)];
            let text = used.strip_suffix(&[0]).unwrap_or(used);
            let separators = text.iter().filter(|byte| **byte == 0).count();
            let view = batch.put_with(text.len() + separators * (SEPARATOR.len() - 1), |to| {
                let mut at = 0;
                for part in text.split_inclusive(|byte| *byte == 0) {
                    let (word, separator) = match part.split_last() {
                        Some((0, word)) => (word, SEPARATOR),
                        _ => (part, &b""[..]),
                    };
                    to[at..at + word.len()].copy_from_slice(word);
                    at += word.len();
                    to[at..at + separator.len()].copy_from_slice(separator);
                    at += separator.len();
                }
                at
            })?;
            out.set(row, view);
        }
        Ok(())
    }
}
