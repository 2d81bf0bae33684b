//! What a gadget appended to its records: bytes behind the struct, such as a packet.
//!
//! The data source's annotation `ebpf.rest.name` names the field that they become, `ebpf.rest.len` a u32 of the record that
//! says how many of them count (the kernel may pad a record); without it all do.

use super::users::Names;
use super::{target, Job};
use ig_operator::{Batch, Column, DataSource, Errno, Field, NewField, Result};

struct Rest {
    size: Option<Field<u32>>,
    out: Column<[u8]>,
}

pub fn jobs(source: &DataSource, jobs: &mut Vec<Box<dyn Job>>) -> Result<()> {
    let Some(name) = source.annotation("ebpf.rest.name").filter(|name| !name.is_empty()) else { return Ok(()) };
    let size = match source.annotation("ebpf.rest.len").filter(|name| !name.is_empty()) {
        None => None,
        Some(size) => Some(source.field(size)?),
    };
    match source.add::<[u8]>(&target::plain(NewField::new(name))) {
        Ok(out) => jobs.push(Box::new(Rest { size, out })),
        // A gadget may have the bytes in its record.
        Err(error) if error.errno == Errno::EXIST => ig_operator::debug!("{name}: {error}"),
        Err(error) => return Err(error),
    }
    Ok(())
}

impl Job for Rest {
    fn run(&mut self, batch: &mut Batch, _: &Names) -> Result<()> {
        let size = self.size.as_ref().map(|size| batch.read(size)).transpose()?;
        let mut out = batch.write(&self.out)?;
        for row in batch.rows() {
            let rest = batch.rest(row);
            out.set(row, size.map_or(rest, |size| rest.first(size.get(row) as usize)));
        }
        Ok(())
    }
}
