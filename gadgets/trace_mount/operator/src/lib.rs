//! Writes each call as a program would: `mount("tmpfs", "/mnt", "tmpfs", MS_NOSUID, "size=1m") = 0`.

use ig_operator::{Batch, Column, Field, Init, NewField, Operator, Result};
use std::fmt::Write;

const UMOUNT: u32 = 1;
/// umount2(2)'s flags: others than mount(2)'s, with the same numbers.
const UMOUNT_FLAGS: [(u64, &str); 4] = [(1, "MNT_FORCE"), (2, "MNT_DETACH"), (4, "MNT_EXPIRE"), (8, "UMOUNT_NOFOLLOW")];

struct Mount {
    op: Field<u32>,
    src: Field<[u8]>,
    dest: Field<[u8]>,
    fs: Field<[u8]>,
    data: Field<[u8]>,
    flags: Field<[u8]>,
    flags_raw: Field<u64>,
    error: Field<u32>,
    corrected: Column<str>,
    call: Column<str>,
    text: String,
}

fn umount_flags(flags: u64) -> String {
    let set: Vec<_> = UMOUNT_FLAGS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect();
    set.join("|")
}

impl Operator for Mount {
    fn init(init: &mut Init) -> Result<Self> {
        let source = init.data_source("mount").ok_or_else(|| ig_operator::Error::invalid("there is no data source mount"))?;
        let flags = source.find("flags").ok_or_else(|| ig_operator::Error::invalid("mount has no field flags"))?;
        Ok(Mount {
            op: source.field("op_raw")?,
            src: source.field("src")?,
            dest: source.field("dest")?,
            fs: source.field("fs")?,
            data: source.field("data")?,
            flags: source.field("flags")?,
            flags_raw: source.field("flags_raw")?,
            error: source.field("error_raw")?,
            corrected: flags.override_with()?,
            call: source
                .add(&NewField::new("call").annotation("columns.alignment", "left").annotation("columns.ellipsis", "end"))?,
            text: String::new(),
        })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let (op, error, flags_raw) = (batch.read(&self.op)?, batch.read(&self.error)?, batch.read(&self.flags_raw)?);
        let (src, dest, fs) = (batch.read(&self.src)?, batch.read(&self.dest)?, batch.read(&self.fs)?);
        let (data, flags) = (batch.read(&self.data)?, batch.read(&self.flags)?);
        let (mut corrected, mut call) = (batch.write(&self.corrected)?, batch.write(&self.call)?);
        for row in batch.rows() {
            self.text.clear();
            let (dest, error) = (dest.text(row), error.get(row));
            if op.get(row) == UMOUNT {
                let flags = umount_flags(flags_raw.get(row));
                let _ = write!(self.text, "umount(\"{dest}\", \"{flags}\") = {error}");
                corrected.set(row, batch.put(flags.as_bytes())?);
            } else {
                let (src, fs, data, flags) = (src.text(row), fs.text(row), data.text(row), flags.text(row));
                let _ = write!(self.text, "mount(\"{src}\", \"{dest}\", \"{fs}\", {flags}, \"{data}\") = {error}");
                corrected.set(row, batch.put(flags.as_bytes())?);
            }
            call.set(row, batch.put(self.text.as_bytes())?);
        }
        Ok(())
    }
}

ig_operator::manifest!(
    r#"{
        "operators": [{
            "name": "trace-mount",
            "version": "0.1.0",
            "description": "Writes each call of mount and umount as a program would",
            "kind": "enrich",
            "dataSources": ["mount"],
            "fields": ["op_raw", "src", "dest", "fs", "data", "flags", "flags_raw", "error_raw"],
            "adds": ["call"]
        }]
    }"#
);
ig_operator::export!(Mount);
