//! The fields of a data source as the tree that JSON and YAML show.

use ig_operator::{DataSource, Field, FieldInfo, Kind, Result};

/// A field with its name.
pub struct Node {
    pub name: String,
    pub content: Content,
}

pub enum Content {
    Object(Vec<Node>),
    Leaf(Leaf),
}

/// A value.
pub struct Leaf {
    pub kind: Kind,
    pub array: bool,
    pub place: Place,
}

pub enum Place {
    /// Nothing: shown as an empty string.
    Nowhere,
    Row {
        offset: u32,
        size: u32,
    },
    /// A column of fixed-size values.
    Slot(u32),
    /// A column of text or bytes.
    Text {
        slot: u32,
        field: Field<[u8]>,
    },
}

/// The tree of all fields but those that are unreferenced or carry `json.skip`; asks the host for each.
pub fn tree(source: &DataSource) -> Result<Vec<Node>> {
    members(source, None)
}

fn members(source: &DataSource, parent: Option<usize>) -> Result<Vec<Node>> {
    let of_parent = |field: &FieldInfo| field.parent().map(|parent| parent.id()) == parent;
    let shown = |field: &FieldInfo| !field.is_unreferenced() && field.annotation("json.skip") != Some("true");
    let mut nodes = Vec::new();
    for field in source.fields().filter(of_parent).filter(shown) {
        let has_members = source.fields().any(|one| one.parent().is_some_and(|parent| parent.id() == field.id()));
        let content =
            if has_members { Content::Object(members(source, Some(field.id()))?) } else { Content::Leaf(leaf(&field)?) };
        nodes.push(Node { name: field.leaf().to_owned(), content });
    }
    nodes.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    Ok(nodes)
}

fn leaf(field: &FieldInfo) -> Result<Leaf> {
    let (kind, array) = (field.kind(), field.is_array());
    let place = match field.slot() {
        Some(slot) if kind.width() > 0 && !array => {
            field.want()?;
            Place::Slot(slot)
        }
        Some(slot) => Place::Text { slot, field: field.handle()? },
        None if field.is_empty() || field.size() == 0 => Place::Nowhere,
        None => {
            // A handle checks that the field is inside of the record; the program loads without a check.
            field.handle::<[u8]>()?;
            Place::Row { offset: field.offset(), size: field.size() }
        }
    };
    Ok(Leaf { kind, array, place })
}
