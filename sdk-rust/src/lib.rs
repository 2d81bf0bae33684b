//! Operators for `ig` in Rust.
//!
//! An operator is a type that implements [`Operator`]; the host hands it *batches* of records. It looks its fields up
//! once, in [`Operator::init`], and then loads values straight from the records: no decoding, no copy, no allocation
//! per row. The contract underneath is `docs/operator-abi.md`; this crate is a safe face of it and has no dependencies.
//!
//! ```
//! use ig_operator::{Batch, Field, Init, Operator, Result};
//!
//! /// Keeps the events of one process.
//! struct OnlyPid {
//!     pid: u32,
//!     field: Field<u32>,
//! }
//!
//! impl Operator for OnlyPid {
//!     fn init(init: &mut Init) -> Result<Self> {
//!         Ok(OnlyPid { pid: init.param_or("pid", 1)?, field: init.field("proc.pid")? })
//!     }
//!
//!     fn batch(&mut self, batch: &mut Batch) -> Result<()> {
//!         let pid = batch.read(&self.field)?;
//!         batch.retain(|row| pid.get(row) == self.pid);
//!         Ok(())
//!     }
//! }
//!
//! ig_operator::manifest!(r#"{"operators": [{"name": "only-pid", "params": [{"key": "pid", "default": "1"}]}]}"#);
//! ig_operator::export!(OnlyPid);
//! # fn main() {}
//! ```
//!
//! Build with `crate-type = ["cdylib"]` and `cargo build --release --target wasm32-unknown-unknown`.
//! For tests on the machine itself there is [`testing`].
#![deny(missing_docs)]

pub mod abi;
mod batch;
mod column;
mod emit;
mod error;
mod export;
mod field;
mod init;
mod log;
mod map;
mod metric;
mod read;
#[doc(hidden)]
pub mod runtime;
mod source;
mod table;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use batch::{Batch, Row, Rows};
pub use column::{Column, ColumnValue, Fixed, View, Views};
pub use emit::{Cell, EmittedRow, Emitter, NewSource, TextCell};
pub use error::{Errno, Error, Result};
pub use field::{Field, Kind, Scalar, Value};
pub use init::{Init, NewField, PerSource};
pub use log::{log, Level};
pub use map::{BpfMap, Update};
pub use metric::{Counter, Gauge, Histogram};
pub use read::{Bytes, RawColumn, Scalars};
pub use source::{DataSource, FieldInfo, SourceType};
pub use table::{Change, SideTable};

/// An operator: one value per run of a gadget, called with one batch at a time.
///
/// Every method but [`init`](Operator::init) has a default that does nothing.
pub trait Operator: Sized + 'static {
    /// Finds fields, adds others, reads parameters. An error ends the run before it starts, with its message.
    fn init(init: &mut Init) -> Result<Self>;

    /// Processes a batch in place: narrow or reorder the selection, fill the operator's own columns, write output.
    /// An error means that the operator failed on this batch; `onError` of its manifest says what happens then.
    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let _ = batch;
        Ok(())
    }

    /// Called once before the first batch, without rows. A format operator may write a header.
    fn start(&mut self, batch: &mut Batch) -> Result<()> {
        let _ = batch;
        Ok(())
    }

    /// Called about once a second, without rows.
    fn tick(&mut self, batch: &mut Batch) -> Result<()> {
        let _ = batch;
        Ok(())
    }

    /// The last call, without rows. A format operator may write what it still holds.
    fn stop(&mut self, batch: &mut Batch) -> Result<()> {
        let _ = batch;
        Ok(())
    }

    /// What another build of this operator needs to go on where this one ends (`ig run --watch`); at most 4 MiB. `None`: nothing,
    /// then `stop` is called here and `start` there.
    fn save(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// What `save` of another build returned, after `init` and in the place of `start`. Check it as you would a stranger's; an
    /// error means that this build begins without.
    fn restore(&mut self, state: &[u8]) -> Result<()> {
        let _ = state;
        Err(Errno::NOSYS.into())
    }

    /// One change of a side table; `table` is its index in the manifest's `tables`.
    fn table(&mut self, table: usize, change: Change) -> Result<()> {
        let _ = (table, change);
        Ok(())
    }
}
