//! Logs a thousand lines for each row, each with a line break.
use ig_operator::{Batch, Init, Operator, Result};

struct Flood;

impl Operator for Flood {
    fn init(_: &mut Init) -> Result<Self> {
        Ok(Flood)
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        for line in 0..batch.selected() * 1000 {
            ig_operator::warn!("flood of line {line}\nand another one");
        }
        Ok(())
    }
}

ig_operator::export!(Flood);
