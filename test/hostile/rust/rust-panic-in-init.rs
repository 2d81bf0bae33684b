//! Unwraps a field that there is not.
use ig_operator::{Field, Init, Operator, Result};

struct Unwraps {
    _field: Field<u32>,
}

impl Operator for Unwraps {
    fn init(init: &mut Init) -> Result<Self> {
        Ok(Unwraps { _field: init.field("no.such.field").unwrap() })
    }
}

ig_operator::export!(Unwraps);
