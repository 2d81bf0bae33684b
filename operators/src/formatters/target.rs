//! Where a readable value goes: the name, and the field with it.

use ig_operator::{Column, ColumnValue, DataSource, Errno, FieldInfo, NewField, Result};

/// The fields of a data source that carry the tag `type:NAME`.
pub fn tagged<'t>(source: &DataSource<'t>, kind: &str) -> Vec<FieldInfo<'t>> {
    let tag = format!("type:{kind}");
    source.fields().filter(|field| field.has_tag(&tag)).collect()
}

/// The readable field's name: the annotation's value, else the field's own without `_raw`, else none.
pub fn name(field: &FieldInfo, annotation: &str) -> Option<String> {
    match field.annotation(annotation) {
        Some(name) if !name.is_empty() => Some(name.to_owned()),
        _ => field.leaf().strip_suffix("_raw").map(str::to_owned),
    }
}

/// The number whose text is `wanted`: one of `0..=named`, or one that is written with its digits behind a `#`.
pub fn inverse(wanted: &str, named: u32, text: fn(u32, &mut String)) -> Option<u32> {
    let is = |number: &u32| {
        let mut made = String::new();
        text(*number, &mut made);
        made == wanted
    };
    let digits = wanted.split_once('#').and_then(|(_, digits)| digits.parse().ok());
    (0..=named).chain(digits).find(is)
}

/// What fields have that say nothing else about their column.
pub fn plain(field: NewField) -> NewField {
    field.annotation("columns.width", "16").annotation("columns.alignment", "left").annotation("columns.ellipsis", "end")
}

/// Adds the readable field beside `raw`, and hides that. None when there is a field of that name already.
pub fn beside<T: ColumnValue + ?Sized>(raw: &FieldInfo, field: NewField) -> Result<Option<Column<T>>> {
    let added = match raw.source().add(&field.parent(raw.parent().map(|parent| parent.id()))) {
        Err(error) if error.errno == Errno::EXIST => {
            ig_operator::debug!("{}: {error}", raw.name());
            return Ok(None);
        }
        added => added?,
    };
    if raw.annotation("columns.hidden") != Some("false") {
        raw.hide(true)?;
    }
    Ok(Some(added))
}
