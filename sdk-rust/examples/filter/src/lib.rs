//! A filter on two fields: keeps the opens of files below `prefix`, of process `pid` if that is given.
//!
//!     ig run trace_open --wasm-operator rust-filter.wasm,prefix=/etc

use ig_operator::{Batch, Field, Init, Operator, Result};

struct Filter {
    prefix: Vec<u8>,
    /// 0: any.
    pid: u32,
    fname: Field<[u8]>,
    proc_pid: Field<u32>,
}

impl Operator for Filter {
    fn init(init: &mut Init) -> Result<Self> {
        Ok(Filter {
            prefix: init.param("prefix").unwrap_or("/").into(),
            pid: init.param_or("pid", 0)?,
            fname: init.field("fname")?,
            proc_pid: init.field("proc.pid")?,
        })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let fname = batch.read(&self.fname)?;
        let pid = batch.read(&self.proc_pid)?;
        batch.retain(|row| (self.pid == 0 || pid.get(row) == self.pid) && fname.starts_with(row, &self.prefix));
        Ok(())
    }
}

ig_operator::manifest!(
    r#"{
        "operators": [{
            "name": "rust-filter",
            "version": "1.0.0",
            "description": "Keeps opens of files below a directory, of one process if wanted",
            "kind": "filter",
            "params": [
                {"key": "prefix", "description": "what names of files start with", "default": "/"},
                {"key": "pid", "description": "process, 0 for all", "default": "0"}
            ]
        }]
    }"#
);
ig_operator::export!(Filter);

#[cfg(test)]
mod tests {
    use super::*;
    use ig_operator::testing::Host;
    use ig_operator::Kind;

    #[test]
    fn keeps_what_is_below_the_prefix() {
        let mut host = Host::new();
        let open = host.source("open", 24);
        host.field(open, "proc.pid", Kind::Uint32, 0, 4);
        host.field(open, "fname", Kind::CString, 4, 20);
        let mut filter = host.init::<Filter>(&[("prefix", "/etc"), ("pid", "7")]).unwrap();
        let rows = ["\x07\0\0\0/etc/passwd", "\x07\0\0\0/tmp/x", "\x08\0\0\0/etc/hosts", "\x07\0\0\0/etc"];
        let mut batch = host.batch(open).rows(rows).build();
        filter.batch(&mut batch).unwrap();
        assert_eq!(batch.selected(), [0, 3]);
    }
}
