//! What operators reach beyond their batches: data sources of their own, metrics, maps, side tables.

use ig_operator::testing::{Host, TestOperator};
use ig_operator::{
    Batch, BpfMap, Cell, Change, Counter, Emitter, Errno, Error, Gauge, Histogram, Init, NewField, NewSource, Operator, Result,
    SideTable, TextCell, Update,
};

struct Reach {
    output: Emitter,
    flag: Cell<bool>,
    count: Cell<u64>,
    name: TextCell,
    seen: Counter,
    level: Gauge,
    sizes: Histogram,
    users: SideTable,
    map: Option<BpfMap>,
}

impl Operator for Reach {
    fn init(init: &mut Init) -> Result<Self> {
        let mut source = NewSource::new("totals").annotation("description", "so far");
        let flag = source.number(NewField::new("flag"));
        let inner = source.parent(NewField::new("inner"));
        let count = source.number(NewField::new("count").parent(Some(inner)).annotation("columns.width", "8"));
        let name = source.text(NewField::new("name").tag("loud"), 4);
        Ok(Reach {
            output: init.add_source(&source)?,
            flag,
            count,
            name,
            seen: init.counter("seen", "rows")?,
            level: init.gauge("level", "")?,
            sizes: init.histogram("sizes", "bytes")?,
            users: SideTable::default(),
            map: BpfMap::open("start").ok(),
        })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        self.seen.add(batch.selected() as u64);
        self.level.set(-1.5);
        self.sizes.record_all(&[1.0, 2.0]);
        self.sizes.record(f64::NAN);
        self.output.row().set(self.flag, true).set(self.count, 7).set_text(self.name, b"longer than four");
        self.output.row().set(self.count, 8).set_text(self.name, self.users.get(0).unwrap_or(b"?"));
        assert_eq!(self.output.len(), 2);
        self.output.flush()?;
        assert!(self.output.is_empty());
        if batch.row_count() == 0 {
            return Err(Error::invalid("fails on purpose"));
        }
        Ok(())
    }

    fn tick(&mut self, _: &mut Batch) -> Result<()> {
        let map = self.map.as_mut().ok_or(Errno::NOENT)?;
        let mut value = [0; 8];
        assert!(map.get(&1u32.to_le_bytes(), &mut value)?);
        assert!(!map.get(&9u32.to_le_bytes(), &mut value)?);
        assert_eq!(map.get(&[1], &mut value).unwrap_err().errno, Errno::INVAL);
        let mut sum = 0;
        map.for_each(|key, value| sum += key[0] as u64 + value[0] as u64)?;
        map.set(&3u32.to_le_bytes(), &sum.to_le_bytes(), Update::New)?;
        assert_eq!(map.set(&3u32.to_le_bytes(), &value, Update::New).unwrap_err().errno, Errno::EXIST);
        assert!(map.delete(&1u32.to_le_bytes())?);
        assert!(!map.delete(&1u32.to_le_bytes())?);
        Ok(())
    }

    fn table(&mut self, _: usize, change: Change) -> Result<()> {
        self.users.apply(&change);
        Ok(())
    }
}

fn reach() -> (Host, TestOperator) {
    let mut host = Host::new();
    host.source("events", 8);
    host.map("start", 4, 8).set(&1u32.to_le_bytes(), &10u64.to_le_bytes()).set(&2u32.to_le_bytes(), &20u64.to_le_bytes());
    let operator = host.init::<Reach>(&[]).unwrap();
    (host, operator)
}

#[test]
fn a_new_data_source_is_declared_as_c_would_lay_it_out() {
    let (host, _) = reach();
    let schema = host.schema(1);
    assert_eq!((schema.name.as_str(), schema.record_size), ("totals", 24));
    assert_eq!(schema.annotations, [("description".into(), "so far".into())]);
    let places: Vec<_> = schema.fields.iter().map(|field| (field.name.as_str(), field.offset, field.size)).collect();
    assert_eq!(places, [("flag", 0, 1), ("inner", 1, 0), ("inner.count", 8, 8), ("name", 16, 4)]);
    assert_eq!(host.get(1, "name").tags, ["loud"]);
    assert_eq!(host.get(1, "inner.count").annotation("columns.width"), Some("8"));
}

#[test]
fn rows_are_emitted_and_texts_cut_to_their_size() {
    let (host, mut operator) = reach();
    operator.table(0, &[(0, Some("root")), (1, Some("x")), (1, None)]).unwrap();
    operator.batch(&mut host.batch(0).rows([[0; 8]]).build()).unwrap();
    let rows = operator.emitted("totals");
    let found: Vec<_> = rows.iter().map(|row| (row.u64("flag"), row.u64("inner.count"), row.text("name"))).collect();
    assert_eq!(found, [(1, 7, "long"), (0, 8, "root")]);
    assert!(operator.emitted("totals").is_empty());
}

#[test]
fn what_a_failing_call_emits_does_not_count() {
    let (host, mut operator) = reach();
    operator.batch(&mut host.batch(0).build()).unwrap_err();
    assert!(operator.emitted("totals").is_empty());
}

#[test]
fn metrics_keep_what_was_recorded() {
    let (host, mut operator) = reach();
    operator.batch(&mut host.batch(0).rows([[0; 8]; 3]).build()).unwrap();
    let metrics: Vec<_> = operator.metrics().iter().map(|one| (one.name.as_str(), one.kind, one.values.clone())).collect();
    assert_eq!(metrics, [("seen", 0, vec![3.0]), ("level", 1, vec![-1.5]), ("sizes", 2, vec![1.0, 2.0])]);
}

#[test]
fn maps_are_read_and_written() {
    let (host, mut operator) = reach();
    operator.tick(&mut host.batch(0).build()).unwrap();
    let entries: Vec<_> = operator.map("start").entries.iter().map(|(key, value)| (key[0], value[0])).collect();
    assert_eq!(entries, [(2, 20), (3, 33)]);
}

#[test]
fn what_was_not_granted_is_an_error_or_does_nothing() {
    let mut host = Host::new();
    host.source("events", 8);
    host.refuse("emit:totals");
    assert_eq!(host.init::<Reach>(&[]).err().unwrap().errno, Errno::NOTCAPABLE);

    let mut host = Host::new();
    host.source("events", 8);
    host.refuse("metric");
    host.refuse("map:start");
    host.map("start", 4, 8);
    let mut operator = host.init::<Reach>(&[]).unwrap();
    operator.batch(&mut host.batch(0).rows([[0; 8]]).build()).unwrap();
    assert!(operator.metrics().is_empty());
    assert_eq!(operator.tick(&mut host.batch(0).build()).unwrap_err().errno, Errno::NOENT);
}
