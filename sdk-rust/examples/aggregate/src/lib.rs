//! An aggregator: counts opens by command, or by another text, and emits the counts each second as a data source `opens`.
//!
//!     ig run trace_open --wasm-operator rust-aggregate.wasm -o json
//!     ig run trace_open --wasm-operator rust-aggregate.wasm,by=fname,events=true -o open:none,opens:columns

use ig_operator::{
    Batch, Cell, Counter, Emitter, Field, Init, NewField, NewSource, Operator, Result, TextCell,
};
use std::collections::HashMap;

/// Groups in one second; what comes after them is counted as `(other)`, so that memory has a bound.
const MOST_GROUPS: usize = 10_000;
const OTHER: &[u8] = b"(other)";

#[derive(Default)]
struct Counts {
    opens: u64,
    failed: u64,
}

struct Aggregate {
    by: Field<[u8]>,
    error: Field<u32>,
    /// Whether the opens themselves go on, too.
    events: bool,
    groups: HashMap<Vec<u8>, Counts>,
    output: Emitter,
    timestamp: Cell<u64>,
    name: TextCell,
    opens: Cell<u64>,
    failed: Cell<u64>,
    counted: Counter,
}

impl Operator for Aggregate {
    fn init(init: &mut Init) -> Result<Self> {
        let by = init.param("by").unwrap_or("proc.comm");
        let mut source = NewSource::new("opens").annotation("description", "Opens of each second");
        let timestamp = source.number(NewField::new("timestamp_raw").tag("type:gadget_timestamp").hidden(true));
        let name = source.text(NewField::new(by.rsplit('.').next().unwrap_or(by)).annotation("columns.width", "24"), 64);
        let opens = source.number(NewField::new("opens").annotation("columns.width", "10"));
        let failed = source.number(NewField::new("failed").annotation("columns.width", "10"));
        Ok(Aggregate {
            by: init.field(by)?,
            error: init.field("error_raw")?,
            events: init.param_or("events", false)?,
            groups: HashMap::new(),
            output: init.add_source(&source)?,
            timestamp,
            name,
            opens,
            failed,
            counted: init.counter("opens", "events")?,
        })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let by = batch.read(&self.by)?;
        let error = batch.read(&self.error)?;
        for row in batch.rows() {
            let counts = find(&mut self.groups, by.get(row));
            counts.opens += 1;
            counts.failed += (error.get(row) != 0) as u64;
        }
        self.counted.add(batch.selected() as u64);
        if !self.events {
            batch.truncate(0);
        }
        Ok(())
    }

    fn tick(&mut self, batch: &mut Batch) -> Result<()> {
        self.flush(batch)
    }

    fn stop(&mut self, batch: &mut Batch) -> Result<()> {
        self.flush(batch)
    }
}

/// Allocates when a name comes for the first time in a second, and never else.
fn find<'g>(groups: &'g mut HashMap<Vec<u8>, Counts>, name: &[u8]) -> &'g mut Counts {
    let name = if groups.len() < MOST_GROUPS || groups.contains_key(name) { name } else { OTHER };
    if !groups.contains_key(name) {
        groups.insert(name.to_vec(), Counts::default());
    }
    groups.get_mut(name).expect("was just put there")
}

impl Aggregate {
    /// The most frequent first; by name where they are equal.
    fn flush(&mut self, batch: &Batch) -> Result<()> {
        let mut groups: Vec<_> = self.groups.drain().collect();
        groups.sort_by(|(a, one), (b, other)| other.opens.cmp(&one.opens).then_with(|| a.cmp(b)));
        // As gadgets record time: since the boot.
        let now = batch.drained_at().wrapping_sub(batch.boot_offset() as u64);
        for (name, counts) in &groups {
            let mut row = self.output.row();
            row.set(self.timestamp, now).set_text(self.name, name);
            row.set(self.opens, counts.opens).set(self.failed, counts.failed);
        }
        self.output.flush()
    }
}

ig_operator::manifest!(
    r#"{
        "operators": [{
            "name": "rust-aggregate",
            "version": "1.0.0",
            "description": "Counts opens by command and emits the counts each second",
            "kind": "aggregate",
            "dataSources": ["open"],
            "capabilities": ["emit:opens", "metric"],
            "params": [
                {"key": "by", "description": "text field to count by", "default": "proc.comm"},
                {"key": "events", "description": "whether the opens go on, too", "default": "false"}
            ]
        }]
    }"#
);
ig_operator::export!(Aggregate);

#[cfg(test)]
mod tests {
    use super::*;
    use ig_operator::testing::{Host, TestOperator};
    use ig_operator::Kind;

    fn aggregate(host: &mut Host, params: &[(&str, &str)]) -> TestOperator {
        let open = host.source("open", 24);
        host.field(open, "error_raw", Kind::Uint32, 0, 4);
        host.field(open, "proc.comm", Kind::CString, 4, 16);
        host.init::<Aggregate>(params).unwrap()
    }

    const ROWS: [&str; 4] = ["\0\0\0\0cat", "\x02\0\0\0sh", "\0\0\0\0sh", "\0\0\0\0sh"];

    #[test]
    fn counts_by_command_and_emits_on_tick() {
        let mut host = Host::new();
        let mut aggregate = aggregate(&mut host, &[]);
        let mut batch = host.batch(0).rows(ROWS).build();
        aggregate.batch(&mut batch).unwrap();
        assert!(batch.selected().is_empty());

        let mut empty = host.batch(0).clock(1_000, 5_000).build();
        aggregate.tick(&mut empty).unwrap();
        let rows = aggregate.emitted("opens");
        let found: Vec<_> = rows.iter().map(|row| (row.text("comm"), row.u64("opens"), row.u64("failed"))).collect();
        assert_eq!(found, [("sh", 3, 1), ("cat", 1, 0)]);
        assert_eq!(rows[0].u64("timestamp_raw"), 4_000);
        assert_eq!(aggregate.metrics()[0].values, [4.0]);

        // A second without opens has no rows.
        aggregate.stop(&mut empty).unwrap();
        assert!(aggregate.emitted("opens").is_empty());
    }

    #[test]
    fn lets_the_opens_go_on_when_told_to() {
        let mut host = Host::new();
        let mut aggregate = aggregate(&mut host, &[("events", "true")]);
        let mut batch = host.batch(0).rows(ROWS).build();
        aggregate.batch(&mut batch).unwrap();
        assert_eq!(batch.selected(), [0, 1, 2, 3]);
    }
}
