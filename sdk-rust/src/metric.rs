//! Counters, gauges and histograms, which the host shows (`--stats`) and exports.

use crate::abi::{self, check};
use crate::error::{Errno, Result};
use crate::init::Init;

/// A metric's id; None when the user took the capability `metric` away.
type Id = Option<u32>;

fn add(kind: u32, name: &str, unit: &str) -> Result<Id> {
    let result = abi::metric_add(kind, name, unit);
    if result == -(Errno::NOTCAPABLE.0 as i32) {
        return Ok(None);
    }
    check(result, || format!("adding metric {name}")).map(Some)
}

fn record(id: Id, value: f64) {
    if let Some(id) = id {
        // What the host refuses (NaN, say) is not counted; counting is no reason to fail.
        abi::metric_record(id, value);
    }
}

/// Something that only grows.
#[derive(Clone, Copy, Debug)]
pub struct Counter(Id);

impl Counter {
    /// Adds to it: once per batch, not per row, since it is a call of the host.
    pub fn add(&self, count: u64) {
        record(self.0, count as f64);
    }
}

/// Something that goes up and down.
#[derive(Clone, Copy, Debug)]
pub struct Gauge(Id);

impl Gauge {
    /// Sets it.
    pub fn set(&self, value: f64) {
        record(self.0, value);
    }
}

/// How values are distributed, in powers of two.
#[derive(Clone, Copy, Debug)]
pub struct Histogram(Id);

impl Histogram {
    /// Puts a value in.
    pub fn record(&self, value: f64) {
        record(self.0, value);
    }

    /// Puts many in with one call: what to use when every row has one. At most 65,536 are taken.
    pub fn record_all(&self, values: &[f64]) {
        if let Some(id) = self.0 {
            abi::metric_record_all(id, values);
        }
    }
}

/// The manifest asks for the capability `metric`, which is granted unless the user takes it away; then these do nothing. Names are
/// letters, digits, `_`, `.`, `/` and `-`, and begin with a letter; units are free (`bytes`, `ms`, or empty).
impl Init<'_> {
    /// Adds a counter.
    pub fn counter(&mut self, name: &str, unit: &str) -> Result<Counter> {
        add(0, name, unit).map(Counter)
    }

    /// Adds a gauge.
    pub fn gauge(&mut self, name: &str, unit: &str) -> Result<Gauge> {
        add(1, name, unit).map(Gauge)
    }

    /// Adds a histogram.
    pub fn histogram(&mut self, name: &str, unit: &str) -> Result<Histogram> {
        add(2, name, unit).map(Histogram)
    }
}
