//! Data sources and fields, as the init table describes them.

use crate::abi::{self, check, flag, FIELD_SIZE, SOURCE_SIZE};
use crate::column::{Column, ColumnValue};
use crate::error::{Errno, Error, Result};
use crate::field::{Field, Kind, Place, Value};
use crate::init::{NewField, Table};

/// Whether the batches of a data source are streams of events or snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceType {
    /// Events, one by one.
    Single,
    /// Snapshots of many records that belong together.
    Array,
}

/// A named stream of records with one schema.
#[derive(Clone, Copy)]
pub struct DataSource<'t> {
    table: Table<'t>,
    at: usize,
    id: usize,
}

impl<'t> DataSource<'t> {
    pub(crate) fn new(table: Table<'t>, id: usize) -> Self {
        let (_, sources) = table.list(8);
        DataSource { table, at: sources + id * SOURCE_SIZE, id }
    }

    /// What [`Batch::source`](crate::Batch::source) says of its batches.
    pub fn id(&self) -> usize {
        self.id
    }

    /// Its name.
    pub fn name(&self) -> &'t str {
        self.table.string(self.at)
    }

    /// Events or snapshots.
    pub fn source_type(&self) -> SourceType {
        if self.table.word(self.at + 8) == 2 {
            SourceType::Array
        } else {
            SourceType::Single
        }
    }

    /// Every record has at least this many bytes.
    pub fn record_size(&self) -> u32 {
        self.table.word(self.at + 20)
    }

    /// Column slots that exist before this operator.
    pub fn slot_count(&self) -> u32 {
        self.table.word(self.at + 32)
    }

    /// An annotation of the data source.
    pub fn annotation(&self, key: &str) -> Option<&'t str> {
        self.annotations().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// All annotations, key and value.
    pub fn annotations(&self) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.table.pairs(24, self.table.word(self.at + 24), self.table.word(self.at + 28))
    }

    /// All fields, by id.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = FieldInfo<'t>> {
        let source = *self;
        (0..self.table.word(self.at + 16) as usize).map(move |id| FieldInfo::new(source, id))
    }

    /// The field of an id.
    pub fn get(&self, id: usize) -> Option<FieldInfo<'t>> {
        self.fields().nth(id)
    }

    /// The field of a full name such as `proc.parent.pid`: exactly so, else in any case of letters.
    pub fn find(&self, name: &str) -> Option<FieldInfo<'t>> {
        self.fields()
            .find(|field| field.name() == name)
            .or_else(|| self.fields().find(|field| field.name().eq_ignore_ascii_case(name)))
    }

    /// A handle of the field of that name; tells the host that the operator reads it.
    pub fn field<T: Value + ?Sized>(&self, name: &str) -> Result<Field<T>> {
        match self.find(name) {
            Some(field) => field.handle(),
            None => Err(Error::new(Errno::NOENT, format!("{} has no field {name}", self.name()))),
        }
    }

    /// Adds a field, whose values the operator then writes with [`Batch::write`](crate::Batch::write).
    /// EEXIST when there is one of that name.
    pub fn add<T: ColumnValue + ?Sized>(&self, field: &NewField) -> Result<Column<T>> {
        let id = self.add_raw(field, T::KIND, 0)?;
        let slot = check(abi::field_slot(self.id as u32, id), || format!("slot of {}", field.name))?;
        Ok(Column::new(self.id, id, slot))
    }

    /// Adds a field that has no value: a parent for others. Returns its id.
    pub fn add_parent(&self, field: &NewField) -> Result<usize> {
        self.add_raw(field, Kind::Invalid, flag::EMPTY).map(|id| id as usize)
    }

    fn add_raw(&self, field: &NewField, kind: Kind, flags: u32) -> Result<u32> {
        let source = self.id as u32;
        let flags = flags | if field.hidden { flag::HIDDEN } else { 0 };
        let parent = field.parent.map_or(-1, |id| id as i32);
        let what = || format!("adding field {}", field.name);
        let id = check(abi::field_add(source, parent, &field.name, kind as u32, flags), what)?;
        field.describe(source, id)?;
        Ok(id)
    }
}

/// What the init table says of a field.
#[derive(Clone, Copy)]
pub struct FieldInfo<'t> {
    source: DataSource<'t>,
    at: usize,
}

impl<'t> FieldInfo<'t> {
    fn new(source: DataSource<'t>, id: usize) -> Self {
        let (_, fields) = source.table.list(16);
        FieldInfo { source, at: fields + (source.table.word(source.at + 12) as usize + id) * FIELD_SIZE }
    }

    fn word(&self, offset: usize) -> u32 {
        self.source.table.word(self.at + offset)
    }

    /// Its index among the fields of its data source.
    pub fn id(&self) -> usize {
        self.word(0) as usize
    }

    /// The data source that it is of.
    pub fn source(&self) -> DataSource<'t> {
        self.source
    }

    /// Full name: parents and leaf, joined by dots.
    pub fn name(&self) -> &'t str {
        self.source.table.string(self.at + 4)
    }

    /// The name's last part.
    pub fn leaf(&self) -> &'t str {
        let name = self.name();
        match self.parent().and_then(|parent| name.strip_prefix(parent.name())) {
            Some(rest) => rest.strip_prefix('.').unwrap_or(rest),
            None => name,
        }
    }

    /// What it holds; of an array, what its elements are.
    pub fn kind(&self) -> Kind {
        Kind::from_raw(self.word(12)).0
    }

    /// Whether it holds an array of its kind.
    pub fn is_array(&self) -> bool {
        Kind::from_raw(self.word(12)).1
    }

    /// Offset in the row.
    pub fn offset(&self) -> u32 {
        self.word(16)
    }

    /// Bytes in the row; 0 for fields that live in columns only.
    pub fn size(&self) -> u32 {
        self.word(20)
    }

    /// The flags, as in [`abi::flag`](crate::abi::flag).
    pub fn flags(&self) -> u32 {
        self.word(24)
    }

    /// Not shown as a column unless asked for.
    pub fn is_hidden(&self) -> bool {
        self.flags() & flag::HIDDEN != 0
    }

    /// Only a parent for others.
    pub fn is_empty(&self) -> bool {
        self.flags() & flag::EMPTY != 0
    }

    /// To be shown nowhere.
    pub fn is_unreferenced(&self) -> bool {
        self.flags() & flag::UNREFERENCED != 0
    }

    /// The field that this is a member of.
    pub fn parent(&self) -> Option<FieldInfo<'t>> {
        usize::try_from(self.word(28) as i32).ok().map(|id| FieldInfo::new(self.source, id))
    }

    /// The column that holds its values, if they are not in the row.
    pub fn slot(&self) -> Option<u32> {
        u32::try_from(self.word(32) as i32).ok()
    }

    /// Its place among the default columns.
    pub fn order(&self) -> i32 {
        self.word(52) as i32
    }

    /// An annotation.
    pub fn annotation(&self, key: &str) -> Option<&'t str> {
        self.annotations().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// All annotations, key and value.
    pub fn annotations(&self) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.source.table.pairs(24, self.word(36), self.word(40))
    }

    /// All tags, such as `type:gadget_uid`.
    pub fn tags(&self) -> impl Iterator<Item = &'t str> {
        let (_, list) = self.source.table.list(32);
        let (table, first) = (self.source.table, self.word(44) as usize);
        (0..self.word(48) as usize).map(move |i| table.string(list + (first + i) * 8))
    }

    /// Whether it has a tag.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags().any(|one| one == tag)
    }

    /// A typed handle; tells the host that the operator reads the field. Fails when the field is of another kind.
    pub fn handle<T: Value + ?Sized>(&self) -> Result<Field<T>> {
        let mut field = Field::new();
        field.put(self.source.id, self.place::<T>()?);
        Ok(field)
    }

    pub(crate) fn place<T: Value + ?Sized>(&self) -> Result<Place> {
        let (kind, array) = (self.kind(), self.is_array());
        if !T::accepts(kind, array, self.size() as usize) {
            let kind = if array { format!("an array of {kind:?}") } else { format!("{kind:?}") };
            return Err(Error::invalid(format!("field {} is {kind}, not {}", self.name(), std::any::type_name::<T>())));
        }
        if self.slot().is_none() && (self.offset() as u64 + self.size() as u64) > self.source.record_size() as u64 {
            return Err(Error::new(Errno::PROTO, format!("field {} ends after its record", self.name())));
        }
        if self.slot().is_none() && kind.width() > self.size() as usize {
            return Err(Error::new(Errno::PROTO, format!("field {} is shorter than its kind", self.name())));
        }
        self.want()?;
        Ok(match self.slot() {
            Some(slot) => Place::Slot(slot),
            None => Place::Row { offset: self.offset(), size: self.size(), text: kind == Kind::CString && !array },
        })
    }

    /// From here on its values come from a column that this operator writes.
    pub fn override_with<T: ColumnValue + ?Sized>(&self) -> Result<Column<T>> {
        let slot = check(abi::field_override(self.source.id as u32, self.id() as u32, T::KIND as u32), || {
            format!("overriding field {}", self.name())
        })?;
        Ok(Column::new(self.source.id, self.id() as u32, slot))
    }

    /// Sets or clears the hidden flag.
    pub fn hide(&self, hidden: bool) -> Result<()> {
        let result = abi::field_hide(self.source.id as u32, self.id() as u32, hidden);
        check(result, || format!("hiding field {}", self.name())).map(drop)
    }

    /// Tells the host that the operator reads the field. Handles do so themselves.
    pub fn want(&self) -> Result<()> {
        let result = abi::field_want(self.source.id as u32, self.id() as u32);
        check(result, || format!("asking for field {}", self.name())).map(drop)
    }
}
