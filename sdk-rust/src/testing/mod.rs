//! A host in the test's own process: schema, parameters, batches; for `cargo test`, without WebAssembly.
//!
//! ```
//! use ig_operator::testing::Host;
//! use ig_operator::{Batch, Column, Init, Kind, NewField, Operator, Result};
//!
//! struct Double(Column<u32>, ig_operator::Field<u32>);
//! impl Operator for Double {
//!     fn init(init: &mut Init) -> Result<Self> {
//!         let source = init.data_source("open").unwrap();
//!         Ok(Double(source.add(&NewField::new("double"))?, source.field("fd")?))
//!     }
//!     fn batch(&mut self, batch: &mut Batch) -> Result<()> {
//!         let fd = batch.read(&self.1)?;
//!         let mut double = batch.write(&self.0)?;
//!         batch.rows().for_each(|row| double.set(row, fd.get(row) * 2));
//!         Ok(())
//!     }
//! }
//!
//! let mut host = Host::new();
//! let open = host.source("open", 8);
//! host.field(open, "fd", Kind::Uint32, 4, 4);
//! let mut operator = host.init::<Double>(&[]).unwrap();
//! let mut batch = host.batch(open).rows([[0, 0, 0, 0, 21, 0, 0, 0]]).build();
//! operator.batch(&mut batch).unwrap();
//! assert_eq!(batch.u64("double", 0), 42);
//! ```

mod batch;
mod host;
pub(crate) mod imports;
mod msgpack;
mod recording;
mod world;

pub use batch::{BatchBuilder, TestBatch};
pub use host::{FieldSpec, Host, SourceSpec, TestOperator};
pub use recording::Recording;
pub use world::{Metric, TestMap, TestRow};
