//! The imports, answered in-process. Each thread has a host of its own, as tests run in parallel.

#![allow(missing_docs)]

use super::host::{FieldSpec, SourceSpec};
use crate::abi::flag;
use crate::field::Kind;
use std::cell::RefCell;

/// What the imports work on while a test's host has lent it.
#[derive(Default)]
pub(crate) struct State {
    pub sources: Vec<SourceSpec>,
    pub in_init: bool,
    pub log: Vec<(u32, String)>,
    pub wanted: Vec<(u32, u32)>,
    pub owned: Vec<(u32, u32)>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

pub(crate) fn with<T>(run: impl FnOnce(&mut State) -> T) -> T {
    STATE.with(|state| run(&mut state.borrow_mut()))
}

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
