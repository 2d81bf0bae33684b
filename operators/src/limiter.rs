//! The operator `limiter`: at most so many rows of each snapshot.
//!
//! Parameters: `max-entries` (-1: no limit), `max-entries.NAME` for one data source. Data sources of single events are
//! not limited. A snapshot that comes in parts has one limit.

use ig_operator::{Batch, Error, Init, Operator, PerSource, Result, SourceType};

pub struct Limiter {
    limits: PerSource<Limit>,
}

struct Limit {
    rows: usize,
    /// Of the snapshot at hand.
    left: usize,
}

impl Operator for Limiter {
    fn init(init: &mut Init) -> Result<Self> {
        let limits = init.per_source(|source| {
            let own = format!("max-entries.{}", source.name());
            let key = if init.param(&own).is_some() { &own } else { "max-entries" };
            let limit: i64 = match init.param(key).unwrap_or("").trim() {
                "" => -1,
                text => text.parse().map_err(|_| Error::invalid(format!("--{key}: {text:?} is not a number")))?,
            };
            let rows = usize::try_from(limit).ok().filter(|_| source.source_type() == SourceType::Array);
            Ok(rows.map(|rows| Limit { rows, left: rows }))
        })?;
        Ok(Limiter { limits })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        if let Some(limit) = self.limits.get_mut(batch) {
            if batch.begins() {
                limit.left = limit.rows;
            }
            batch.truncate(limit.left);
            limit.left -= batch.selected();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ig_operator::testing::Host;

    /// Which of five rows of an array and of a single data source are left.
    fn left(params: &[(&str, &str)]) -> [usize; 2] {
        let mut host = Host::new();
        let sources = [host.array_source("processes", 4), host.source("open", 4)];
        let mut limiter = host.init::<Limiter>(params).unwrap();
        sources.map(|source| {
            let mut batch = host.batch(source).rows([[0; 4]; 5]).build();
            limiter.batch(&mut batch).unwrap();
            batch.selected().len()
        })
    }

    #[test]
    fn limits_snapshots_and_not_events() {
        assert_eq!(left(&[]), [5, 5]);
        assert_eq!(left(&[("max-entries", "-1")]), [5, 5]);
        assert_eq!(left(&[("max-entries", "3")]), [3, 5]);
        assert_eq!(left(&[("max-entries", "0")]), [0, 5]);
        assert_eq!(left(&[("max-entries", "9")]), [5, 5]);
    }

    #[test]
    fn a_data_source_can_have_its_own_limit() {
        assert_eq!(left(&[("max-entries", "3"), ("max-entries.processes", "1")]), [1, 5]);
        assert_eq!(left(&[("max-entries.open", "1")]), [5, 5]);
    }

    #[test]
    fn keeps_the_first_in_the_order_of_a_sort_before() {
        let mut host = Host::new();
        let source = host.array_source("processes", 4);
        let mut limiter = host.init::<Limiter>(&[("max-entries", "2")]).unwrap();
        let mut batch = host.batch(source).rows([[0; 4]; 4]).select(&[3, 1, 0]).build();
        limiter.batch(&mut batch).unwrap();
        assert_eq!(batch.selected(), [3, 1]);
    }

    #[test]
    fn parts_of_a_snapshot_have_one_limit() {
        let mut host = Host::new();
        let source = host.array_source("processes", 4);
        let mut limiter = host.init::<Limiter>(&[("max-entries", "7")]).unwrap();
        let mut left = |continued, more| {
            let mut batch = host.batch(source).rows([[0; 4]; 5]).part(continued, more).build();
            limiter.batch(&mut batch).unwrap();
            batch.selected().len()
        };
        assert_eq!([left(false, true), left(true, true), left(true, false), left(false, false)], [5, 2, 0, 5]);
    }

    #[test]
    fn refuses_what_is_no_number() {
        let mut host = Host::new();
        host.array_source("processes", 4);
        let error = host.init::<Limiter>(&[("max-entries", "many")]).err().unwrap();
        assert_eq!(error.message, "--max-entries: \"many\" is not a number");
    }
}
