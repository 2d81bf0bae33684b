//! Keeps more in every batch, until its memory has no more.
use ig_operator::{Batch, Init, Operator, Result};
use std::hint::black_box;

struct Hoards {
    kept: Vec<Vec<u8>>,
}

impl Operator for Hoards {
    fn init(_: &mut Init) -> Result<Self> {
        Ok(Hoards { kept: Vec::new() })
    }

    fn batch(&mut self, _: &mut Batch) -> Result<()> {
        loop {
            self.kept.push(black_box(vec![1; 1 << 20]));
        }
    }
}

ig_operator::export!(Hoards);
