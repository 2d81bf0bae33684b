//! Texts of numbers that come again and again, each put into a batch once.

use ig_operator::{Batch, Result, View};

const BITS: u32 = 6;
const SIZE: usize = 1 << BITS;

/// A direct-mapped cache from numbers to views of one batch.
pub struct Memo {
    keys: [u64; SIZE],
    views: [View; SIZE],
    filled: u64,
    text: String,
}

impl Memo {
    pub fn new() -> Self {
        Memo { keys: [0; SIZE], views: [View::default(); SIZE], filled: 0, text: String::new() }
    }

    /// Forgets the batch before.
    pub fn reset(&mut self) {
        self.filled = 0;
    }

    /// The view of `key`'s text, which `write` appends to the string it gets.
    #[inline(always)]
    pub fn get(&mut self, batch: &mut Batch, key: u64, write: impl FnOnce(&mut String)) -> Result<View> {
        let slot = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - BITS)) as usize;
        if self.filled >> slot & 1 == 1 && self.keys[slot] == key {
            return Ok(self.views[slot]);
        }
        self.fill(batch, slot, key, write)
    }

    #[inline(never)]
    fn fill(&mut self, batch: &mut Batch, slot: usize, key: u64, write: impl FnOnce(&mut String)) -> Result<View> {
        self.text.clear();
        write(&mut self.text);
        let view = batch.put(self.text.as_bytes())?;
        self.filled |= 1 << slot;
        (self.keys[slot], self.views[slot]) = (key, view);
        Ok(view)
    }
}
