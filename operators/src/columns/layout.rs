//! Which columns a table has, and what each looks like: from the schema's annotations and the user's `--fields`.

use super::cell::Ellipsis;
use super::fit::Shape;
use crate::filter::problem::unknown_field;
use ig_operator::{DataSource, FieldInfo, Kind};

/// Wider than any line; keeps a gadget's annotation from taking memory.
const MOST_WIDTH: usize = 4096;
/// The width of a column that says none.
const DEFAULT_WIDTH: usize = 16;

/// A column before it is fitted to a terminal.
pub struct Column<'t> {
    /// The field whose values are shown.
    pub shown: FieldInfo<'t>,
    pub header: String,
    pub shape: Shape,
    pub right: bool,
    pub ellipsis: Ellipsis,
    pub hex: bool,
    /// Decimals of a float; -1: as many as it has.
    pub precision: i32,
}

impl<'t> Column<'t> {
    pub fn new(field: FieldInfo<'t>) -> Self {
        let replaced = annotation(&field, "columns.replace").and_then(|name| field.source().find(name));
        let name = annotation(&field, "columns.alias").filter(|alias| !alias.is_empty()).unwrap_or(field.name());
        Column {
            shown: replaced.unwrap_or(field),
            header: name.to_uppercase(),
            shape: shape(&field),
            right: annotation(&field, "columns.alignment") == Some("right"),
            ellipsis: match annotation(&field, "columns.ellipsis") {
                Some("start") => Ellipsis::Start,
                Some("middle") => Ellipsis::Middle,
                Some("none") => Ellipsis::None,
                _ => Ellipsis::End,
            },
            hex: annotation(&field, "columns.hex") == Some("true"),
            precision: annotation(&field, "columns.precision").and_then(|text| text.parse().ok()).unwrap_or(0),
        }
    }
}

/// Upstream has spelled them `minWidth` and `minwidth`.
fn annotation<'t>(field: &FieldInfo<'t>, key: &str) -> Option<&'t str> {
    field.annotations().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.trim())
}

fn shape(field: &FieldInfo) -> Shape {
    let by_type = characters(field);
    let number = |key: &str| match annotation(field, key) {
        None | Some("") => None,
        Some("type") => by_type,
        Some(text) => {
            let number = text.parse().ok();
            if number.is_none() {
                ig_operator::warn!("field {}: {key} is {text:?}, which is no width", field.name());
            }
            number
        }
    };
    let integer = by_type.filter(|_| field.kind() != Kind::Bool);
    let width = number("columns.width").unwrap_or(DEFAULT_WIDTH);
    let max = number("columns.maxwidth").unwrap_or(0);
    Shape {
        width: if width == 0 { by_type.unwrap_or(DEFAULT_WIDTH) } else { width }.min(MOST_WIDTH),
        min: number("columns.minwidth").unwrap_or(0).min(MOST_WIDTH),
        max: if max == 0 { integer.unwrap_or(0) } else { max },
        fixed: annotation(field, "columns.fixed") == Some("true"),
    }
}

/// Most characters of an integer or a bool.
fn characters(field: &FieldInfo) -> Option<usize> {
    if field.is_array() {
        return None;
    }
    Some(match field.kind() {
        Kind::Uint8 => 3,
        Kind::Int8 => 4,
        Kind::Uint16 | Kind::Bool => 5,
        Kind::Int16 => 6,
        Kind::Uint32 => 10,
        Kind::Int32 => 11,
        Kind::Int64 | Kind::Uint64 => 20,
        _ => return None,
    })
}

/// The fields of the columns, in order. `wanted` is the user's list: names replace the default, `+name` and `-name` change
/// it, `*` is all. A name is a full name or an alias, in any case of letters; a group's name stands for its members.
pub fn select<'t>(source: DataSource<'t>, wanted: &str) -> Result<Vec<FieldInfo<'t>>, String> {
    let mut all: Vec<FieldInfo> = source.fields().filter(|field| !field.is_empty() && !field.is_unreferenced()).collect();
    all.sort_by_key(|field| field.order());
    let entries: Vec<&str> = wanted.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
    let changes = entries.first().is_none_or(|first| first.starts_with(['+', '-']));
    let default = all.iter().filter(|field| changes && !field.is_hidden());
    let mut chosen: Vec<FieldInfo> = default.copied().collect();
    for entry in entries {
        let (name, remove) = match entry.strip_prefix('-') {
            Some(name) => (name.trim(), true),
            None => (entry.strip_prefix('+').unwrap_or(entry).trim(), false),
        };
        let meant = if name == "*" { all.clone() } else { meant(source, &all, name)? };
        for field in meant {
            let at = chosen.iter().position(|one| one.id() == field.id());
            match (at, remove) {
                (Some(at), true) => drop(chosen.remove(at)),
                (None, false) => chosen.push(field),
                _ => {}
            }
        }
    }
    if chosen.is_empty() {
        return Err(format!("no columns are left of data source {:?}", source.name()));
    }
    Ok(chosen)
}

/// The field of a name, or the members of a group.
fn meant<'t>(source: DataSource<'t>, all: &[FieldInfo<'t>], name: &str) -> Result<Vec<FieldInfo<'t>>, String> {
    if let Some(field) = source.find(name).filter(|field| !field.is_unreferenced()) {
        let members: Vec<FieldInfo> = all.iter().filter(|one| is_member(one, field.id())).copied().collect();
        if !members.is_empty() && annotation(&field, "columns.replace").is_none() {
            let groups: Vec<usize> = members.iter().filter_map(|one| Some(one.parent()?.id())).collect();
            return Ok(members.into_iter().filter(|one| !groups.contains(&one.id())).collect());
        }
        if !field.is_empty() {
            return Ok(vec![field]);
        }
    }
    let alias = |field: &&FieldInfo| annotation(field, "columns.alias").is_some_and(|alias| alias.eq_ignore_ascii_case(name));
    // Some aliases are shared, by a process and its parent: the one that is shown by default is meant.
    let found = all.iter().filter(alias).min_by_key(|field| (field.is_hidden(), field.id()));
    match found {
        Some(field) => Ok(vec![*field]),
        None => Err(unknown_field(name, source.name(), all.iter().map(|field| field.name()))),
    }
}

fn is_member(field: &FieldInfo, group: usize) -> bool {
    let mut parent = field.parent();
    // A schema is not trusted to be a tree.
    for _ in 0..16 {
        match parent {
            Some(one) if one.id() == group => return true,
            Some(one) => parent = one.parent(),
            None => return false,
        }
    }
    false
}
