//! The operator `count`: how many records there were of each group, instead of the records.
//!
//! Parameters: `count-by`, the fields that make a group, joined by commas; `every`, seconds between two snapshots of the
//! counts (0: one at the end). Emits the data source `counts`: the fields, and `count`, of all groups since the start.

use crate::filter::input::resolve;
use crate::value::{Input, Reader};
use ig_operator::{Batch, Cell, DataSource, Emitter, Error, FieldInfo, Init, Kind, NewField, NewSource, Operator, PerSource, Result, Row, TextCell};
use std::collections::HashMap;

/// More groups, or bytes of their rows, are counted as one, whose fields are empty: memory has a bound, and so has what can be
/// emitted at once.
const MOST_GROUPS: usize = 50_000;
const MOST_BYTES: usize = 7 << 19;
/// Bytes of a text that are kept.
const TEXT: usize = 128;

pub struct Count {
    keys: PerSource<Vec<Input>>,
    cells: Vec<KeyCell>,
    count: Cell<u64>,
    /// By the fields' values, see [`put`].
    groups: HashMap<Vec<u8>, u64>,
    /// Groups that are kept apart.
    most: usize,
    /// Records of all others.
    others: u64,
    output: Emitter,
    every: u32,
    ticks: u32,
    key: Vec<u8>,
}

enum KeyCell {
    Signed(Cell<i64>),
    Unsigned(Cell<u64>),
    Real(Cell<f64>),
    Truth(Cell<bool>),
    Text(TextCell),
}

impl Operator for Count {
    fn init(init: &mut Init) -> Result<Self> {
        let list = init.param("count-by").unwrap_or("").to_string();
        let source = init.data_sources().next().ok_or_else(|| Error::invalid("--count-by: there is no data source"))?;
        let fields = fields(source, &list)?;
        let mut new = NewSource::new("counts").snapshots().annotation("description", "Records of each group");
        let mut cells = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for field in &fields {
            let leaf = field.leaf().to_string();
            let name = if names.contains(&leaf) || leaf == "count" { field.name().replace('.', "_") } else { leaf };
            let looks = field.annotations().filter(|(key, _)| key.starts_with("columns.") && *key != "columns.alias");
            let new_field = looks.fold(NewField::new(name.clone()), |made, (key, value)| made.annotation(key, value));
            names.push(name);
            cells.push(match field.kind() {
                _ if field.is_array() => KeyCell::Text(new.text(new_field, TEXT as u32)),
                Kind::Bool => KeyCell::Truth(new.number(new_field)),
                Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64 => KeyCell::Signed(new.number(new_field)),
                Kind::Uint8 | Kind::Uint16 | Kind::Uint32 | Kind::Uint64 => KeyCell::Unsigned(new.number(new_field)),
                Kind::Float32 | Kind::Float64 => KeyCell::Real(new.number(new_field)),
                _ => KeyCell::Text(new.text(new_field, TEXT as u32)),
            });
        }
        let widths = cells.iter().map(|cell| if matches!(cell, KeyCell::Text(_)) { TEXT } else { 8 });
        // A row, and what stands before it in a batch.
        let most = MOST_GROUPS.min(MOST_BYTES / (16 + widths.sum::<usize>()));
        let count = NewField::new("count").annotation("columns.alignment", "right").annotation("columns.width", "10");
        let count = new.number(count);
        let id = source.id();
        let keys = init.per_source(|source| {
            if source.id() != id {
                return Ok(None);
            }
            Ok(Some(fields.iter().map(Input::new).collect::<Result<_>>()?))
        })?;
        Ok(Count {
            keys,
            cells,
            count,
            groups: HashMap::new(),
            most,
            others: 0,
            output: init.add_source(&new)?,
            every: init.param_or("every", 0)?,
            ticks: 0,
            key: Vec::new(),
        })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let Some(inputs) = self.keys.get(batch) else { return Ok(()) };
        let readers = inputs.iter().map(|input| input.bind(batch)).collect::<Result<Vec<Reader>>>()?;
        for row in batch.rows() {
            self.key.clear();
            for reader in &readers {
                put(&mut self.key, reader, row);
            }
            if let Some(count) = self.groups.get_mut(&self.key) {
                *count += 1;
            } else if self.groups.len() < self.most {
                self.groups.insert(self.key.clone(), 1);
            } else {
                self.others += 1;
            }
        }
        batch.truncate(0);
        Ok(())
    }

    fn tick(&mut self, _: &mut Batch) -> Result<()> {
        self.ticks += 1;
        if self.every == 0 || self.ticks % self.every != 0 {
            return Ok(());
        }
        self.show()
    }

    fn stop(&mut self, _: &mut Batch) -> Result<()> {
        self.show()
    }
}

impl Count {
    /// All groups, the largest first.
    fn show(&mut self) -> Result<()> {
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_unstable_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        for (key, count) in groups {
            let mut row = self.output.row();
            let mut at = 0;
            for cell in &self.cells {
                let mut take = |size: usize| {
                    at += size;
                    &key[at - size..at]
                };
                let mut word = [0; 8];
                match cell {
                    KeyCell::Text(cell) => {
                        let size = take(1)[0] as usize;
                        row.set_text(*cell, take(size));
                        continue;
                    }
                    _ => word.copy_from_slice(take(8)),
                }
                match cell {
                    KeyCell::Signed(cell) => row.set(*cell, i64::from_le_bytes(word)),
                    KeyCell::Unsigned(cell) => row.set(*cell, u64::from_le_bytes(word)),
                    KeyCell::Real(cell) => row.set(*cell, f64::from_le_bytes(word)),
                    KeyCell::Truth(cell) => row.set(*cell, word[0] != 0),
                    KeyCell::Text(_) => &mut row,
                };
            }
            row.set(self.count, *count);
        }
        if self.others > 0 {
            self.output.row().set(self.count, self.others);
        }
        self.output.flush()
    }
}

fn fields<'t>(source: DataSource<'t>, list: &str) -> Result<Vec<FieldInfo<'t>>> {
    let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
    let fields = names.map(|name| resolve(source, name).map_err(|message| Error::invalid(format!("--count-by: {message}"))));
    let fields: Vec<_> = fields.collect::<Result<_>>()?;
    if fields.is_empty() {
        return Err(Error::invalid("--count-by: needs fields to count by, such as proc.comm"));
    }
    Ok(fields)
}

/// Appends a value: eight bytes of a number, or the size and the bytes of a text.
fn put<'b>(key: &mut Vec<u8>, reader: &Reader<'b>, row: Row<'b>) {
    macro_rules! number {
        ($($kind:ident as $wide:ty),*) => {
            match reader {
                $(Reader::$kind(values) => key.extend_from_slice(&<$wide>::from(values.get(row)).to_le_bytes()),)*
                Reader::CString(values) | Reader::Text(values) => {
                    let text = values.get(row);
                    let text = &text[..text.len().min(TEXT)];
                    key.push(text.len() as u8);
                    key.extend_from_slice(text);
                }
            }
        };
    }
    number!(
        Bool as u64, Int8 as i64, Int16 as i64, Int32 as i64, Int64 as i64, Uint8 as u64, Uint16 as u64, Uint32 as u64, Uint64 as u64,
        Float32 as f64, Float64 as f64
    );
}
