//! Side tables: what the host knows, and how it changes.

use std::collections::HashMap;

/// One change of a side table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'t> {
    /// The key has this value now.
    Set {
        /// The key's bytes, for `users` and `groups` a u32.
        key: &'t [u8],
        /// The value's bytes, for `users` and `groups` a name.
        value: &'t [u8],
    },
    /// The key has no value any more.
    Delete {
        /// The key's bytes.
        key: &'t [u8],
    },
}

impl<'t> Change<'t> {
    /// The key's bytes.
    pub fn key(&self) -> &'t [u8] {
        match self {
            Change::Set { key, .. } | Change::Delete { key } => key,
        }
    }

    /// The key as a number, if it is four bytes.
    pub fn key_u32(&self) -> Option<u32> {
        self.key().try_into().ok().map(u32::from_le_bytes)
    }

    /// The value; None when it was deleted.
    pub fn value(&self) -> Option<&'t [u8]> {
        match self {
            Change::Set { value, .. } => Some(value),
            Change::Delete { .. } => None,
        }
    }
}

/// A side table with keys of four bytes (`users`, `groups`), kept up to date by [`apply`](SideTable::apply).
///
/// ```
/// use ig_operator::{Change, SideTable};
///
/// let mut users = SideTable::default();
/// users.apply(&Change::Set { key: &[0, 0, 0, 0], value: b"root" });
/// assert_eq!(users.get(0), Some(&b"root"[..]));
/// ```
#[derive(Clone, Debug, Default)]
pub struct SideTable(HashMap<u32, Vec<u8>>);

impl SideTable {
    /// Takes a change: what [`Operator::table`](crate::Operator::table) does with it, most often. Keys of another size are left out.
    pub fn apply(&mut self, change: &Change) {
        let Some(key) = change.key_u32() else { return };
        match change.value() {
            Some(value) => self.0.insert(key, value.to_vec()),
            None => self.0.remove(&key),
        };
    }

    /// The value of a key.
    pub fn get(&self, key: u32) -> Option<&[u8]> {
        self.0.get(&key).map(Vec::as_slice)
    }

    /// How many keys have a value.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The changes in what `ig_table` gets; ends at the first entry that is not whole.
pub(crate) fn changes(mut bytes: &[u8]) -> impl Iterator<Item = Change<'_>> {
    std::iter::from_fn(move || {
        let word = |i: usize| Some(u32::from_le_bytes(bytes.get(i..i + 4)?.try_into().ok()?) as usize);
        let (op, key_size, value_size) = (word(0)?, word(4)?, word(8)?);
        let key_end = 12usize.checked_add(key_size)?;
        let end = key_end.checked_add(value_size)?;
        let (key, value) = (bytes.get(12..key_end)?, bytes.get(key_end..end)?);
        bytes = bytes.get(end.next_multiple_of(4)..).unwrap_or_default();
        Some(if op == 2 { Change::Delete { key } } else { Change::Set { key, value } })
    })
}
