//! Emits rows until they are not taken, and fails then.
use ig_operator::{Batch, Cell, Emitter, Init, NewField, NewSource, Operator, Result};

struct Flood {
    output: Emitter,
    number: Cell<u64>,
}

impl Operator for Flood {
    fn init(init: &mut Init) -> Result<Self> {
        let mut source = NewSource::new("evil");
        let number = source.number(NewField::new("number"));
        Ok(Flood { output: init.add_source(&source)?, number })
    }

    fn batch(&mut self, _: &mut Batch) -> Result<()> {
        loop {
            for number in 0..50_000 {
                self.output.row().set(self.number, number);
            }
            self.output.flush()?;
        }
    }
}

ig_operator::export!(Flood);
