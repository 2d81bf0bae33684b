//! Panics in every batch, with a message that would break a terminal.
use ig_operator::{Batch, Init, Operator, Result};

struct Panic;

impl Operator for Panic {
    fn init(_: &mut Init) -> Result<Self> {
        Ok(Panic)
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        panic!("\x1b[2J\rig: all {} rows are lost", batch.selected());
    }
}

ig_operator::export!(Panic);
