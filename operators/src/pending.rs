//! Holds a place.

use ig_operator::{Init, Operator, Result};

/// Does nothing.
pub struct Pending;

impl Operator for Pending {
    fn init(_: &mut Init) -> Result<Self> {
        Ok(Pending)
    }
}
