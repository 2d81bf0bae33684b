//! The host's side of init: the schema, and the init table made of it.

use super::batch::{BatchBuilder, TestBatch};
use super::imports;
use super::world::{Metric, TestMap, TestRow, World};
use crate::abi::{flag, FIELD_SIZE, INIT_HEADER, INIT_MAGIC, KIND_ARRAY, SOURCE_SIZE};
use crate::error::Result;
use crate::field::Kind;
use crate::init::Init;
use crate::runtime::{self, Call, Instance};
use crate::Operator;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A data source.
#[derive(Clone, Debug, Default)]
pub struct SourceSpec {
    /// Its name.
    pub name: String,
    /// Snapshots instead of events.
    pub array: bool,
    /// Bytes of a record.
    pub record_size: u32,
    /// Its fields, by id.
    pub fields: Vec<FieldSpec>,
    /// Key and value.
    pub annotations: Vec<(String, String)>,
    pub(crate) slots: i32,
}

impl SourceSpec {
    pub(crate) fn new_slot(&mut self) -> i32 {
        self.slots += 1;
        self.slots - 1
    }
}

/// A field.
#[derive(Clone, Debug)]
pub struct FieldSpec {
    /// Full name.
    pub name: String,
    /// As in the ABI: a kind's number, with the array bit.
    pub kind: u32,
    /// Place in the row.
    pub offset: u32,
    /// Bytes in the row.
    pub size: u32,
    /// Of [`abi::flag`](crate::abi::flag).
    pub flags: u32,
    /// Id of the field that it is a member of, or -1.
    pub parent: i32,
    /// Column slot, or -1: the value is in the row.
    pub slot: i32,
    /// Key and value.
    pub annotations: Vec<(String, String)>,
    /// Tags.
    pub tags: Vec<String>,
    /// Place among the default columns.
    pub order: i32,
}

impl Default for FieldSpec {
    fn default() -> Self {
        FieldSpec {
            name: String::new(),
            kind: 0,
            offset: 0,
            size: 0,
            flags: 0,
            parent: -1,
            slot: -1,
            annotations: Vec::new(),
            tags: Vec::new(),
            order: 0,
        }
    }
}

impl FieldSpec {
    /// Adds tags.
    pub fn tag(&mut self, tag: &str) -> &mut Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// Adds an annotation.
    pub fn annotate(&mut self, key: &str, value: &str) -> &mut Self {
        self.annotations.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Sets flags, of [`abi::flag`](crate::abi::flag).
    pub fn flag(&mut self, flags: u32) -> &mut Self {
        self.flags |= flags;
        self
    }

    /// Makes it an array of its kind.
    pub fn array(&mut self) -> &mut Self {
        self.kind |= KIND_ARRAY;
        self
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Whether the hidden flag is set.
    pub fn is_hidden(&self) -> bool {
        self.flags & flag::HIDDEN != 0
    }
}

/// The host of a test. Operators that are initialised one after the other see each other's fields.
#[derive(Default)]
pub struct Host {
    sources: Vec<SourceSpec>,
    log: Vec<(u32, String)>,
    wanted: Vec<(u32, u32)>,
    refused: Vec<String>,
    maps: BTreeMap<String, TestMap>,
}

/// An operator that was initialised.
pub struct TestOperator {
    instance: Instance,
    world: World,
    log: Vec<String>,
}

impl Host {
    /// A host without data sources.
    pub fn new() -> Self {
        Host::default()
    }

    pub(crate) fn with_sources(sources: Vec<SourceSpec>) -> Self {
        Host { sources, ..Host::default() }
    }

    /// Takes a capability (`metric`, `emit:NAME`, `map:NAME`, or `all`) away from operators that are initialised from here on; they have
    /// all of them otherwise.
    pub fn refuse(&mut self, capability: &str) {
        self.refused.push(capability.to_owned());
    }

    /// Adds a BPF map that operators, which are initialised from here on, can open and write to.
    pub fn map(&mut self, name: &str, key_size: usize, value_size: usize) -> &mut TestMap {
        let map = self.maps.entry(name.to_owned()).or_default();
        *map = TestMap { key_size, value_size, writable: true, ..TestMap::default() };
        map
    }

    /// Adds a data source of events; its id.
    pub fn source(&mut self, name: &str, record_size: u32) -> usize {
        self.sources.push(SourceSpec { name: name.to_owned(), record_size, ..SourceSpec::default() });
        self.sources.len() - 1
    }

    /// Adds a data source of snapshots; its id.
    pub fn array_source(&mut self, name: &str, record_size: u32) -> usize {
        let id = self.source(name, record_size);
        self.sources[id].array = true;
        id
    }

    /// Adds a field that is in the row. Its parent is the field that its name says, if there is one.
    pub fn field(&mut self, source: usize, name: &str, kind: Kind, offset: u32, size: u32) -> &mut FieldSpec {
        self.add(source, name, FieldSpec { kind: kind as u32, offset, size, flags: flag::IN_ROW, ..FieldSpec::default() })
    }

    /// Adds a field that lives in a column, which the host or an operator before fills.
    pub fn column(&mut self, source: usize, name: &str, kind: Kind) -> &mut FieldSpec {
        let slot = self.sources[source].new_slot();
        self.add(source, name, FieldSpec { kind: kind as u32, slot, ..FieldSpec::default() })
    }

    /// Adds a field that is only a parent for others.
    pub fn parent(&mut self, source: usize, name: &str) -> &mut FieldSpec {
        self.add(source, name, FieldSpec { flags: flag::EMPTY, ..FieldSpec::default() })
    }

    fn add(&mut self, source: usize, name: &str, mut field: FieldSpec) -> &mut FieldSpec {
        let fields = &mut self.sources[source].fields;
        name.clone_into(&mut field.name);
        field.order = fields.len() as i32;
        if let Some(parent) = name.rsplit_once('.').and_then(|(parent, _)| fields.iter().position(|one| one.name == parent)) {
            field.parent = parent as i32;
            field.flags |= flag::HAS_PARENT;
        }
        fields.push(field);
        fields.last_mut().unwrap()
    }

    /// The data source as it is now.
    pub fn schema(&self, source: usize) -> &SourceSpec {
        &self.sources[source]
    }

    /// The field of a full name, as it is now.
    ///
    /// # Panics
    /// When there is none.
    pub fn get(&self, source: usize, name: &str) -> &FieldSpec {
        let fields = &self.sources[source].fields;
        fields.iter().find(|field| field.name == name).unwrap_or_else(|| panic!("no field {name}"))
    }

    /// Full names of the fields that operators asked for.
    pub fn wanted(&self) -> Vec<&str> {
        self.wanted.iter().map(|&(source, field)| self.sources[source as usize].fields[field as usize].name.as_str()).collect()
    }

    /// Lines that operators logged in their init.
    pub fn log(&self) -> Vec<&str> {
        self.log.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Initialises an operator with parameters.
    pub fn init<O: Operator>(&mut self, params: &[(&str, &str)]) -> Result<TestOperator> {
        let table = self.table(params);
        let world = World { refused: self.refused.clone(), maps: self.maps.clone(), ..World::default() };
        let mut before =
            imports::State { sources: std::mem::take(&mut self.sources), in_init: true, world, ..Default::default() };
        imports::with(|state| std::mem::swap(state, &mut before));
        let made = Init::new(&table).and_then(|mut init| runtime::start::<O>(&mut init));
        imports::with(|state| std::mem::swap(state, &mut before));
        self.sources = before.sources;
        self.log.append(&mut before.log);
        self.wanted.append(&mut before.wanted);
        let mut world = before.world;
        for (id, spec) in &mut world.sources {
            *spec = Rc::new(self.sources[*id as usize].clone());
        }
        Ok(TestOperator { instance: made?, world, log: Vec::new() })
    }

    /// Starts a batch of a data source with the columns that exist now.
    pub fn batch(&self, source: usize) -> BatchBuilder {
        BatchBuilder::new(source, self.sources[source].clone())
    }

    fn table(&self, params: &[(&str, &str)]) -> Vec<u8> {
        let mut lists = Lists::default();
        let mut sources = Vec::new();
        let mut fields = Vec::new();
        for source in &self.sources {
            let annotations = lists.pairs(&source.annotations);
            let name = lists.string(&source.name);
            let first = (fields.len() / (FIELD_SIZE / 4)) as u32;
            sources.extend([name[0], name[1], 1 + source.array as u32, first, source.fields.len() as u32, source.record_size]);
            sources.extend([annotations[0], annotations[1], source.slots as u32, 0, 0, 0]);
            for (id, field) in source.fields.iter().enumerate() {
                let (name, annotations, tags) =
                    (lists.string(&field.name), lists.pairs(&field.annotations), lists.tags(&field.tags));
                fields.extend([id as u32, name[0], name[1], field.kind, field.offset, field.size, field.flags]);
                fields.extend([field.parent as u32, field.slot as u32, annotations[0], annotations[1], tags[0], tags[1]]);
                fields.extend([field.order as u32, 0, 0]);
            }
        }
        let source_count = self.sources.len() as u32;
        let first_param = lists.annotations.len() / 4;
        let params: Vec<_> = params.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        lists.pairs(&params);
        let params_list = lists.annotations.split_off(first_param * 4);

        let mut header = vec![0u32; INIT_HEADER / 4];
        let mut words = Vec::new();
        let mut at = INIT_HEADER;
        let all: [(&[u32], usize); 5] = [
            (&sources, SOURCE_SIZE / 4),
            (&fields, FIELD_SIZE / 4),
            (&lists.annotations, 4),
            (&lists.tags, 2),
            (&params_list, 4),
        ];
        for (i, (list, width)) in all.into_iter().enumerate() {
            header[2 + 2 * i] = (list.len() / width) as u32;
            header[3 + 2 * i] = at as u32;
            at += list.len() * 4;
            words.extend_from_slice(list);
        }
        debug_assert_eq!(header[2], source_count);
        // Strings come last; their offsets are from the table's first byte.
        let text = at as u32;
        let mut table: Vec<u32> = header;
        table.append(&mut words);
        let shift = |table: &mut Vec<u32>, list: usize, width: usize, places: &[usize]| {
            let (count, start) = (table[2 + 2 * list] as usize, table[3 + 2 * list] as usize / 4);
            for i in 0..count {
                for place in places {
                    table[start + i * width + place] += text;
                }
            }
        };
        shift(&mut table, 0, SOURCE_SIZE / 4, &[0]);
        shift(&mut table, 1, FIELD_SIZE / 4, &[1]);
        shift(&mut table, 2, 4, &[0, 2]);
        shift(&mut table, 3, 2, &[0]);
        shift(&mut table, 4, 4, &[0, 2]);
        table[0] = INIT_MAGIC;
        table[1] = text + lists.text.len() as u32;
        table[12] = 1 << 20;
        let mut bytes: Vec<u8> = table.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.extend_from_slice(&lists.text);
        bytes
    }
}

#[derive(Default)]
struct Lists {
    annotations: Vec<u32>,
    tags: Vec<u32>,
    text: Vec<u8>,
}

impl Lists {
    fn string(&mut self, text: &str) -> [u32; 2] {
        let at = self.text.len() as u32;
        self.text.extend_from_slice(text.as_bytes());
        [at, text.len() as u32]
    }

    fn pairs(&mut self, pairs: &[(String, String)]) -> [u32; 2] {
        let first = self.annotations.len() as u32 / 4;
        for (key, value) in pairs {
            let words = [self.string(key), self.string(value)];
            self.annotations.extend(words.concat());
        }
        [first, pairs.len() as u32]
    }

    fn tags(&mut self, tags: &[String]) -> [u32; 2] {
        let first = self.tags.len() as u32 / 2;
        for tag in tags {
            let words = self.string(tag);
            self.tags.extend(words);
        }
        [first, tags.len() as u32]
    }
}

impl TestOperator {
    /// `ig_batch`
    pub fn batch(&mut self, batch: &mut TestBatch) -> Result<()> {
        self.call(Call::Batch, batch)
    }

    /// `ig_start`, with a batch without rows.
    pub fn start(&mut self, batch: &mut TestBatch) -> Result<()> {
        self.call(Call::Start, batch)
    }

    /// `ig_tick`, with a batch without rows.
    pub fn tick(&mut self, batch: &mut TestBatch) -> Result<()> {
        self.call(Call::Tick, batch)
    }

    /// `ig_stop`, with a batch without rows.
    pub fn stop(&mut self, batch: &mut TestBatch) -> Result<()> {
        self.call(Call::Stop, batch)
    }

    fn call(&mut self, call: Call, batch: &mut TestBatch) -> Result<()> {
        // SAFETY: a test batch is a whole batch, borrowed for this call alone.
        self.reach(|instance| unsafe { instance.call(call, batch.base()) })
    }

    /// Lends the imports what this operator reaches. As with the host, what a call that failed emitted does not count.
    fn reach(&mut self, run: impl FnOnce(&mut Instance) -> Result<()>) -> Result<()> {
        let emitted = self.world.emitted.len();
        let mut state = imports::State { world: std::mem::take(&mut self.world), ..Default::default() };
        imports::with(|current| std::mem::swap(current, &mut state));
        let result = run(&mut self.instance);
        imports::with(|current| std::mem::swap(current, &mut state));
        self.world = state.world;
        self.log.extend(state.log.into_iter().map(|(_, text)| text));
        if result.is_err() {
            self.world.emitted.truncate(emitted);
        }
        result
    }

    /// Takes the rows of a data source that it has emitted since the last time.
    ///
    /// # Panics
    /// When it added no such data source.
    pub fn emitted(&mut self, source: &str) -> Vec<TestRow> {
        let (id, spec) = self.world.sources.iter().find(|(_, spec)| spec.name == source).expect("a data source that it added");
        let (id, spec) = (*id, spec.clone());
        let (taken, left) = std::mem::take(&mut self.world.emitted).into_iter().partition(|(ds, _)| *ds == id);
        self.world.emitted = left;
        let rows: Vec<(u32, Vec<u8>)> = taken;
        rows.into_iter().map(|(_, bytes)| TestRow { spec: spec.clone(), bytes }).collect()
    }

    /// Its metrics, in the order in which it added them.
    pub fn metrics(&self) -> &[Metric] {
        &self.world.metrics
    }

    /// Its view of a map.
    ///
    /// # Panics
    /// When there is none of that name.
    pub fn map(&self, name: &str) -> &TestMap {
        &self.world.maps[name]
    }

    /// Lines that it logged after its init.
    pub fn log(&self) -> &[String] {
        &self.log
    }

    /// `ig_table` with entries that set (a value) or delete (None).
    pub fn table(&mut self, table: usize, entries: &[(u32, Option<&str>)]) -> Result<()> {
        let mut bytes = Vec::new();
        for (key, value) in entries {
            let text = value.unwrap_or_default();
            for word in [1 + value.is_none() as u32, 4, text.len() as u32, *key] {
                bytes.extend(word.to_le_bytes());
            }
            bytes.extend_from_slice(text.as_bytes());
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        self.reach(|instance| instance.table(table, &bytes))
    }

    /// What the last call wrote for the sink.
    pub fn output(&self) -> &[u8] {
        self.instance.output()
    }

    /// The same, as text.
    ///
    /// # Panics
    /// When it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(self.output()).expect("output in UTF-8")
    }
}
