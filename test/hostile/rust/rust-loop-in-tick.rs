//! Waits in `ig_tick` for what nobody will do.
use ig_operator::{Batch, Init, Operator, Result};
use std::sync::atomic::{AtomicBool, Ordering};

static DONE: AtomicBool = AtomicBool::new(false);

struct Waits;

impl Operator for Waits {
    fn init(_: &mut Init) -> Result<Self> {
        Ok(Waits)
    }

    fn tick(&mut self, _: &mut Batch) -> Result<()> {
        while !DONE.load(Ordering::Acquire) {
            std::hint::spin_loop();
        }
        Ok(())
    }
}

ig_operator::export!(Waits);
