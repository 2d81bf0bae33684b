//! The imports, answered in-process. Each thread has a host of its own, as tests run in parallel.

use super::host::{FieldSpec, SourceSpec};
use super::world::{Metric, TestMap, World};
use crate::abi::flag;
use crate::field::Kind;
use std::cell::RefCell;
use std::ops::Bound;
use std::rc::Rc;

/// What the imports work on while a test's host has lent it.
#[derive(Default)]
pub(crate) struct State {
    pub sources: Vec<SourceSpec>,
    pub in_init: bool,
    pub log: Vec<(u32, String)>,
    pub wanted: Vec<(u32, u32)>,
    pub owned: Vec<(u32, u32)>,
    pub world: World,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

pub(crate) fn with<T>(run: impl FnOnce(&mut State) -> T) -> T {
    STATE.with(|state| run(&mut state.borrow_mut()))
}

const BADF: i32 = -8;
const EXIST: i32 = -20;
const INVAL: i32 = -28;
const NOENT: i32 = -44;
const PERM: i32 = -63;
const NOTCAPABLE: i32 = -76;

fn during_init(ds: u32, run: impl FnOnce(&mut SourceSpec) -> i32) -> i32 {
    with(|state| match state.sources.get_mut(ds as usize) {
        _ if !state.in_init => NOTCAPABLE,
        None => NOENT,
        Some(source) => run(source),
    })
}

fn on_field(ds: u32, field: u32, owned: bool, run: impl FnOnce(&mut FieldSpec)) -> i32 {
    if owned && !with(|state| state.owned.contains(&(ds, field))) {
        return PERM;
    }
    during_init(ds, |source| match source.fields.get_mut(field as usize) {
        None => NOENT,
        Some(field) => {
            run(field);
            0
        }
    })
}

pub fn log(level: u32, text: &str) {
    with(|state| state.log.push((level, text.to_owned())));
}

pub fn field_add(ds: u32, parent: i32, name: &str, kind: u32, flags: u32) -> i32 {
    let id = during_init(ds, |source| {
        let full = match usize::try_from(parent) {
            Err(_) => name.to_owned(),
            Ok(parent) => match source.fields.get(parent) {
                None => return NOENT,
                Some(parent) => format!("{}.{name}", parent.name),
            },
        };
        if name.is_empty() || name.contains('.') {
            return INVAL;
        }
        if source.fields.iter().any(|field| field.name == full) {
            return EXIST;
        }
        let slot = if flags & flag::EMPTY != 0 { -1 } else { source.new_slot() };
        let nested = if parent >= 0 { flag::HAS_PARENT } else { 0 };
        source.fields.push(FieldSpec {
            name: full,
            kind,
            flags: flags & (flag::EMPTY | flag::HIDDEN) | nested,
            parent,
            slot,
            ..FieldSpec::default()
        });
        source.fields.len() as i32 - 1
    });
    if id >= 0 {
        with(|state| state.owned.push((ds, id as u32)));
    }
    id
}

pub fn field_override(ds: u32, field: u32, kind: u32) -> i32 {
    if Kind::from_raw(kind).0 == Kind::Invalid {
        return INVAL;
    }
    during_init(ds, |source| {
        if field as usize >= source.fields.len() {
            return NOENT;
        }
        let slot = source.new_slot();
        let field = &mut source.fields[field as usize];
        (field.slot, field.kind) = (slot, kind);
        slot
    })
}

pub fn field_slot(ds: u32, field: u32) -> i32 {
    during_init(ds, |source| source.fields.get(field as usize).map_or(NOENT, |field| field.slot))
}

pub fn field_annotate(ds: u32, field: u32, key: &str, value: &str) -> i32 {
    on_field(ds, field, true, |field| {
        field.annotations.retain(|(name, _)| name != key);
        field.annotations.push((key.to_owned(), value.to_owned()));
    })
}

pub fn field_tag(ds: u32, field: u32, tag: &str) -> i32 {
    on_field(ds, field, true, |field| field.tags.push(tag.to_owned()))
}

pub fn field_hide(ds: u32, field: u32, hidden: bool) -> i32 {
    on_field(ds, field, false, |field| field.flags = field.flags & !flag::HIDDEN | if hidden { flag::HIDDEN } else { 0 })
}

pub fn field_want(ds: u32, field: u32) -> i32 {
    let result = on_field(ds, field, false, |_| ());
    if result == 0 {
        with(|state| state.wanted.push((ds, field)));
    }
    result
}

fn allowed(state: &State, capability: &str) -> bool {
    !state.world.refused.iter().any(|refused| refused == capability || refused == "all")
}

pub fn source_add(name: &str, kind: u32, record_size: u32) -> i32 {
    with(|state| {
        if !state.in_init || !allowed(state, &format!("emit:{name}")) {
            return NOTCAPABLE;
        }
        if name.is_empty() || record_size == 0 || !(1..=2).contains(&kind) {
            return INVAL;
        }
        if state.sources.iter().any(|source| source.name == name) {
            return EXIST;
        }
        let id = state.sources.len() as u32;
        state.sources.push(SourceSpec { name: name.to_owned(), array: kind == 2, record_size, ..SourceSpec::default() });
        state.world.sources.push((id, Rc::default()));
        id as i32
    })
}

/// A data source that the operator added.
fn own_source(ds: u32, run: impl FnOnce(&mut SourceSpec) -> i32) -> i32 {
    if !with(|state| state.world.sources.iter().any(|(id, _)| *id == ds)) {
        return PERM;
    }
    during_init(ds, run)
}

pub fn source_annotate(ds: u32, key: &str, value: &str) -> i32 {
    own_source(ds, |source| {
        source.annotations.push((key.to_owned(), value.to_owned()));
        0
    })
}

pub fn source_field(ds: u32, parent: i32, name: &str, kind: u32, flags: u32, offset: u32, size: u32) -> i32 {
    let id = own_source(ds, |source| {
        let above = usize::try_from(parent).ok().and_then(|id| source.fields.get(id));
        let full = above.map_or(name.to_owned(), |above| format!("{}.{name}", above.name));
        if name.is_empty() || name.contains('.') || offset as u64 + size as u64 > source.record_size as u64 {
            return INVAL;
        }
        if source.fields.iter().any(|field| field.name == full) {
            return EXIST;
        }
        let flags = flags & (flag::EMPTY | flag::HIDDEN)
            | if parent >= 0 { flag::HAS_PARENT } else { 0 }
            | if flags & flag::EMPTY == 0 { flag::IN_ROW } else { 0 };
        let order = source.fields.len() as i32;
        source.fields.push(FieldSpec { name: full, kind, flags, offset, size, parent, order, ..FieldSpec::default() });
        order
    });
    if id >= 0 {
        with(|state| state.owned.push((ds, id as u32)));
    }
    id
}

pub fn emit(ds: u32, rows: &[u8], stride: u32) -> i32 {
    with(|state| {
        if state.in_init || !state.world.sources.iter().any(|(id, _)| *id == ds) {
            return NOTCAPABLE;
        }
        state.world.emitted.extend(rows.chunks_exact(stride.max(1) as usize).map(|row| (ds, row.to_vec())));
        (rows.len() / stride.max(1) as usize) as i32
    })
}

pub fn metric_add(kind: u32, name: &str, unit: &str) -> i32 {
    with(|state| {
        if !state.in_init || !allowed(state, "metric") {
            return NOTCAPABLE;
        }
        if state.world.metrics.iter().any(|metric| metric.name == name) {
            return EXIST;
        }
        state.world.metrics.push(Metric { name: name.to_owned(), kind, unit: unit.to_owned(), values: Vec::new() });
        state.world.metrics.len() as i32 - 1
    })
}

pub fn metric_record(metric: u32, value: f64) -> i32 {
    metric_record_all(metric, &[value])
}

pub fn metric_record_all(metric: u32, values: &[f64]) -> i32 {
    with(|state| match state.world.metrics.get_mut(metric as usize) {
        None => BADF,
        Some(metric) if values.iter().any(|value| !value.is_finite() || (metric.kind == 0 && *value < 0.0)) => INVAL,
        Some(metric) => {
            metric.values.extend_from_slice(values);
            0
        }
    })
}

pub fn map_open(name: &str, info: &mut [u32; 8]) -> i32 {
    with(|state| {
        if !allowed(state, &format!("map:{name}")) {
            return NOTCAPABLE;
        }
        let Some(map) = state.world.maps.get(name) else { return NOENT };
        *info = [1, map.key_size as u32, map.value_size as u32, 10_240, map.writable as u32, 0, 0, 0];
        state.world.open.push(name.to_owned());
        state.world.open.len() as i32 - 1
    })
}

fn on_map(map: u32, write: bool, run: impl FnOnce(&mut TestMap) -> i32) -> i32 {
    with(|state| {
        let World { open, maps, .. } = &mut state.world;
        match open.get(map as usize).and_then(|name| maps.get_mut(name)) {
            None => BADF,
            Some(map) if write && !map.writable => NOTCAPABLE,
            Some(map) => run(map),
        }
    })
}

pub fn map_lookup(map: u32, key: &[u8], value: &mut [u8]) -> i32 {
    on_map(map, false, |map| match map.entries.get(key) {
        None => NOENT,
        Some(found) => {
            value.copy_from_slice(found);
            0
        }
    })
}

pub fn map_update(map: u32, key: &[u8], value: &[u8], flags: u32) -> i32 {
    on_map(map, true, |map| match (flags, map.entries.contains_key(key)) {
        (1, true) => EXIST,
        (2, false) => NOENT,
        _ => {
            map.entries.insert(key.to_vec(), value.to_vec());
            0
        }
    })
}

pub fn map_delete(map: u32, key: &[u8]) -> i32 {
    on_map(map, true, |map| if map.entries.remove(key).is_some() { 0 } else { NOENT })
}

pub fn map_read(map: u32, after: Option<&[u8]>, entries: &mut [u8]) -> i32 {
    on_map(map, false, |map| {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let (key_room, value_room) = (map.key_size.next_multiple_of(8), map.value_size.next_multiple_of(8));
        let mut count = 0;
        let found = map.entries.range::<[u8], _>((from, Bound::Unbounded));
        for (place, (key, value)) in entries.chunks_exact_mut(key_room + value_room).zip(found) {
            place.fill(0);
            place[..key.len()].copy_from_slice(key);
            place[key_room..key_room + value.len()].copy_from_slice(value);
            count += 1;
        }
        count
    })
}
