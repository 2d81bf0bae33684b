//! Keeps files below a folder: ig run trace_open --wasm-operator build/{{name}}.wasm,prefix=/etc/

use ig_operator::{Batch, Field, Init, Operator, Result};

struct Filter {
    path: Field<[u8]>,
    prefix: Vec<u8>,
}

impl Operator for Filter {
    /// Called once. What is looked up here is what the host fills in; a field that is not there ends the run.
    fn init(init: &mut Init) -> Result<Self> {
        Ok(Filter { path: init.field("fname")?, prefix: init.param("prefix").unwrap_or("/etc/").into() })
    }

    /// Called for each batch: some rows, some hundreds.
    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let path = batch.read(&self.path)?;
        batch.retain(|row| path.starts_with(row, &self.prefix));
        Ok(())
    }
}

ig_operator::manifest!(include_str!("../manifest.json"));
ig_operator::export!(Filter);

#[cfg(test)]
mod tests {
    use super::*;
    use ig_operator::testing::Host;
    use ig_operator::Kind;

    #[test]
    fn keeps_what_is_below_the_folder() {
        let mut host = Host::new();
        let open = host.source("open", 24);
        host.field(open, "fname", Kind::CString, 0, 24);
        let mut filter = host.init::<Filter>(&[("prefix", "/etc/")]).unwrap();
        let mut batch = host.batch(open).rows(["/etc/passwd", "/tmp/x", "/etc"]).build();
        filter.batch(&mut batch).unwrap();
        assert_eq!(batch.selected(), [0]);
    }
}
