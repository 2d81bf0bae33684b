//! The operator `sort`: puts the rows of each snapshot in the order of some of their fields.
//!
//! Parameters: `sort`, names of fields joined by commas, the first the most important, `-` before those that go downwards;
//! `sort.NAME` for one data source. A snapshot that comes in parts is sorted part by part, and says so. Events come one by one and cannot be sorted: naming their data source is an error.

use crate::filter::input::resolve;
use crate::value::{Input, Reader};
use ig_operator::{Batch, DataSource, Error, Init, Operator, PerSource, Result, Row, SourceType};
use std::cmp::Ordering;

pub struct Sort {
    keys: PerSource<Vec<Key>>,
    warned: bool,
}

struct Key {
    input: Input,
    down: bool,
}

impl Operator for Sort {
    fn init(init: &mut Init) -> Result<Self> {
        Ok(Sort { keys: init.per_source(|source| keys(init, source))?, warned: false })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let Some(keys) = self.keys.get(batch) else { return Ok(()) };
        if !(batch.ends() || self.warned) {
            self.warned = true;
            ig_operator::warn!("--sort: a snapshot is too large to be sorted as a whole: it is sorted in parts");
        }
        let readers = keys.iter().map(|key| Ok((key.input.bind(batch)?, key.down))).collect::<Result<Vec<_>>>()?;
        batch.sort_by(|a, b| {
            for (reader, down) in &readers {
                match compare(reader, a, b) {
                    Ordering::Equal => {}
                    order if *down => return order.reverse(),
                    order => return order,
                }
            }
            Ordering::Equal
        });
        Ok(())
    }
}

fn keys(init: &Init, source: DataSource) -> Result<Option<Vec<Key>>> {
    let own = format!("sort.{}", source.name());
    let is_array = source.source_type() == SourceType::Array;
    let list = match init.param(&own) {
        Some(_) if !is_array => {
            let message = format!("--sort: data source {} has single events, which come one after the other; only snapshots can be sorted", source.name());
            return Err(Error::invalid(message));
        }
        Some(list) => list,
        None => init.param("sort").unwrap_or(""),
    };
    if !is_array || list.trim().is_empty() {
        return Ok(None);
    }
    let keys = list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(|name| {
        let (name, down) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
        let field = resolve(source, name).map_err(|message| Error::invalid(format!("--sort: {message}")))?;
        Ok(Key { input: Input::new(&field)?, down })
    });
    Ok(Some(keys.collect::<Result<_>>()?))
}

fn compare<'b>(reader: &Reader<'b>, a: Row<'b>, b: Row<'b>) -> Ordering {
    macro_rules! by {
        ($($kind:ident),*; $($float:ident),*) => {
            match reader {
                $(Reader::$kind(values) => values.get(a).cmp(&values.get(b)),)*
                $(Reader::$float(values) => values.get(a).total_cmp(&values.get(b)),)*
                Reader::CString(values) | Reader::Text(values) => values.get(a).cmp(values.get(b)),
            }
        };
    }
    by!(Bool, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64; Float32, Float64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ig_operator::testing::Host;
    use ig_operator::Kind;

    fn host() -> Host {
        let mut host = Host::new();
        for source in [host.array_source("processes", 16), host.source("open", 16)] {
            host.field(source, "pid", Kind::Uint32, 0, 4);
            host.field(source, "delta", Kind::Int32, 4, 4);
            host.field(source, "comm", Kind::CString, 8, 8);
        }
        host
    }

    fn order(params: &[(&str, &str)]) -> Result<Vec<u32>> {
        let mut host = host();
        let mut sort = host.init::<Sort>(params)?;
        let row = |pid: u32, delta: i32, comm: &str| {
            let mut row = [0; 16];
            row[..4].copy_from_slice(&pid.to_le_bytes());
            row[4..8].copy_from_slice(&delta.to_le_bytes());
            row[8..8 + comm.len()].copy_from_slice(comm.as_bytes());
            row
        };
        let rows = [row(3, -1, "b"), row(1, 5, "a"), row(3, -7, "a"), row(2, 0, "b")];
        let mut batch = host.batch(0).rows(rows).build();
        sort.batch(&mut batch)?;
        Ok(batch.selected())
    }

    #[test]
    fn by_several_keys_up_and_down() {
        assert_eq!(order(&[]).unwrap(), [0, 1, 2, 3]);
        assert_eq!(order(&[("sort", "pid")]).unwrap(), [1, 3, 0, 2]);
        assert_eq!(order(&[("sort", "-pid,delta")]).unwrap(), [2, 0, 3, 1]);
        assert_eq!(order(&[("sort", "comm, -PID")]).unwrap(), [2, 1, 0, 3]);
        assert_eq!(order(&[("sort.processes", "delta")]).unwrap(), [2, 0, 3, 1]);
    }

    #[test]
    fn says_what_cannot_be_sorted() {
        assert!(order(&[("sort", "pit")]).unwrap_err().message.contains("did you mean \"pid\"?"));
        assert!(order(&[("sort.open", "pid")]).unwrap_err().message.contains("only snapshots can be sorted"));
    }
}
