//! Says at the end which program made most events, and for how long it counted. Built for WASI, so the standard library works: a
//! clock, random hashes, and `println!`, whose lines become ig's log.
//!
//!     cargo build --release --target wasm32-wasip1
//!     ig run trace_open -o none --wasm-operator target/wasm32-wasip1/release/busiest.wasm

use ig_operator::{Batch, Field, Init, Operator, Result};
use std::collections::HashMap;
use std::time::Instant;

struct Busiest {
    comm: Field<[u8]>,
    counts: HashMap<Vec<u8>, u64>,
    since: Instant,
}

impl Operator for Busiest {
    fn init(init: &mut Init) -> Result<Self> {
        Ok(Busiest { comm: init.field("proc.comm")?, counts: HashMap::new(), since: Instant::now() })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let comm = batch.read(&self.comm)?;
        for row in batch.rows() {
            match self.counts.get_mut(comm.get(row)) {
                Some(count) => *count += 1,
                None => drop(self.counts.insert(comm.get(row).to_vec(), 1)),
            }
        }
        Ok(())
    }

    fn stop(&mut self, _batch: &mut Batch) -> Result<()> {
        if let Some((comm, count)) = self.counts.iter().max_by_key(|(_, count)| **count) {
            let comm = String::from_utf8_lossy(comm);
            println!("{comm} was busiest: {count} events in {:.1} s", self.since.elapsed().as_secs_f64());
        }
        Ok(())
    }
}

ig_operator::manifest!(
    r#"{"operators": [{
        "name": "busiest",
        "version": "1.0.0",
        "description": "Says at the end which program made most events",
        "kind": "aggregate"
    }]}"#
);
ig_operator::export!(Busiest);
