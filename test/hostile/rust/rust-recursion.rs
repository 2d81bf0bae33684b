//! Recurses without end over its stack in linear memory.
use ig_operator::{Batch, Init, Operator, Result};
use std::hint::black_box;

struct Recursion;

#[allow(unconditional_recursion)]
fn deeper(above: &[u8; 4096]) -> u32 {
    let here = black_box([above[0].wrapping_add(1); 4096]);
    deeper(&here).wrapping_add(black_box(&here)[7] as u32)
}

impl Operator for Recursion {
    fn init(_: &mut Init) -> Result<Self> {
        Ok(Recursion)
    }

    fn batch(&mut self, _: &mut Batch) -> Result<()> {
        black_box(deeper(&[0; 4096]));
        Ok(())
    }
}

ig_operator::export!(Recursion);
