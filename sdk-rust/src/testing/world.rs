//! What operators reach beyond their batches, in a test: data sources that they add, metrics, maps.

use super::host::SourceSpec;
use crate::field::Kind;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What one operator left behind, and what it may reach.
#[derive(Default)]
pub(crate) struct World {
    /// Capabilities that the user took away.
    pub refused: Vec<String>,
    /// The data sources that it added, by id.
    pub sources: Vec<(u32, Rc<SourceSpec>)>,
    /// Rows that it emitted, with the id of their data source.
    pub emitted: Vec<(u32, Vec<u8>)>,
    pub metrics: Vec<Metric>,
    pub maps: BTreeMap<String, TestMap>,
    /// Names of the maps that it opened, by handle.
    pub open: Vec<String>,
}

/// A metric of the operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// 0 counter, 1 gauge, 2 histogram.
    pub kind: u32,
    /// Its unit.
    pub unit: String,
    /// All that was recorded, in order.
    pub values: Vec<f64>,
}

/// A BPF map in the test's memory.
#[derive(Clone, Debug, Default)]
pub struct TestMap {
    /// Bytes of a key.
    pub key_size: usize,
    /// Bytes of a value.
    pub value_size: usize,
    /// Whether the operator may write.
    pub writable: bool,
    /// The entries.
    pub entries: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl TestMap {
    /// Puts an entry in, before the operator is initialised.
    ///
    /// # Panics
    /// When key or value is not of the map's size.
    pub fn set(&mut self, key: &[u8], value: &[u8]) -> &mut Self {
        assert_eq!((key.len(), value.len()), (self.key_size, self.value_size));
        self.entries.insert(key.to_vec(), value.to_vec());
        self
    }
}

/// A row that the operator emitted.
#[derive(Clone)]
pub struct TestRow {
    pub(crate) spec: Rc<SourceSpec>,
    /// The row's bytes.
    pub bytes: Vec<u8>,
}

impl TestRow {
    fn value(&self, field: &str) -> &[u8] {
        let found = self.spec.fields.iter().find(|one| one.name == field);
        let found = found.unwrap_or_else(|| panic!("{} has no field {field}", self.spec.name));
        let bytes = &self.bytes[found.offset as usize..][..found.size as usize];
        match Kind::from_raw(found.kind).0 {
            Kind::CString => bytes.split(|byte| *byte == 0).next().unwrap_or_default(),
            _ => bytes,
        }
    }

    /// A number, zero-extended.
    ///
    /// # Panics
    /// When there is no such field.
    pub fn u64(&self, field: &str) -> u64 {
        let mut word = [0; 8];
        let value = self.value(field);
        word[..value.len()].copy_from_slice(value);
        u64::from_le_bytes(word)
    }

    /// A text, up to its first NUL.
    ///
    /// # Panics
    /// When there is no such field, or it is not UTF-8.
    pub fn text(&self, field: &str) -> &str {
        std::str::from_utf8(self.value(field)).unwrap()
    }
}
