//! The fields that a filter reads, and their values in a row.

use super::problem::unknown_field;
use super::truth::{FieldId, Kind, Record, Schema};
use crate::value::{Input, Reader};
use ig_operator::{DataSource, FieldInfo, Row};
use std::cell::RefCell;

/// Collects the fields of a data source that a filter asks for.
pub struct Fields<'t> {
    source: DataSource<'t>,
    names: Vec<(&'t str, Kind)>,
    pub inputs: Vec<Input>,
}

impl<'t> Fields<'t> {
    pub fn new(source: DataSource<'t>) -> Self {
        Fields { source, names: Vec::new(), inputs: Vec::new() }
    }
}

impl Schema for Fields<'_> {
    fn field(&mut self, name: &str) -> Result<(FieldId, Kind), String> {
        let field = resolve(self.source, name)?;
        if let Some(id) = self.names.iter().position(|(known, _)| *known == field.name()) {
            return Ok((id, self.names[id].1));
        }
        let kind = kind_of(&field);
        self.inputs.push(Input::new(&field).map_err(|error| error.to_string())?);
        self.names.push((field.name(), kind));
        Ok((self.inputs.len() - 1, kind))
    }
}

/// The field that a filter's user means by a name; the error is a message.
pub fn resolve<'t>(source: DataSource<'t>, name: &str) -> Result<FieldInfo<'t>, String> {
    let usable = |field: &FieldInfo| !field.is_empty() && !field.is_unreferenced();
    let Some(mut field) = source.find(name) else {
        let names = source.fields().filter(usable).map(|field| field.name());
        return Err(unknown_field(name, source.name(), names));
    };
    let members: Vec<&str> =
        source.fields().filter(|one| one.parent().is_some_and(|parent| parent.id() == field.id())).map(|one| one.name()).collect();
    if !members.is_empty() || field.is_empty() {
        // What is shown in its place is what its user means, such as an endpoint's address and port.
        field = match field.annotation("columns.replace").and_then(|name| source.find(name)) {
            Some(shown) => shown,
            None => return Err(format!("{name:?} is a group of fields: {}", members.join(", "))),
        };
    }
    Ok(field)
}

pub fn kind_of(field: &FieldInfo) -> Kind {
    use ig_operator::Kind as K;
    let bits = field.kind().width() as u32 * 8;
    match field.kind() {
        _ if field.is_array() => Kind::Text,
        K::Bool => Kind::Bool,
        K::Int8 | K::Int16 | K::Int32 | K::Int64 => Kind::Signed(bits),
        K::Uint8 | K::Uint16 | K::Uint32 | K::Uint64 => Kind::Unsigned(bits),
        K::Float32 | K::Float64 => Kind::Float,
        _ => Kind::Text,
    }
}

/// One row of a batch.
pub struct Current<'a, 'b> {
    pub readers: &'a [Reader<'b>],
    pub row: Row<'b>,
    /// Set to the first value that should have been an IP address and was none.
    pub fault: &'a RefCell<Option<Vec<u8>>>,
}

impl Record for Current<'_, '_> {
    #[inline(always)]
    fn truth(&self, field: FieldId) -> bool {
        match &self.readers[field] {
            Reader::Bool(values) => values.get(self.row),
            _ => false,
        }
    }

    #[inline(always)]
    fn signed(&self, field: FieldId) -> i64 {
        match &self.readers[field] {
            Reader::Int32(values) => values.get(self.row).into(),
            Reader::Int64(values) => values.get(self.row),
            Reader::Int16(values) => values.get(self.row).into(),
            Reader::Int8(values) => values.get(self.row).into(),
            _ => 0,
        }
    }

    #[inline(always)]
    fn unsigned(&self, field: FieldId) -> u64 {
        match &self.readers[field] {
            Reader::Uint32(values) => values.get(self.row).into(),
            Reader::Uint64(values) => values.get(self.row),
            Reader::Uint16(values) => values.get(self.row).into(),
            Reader::Uint8(values) => values.get(self.row).into(),
            _ => 0,
        }
    }

    #[inline(always)]
    fn real(&self, field: FieldId) -> f64 {
        match &self.readers[field] {
            Reader::Float64(values) => values.get(self.row),
            Reader::Float32(values) => values.get(self.row).into(),
            _ => 0.0,
        }
    }

    #[inline(always)]
    fn text(&self, field: FieldId) -> &[u8] {
        match &self.readers[field] {
            Reader::CString(values) | Reader::Text(values) => values.get(self.row),
            _ => b"",
        }
    }

    #[inline(always)]
    fn is(&self, field: FieldId, value: &[u8]) -> bool {
        match &self.readers[field] {
            Reader::CString(values) | Reader::Text(values) => values.is(self.row, value),
            _ => false,
        }
    }

    #[inline(always)]
    fn starts_with(&self, field: FieldId, prefix: &[u8]) -> bool {
        match &self.readers[field] {
            Reader::CString(values) | Reader::Text(values) => values.starts_with(self.row, prefix),
            _ => false,
        }
    }

    fn not_an_address(&self, value: &[u8]) {
        self.fault.replace(Some(value.to_vec()));
    }
}
