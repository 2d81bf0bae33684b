//! What an operator is told at init: data sources, fields, parameters.

use crate::abi::{self, check, INIT_HEADER, INIT_MAGIC};
use crate::batch::Batch;
use crate::error::{Errno, Error, Result};
use crate::field::{Field, Value};
use crate::source::DataSource;
use std::str::FromStr;

/// The init table's bytes. Whatever lies outside of it reads as zero or empty.
#[derive(Clone, Copy)]
pub(crate) struct Table<'t> {
    bytes: &'t [u8],
}

impl<'t> Table<'t> {
    pub(crate) fn word(&self, at: usize) -> u32 {
        match self.bytes.get(at..at + 4) {
            Some(word) => u32::from_le_bytes([word[0], word[1], word[2], word[3]]),
            None => 0,
        }
    }

    /// Number and offset of a list that the header names.
    pub(crate) fn list(&self, at: usize) -> (usize, usize) {
        (self.word(at) as usize, self.word(at + 4) as usize)
    }

    pub(crate) fn string(&self, at: usize) -> &'t str {
        let (offset, size) = (self.word(at) as usize, self.word(at + 4) as usize);
        let bytes = self.bytes.get(offset..offset.saturating_add(size)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    pub(crate) fn pairs(self, list: usize, first: u32, count: u32) -> impl Iterator<Item = (&'t str, &'t str)> {
        let (_, start) = self.list(list);
        (0..count as usize).map(move |i| {
            let at = start + (first as usize + i) * 16;
            (self.string(at), self.string(at + 8))
        })
    }
}

/// What [`Operator::init`](crate::Operator::init) works with. Its strings live until that returns.
pub struct Init<'t> {
    table: Table<'t>,
}

impl<'t> Init<'t> {
    #[doc(hidden)]
    pub fn new(bytes: &'t [u8]) -> Result<Self> {
        let init = Init { table: Table { bytes } };
        if bytes.len() < INIT_HEADER || init.table.word(0) != INIT_MAGIC {
            return Err(Error::new(Errno::PROTO, "not an init table"));
        }
        Ok(init)
    }

    /// The data sources, by id.
    pub fn data_sources(&self) -> impl ExactSizeIterator<Item = DataSource<'t>> {
        let table = self.table;
        (0..table.list(8).0).map(move |id| DataSource::new(table, id))
    }

    /// The data source of a name.
    pub fn data_source(&self, name: &str) -> Option<DataSource<'t>> {
        self.data_sources().find(|source| source.name() == name)
    }

    /// Parameters, key and value: the user's, and the manifest's defaults for the rest.
    pub fn params(&self) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.table.pairs(40, 0, self.table.list(40).0 as u32)
    }

    /// A parameter's value.
    pub fn param(&self, key: &str) -> Option<&'t str> {
        self.params().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// A parameter's value, parsed; `default` when it is not given. An error names the parameter.
    pub fn param_or<T: FromStr>(&self, key: &str, default: T) -> Result<T> {
        match self.param(key) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| Error::invalid(format!("parameter {key}: cannot use {text:?}"))),
        }
    }

    /// Bytes of the largest batch that the host will use.
    pub fn largest_batch(&self) -> usize {
        self.table.word(48) as usize
    }

    /// A handle of the field of that full name, in every data source that has one; an error when none has.
    /// Tells the host that the operator reads it.
    pub fn field<T: Value + ?Sized>(&self, name: &str) -> Result<Field<T>> {
        let mut handle = Field::new();
        let mut found = false;
        for source in self.data_sources() {
            if let Some(field) = source.find(name) {
                handle.put(source.id(), field.place::<T>()?);
                found = true;
            }
        }
        if found {
            Ok(handle)
        } else {
            Err(Error::new(Errno::NOENT, format!("no data source has a field {name}")))
        }
    }

    /// Makes a `T` for each data source that `make` has one for: what an operator keeps per schema.
    pub fn per_source<T>(&self, mut make: impl FnMut(DataSource<'t>) -> Result<Option<T>>) -> Result<PerSource<T>> {
        Ok(PerSource(self.data_sources().map(&mut make).collect::<Result<_>>()?))
    }
}

/// A value for each data source, or for some.
#[derive(Clone, Debug)]
pub struct PerSource<T>(Vec<Option<T>>);

impl<T> PerSource<T> {
    /// The one for the batch's data source.
    pub fn get(&self, batch: &Batch) -> Option<&T> {
        self.0.get(batch.source())?.as_ref()
    }

    /// The one for the batch's data source, to change.
    pub fn get_mut(&mut self, batch: &Batch) -> Option<&mut T> {
        self.0.get_mut(batch.source())?.as_mut()
    }

    /// All of them, with the ids of their data sources.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.0.iter().enumerate().filter_map(|(id, one)| Some((id, one.as_ref()?)))
    }
}

/// A field to be added, with [`DataSource::add`].
#[derive(Clone, Debug)]
pub struct NewField {
    pub(crate) name: String,
    pub(crate) parent: Option<usize>,
    pub(crate) hidden: bool,
    pub(crate) annotations: Vec<(String, String)>,
    pub(crate) tags: Vec<String>,
}

impl NewField {
    /// A field of this name, which is its last part only: no dots.
    pub fn new(name: impl Into<String>) -> Self {
        NewField { name: name.into(), parent: None, hidden: false, annotations: Vec::new(), tags: Vec::new() }
    }

    /// A member of another field (its id).
    pub fn parent(mut self, field: Option<usize>) -> Self {
        self.parent = field;
        self
    }

    /// Not shown as a column unless asked for.
    pub fn hidden(mut self, hidden: bool) -> Self {
        self.hidden = hidden;
        self
    }

    /// With an annotation, such as `columns.width`.
    pub fn annotation(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.annotations.push((key.into(), value.into()));
        self
    }

    /// With a tag.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Tells the host the annotations and tags of the field, which has been added.
    pub(crate) fn describe(&self, source: u32, id: u32) -> Result<()> {
        let what = || format!("adding field {}", self.name);
        for (key, value) in &self.annotations {
            check(abi::field_annotate(source, id, key, value), what)?;
        }
        for tag in &self.tags {
            check(abi::field_tag(source, id, tag), what)?;
        }
        Ok(())
    }
}
