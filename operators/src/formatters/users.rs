//! Names of users and groups, from the side tables that the host keeps.

use super::{lookup, target, Job};
use ig_operator::{Change, DataSource, FieldInfo, NewField, Result};
use std::collections::HashMap;

/// The side tables, in the order of the manifest.
#[derive(Default)]
pub struct Names {
    users: HashMap<u32, String>,
    groups: HashMap<u32, String>,
}

impl Names {
    pub fn change(&mut self, table: usize, change: Change) {
        let names = if table == 0 { &mut self.users } else { &mut self.groups };
        match (change.key_u32(), change.value()) {
            (Some(id), Some(name)) => drop(names.insert(id, String::from_utf8_lossy(name).into_owned())),
            (Some(id), None) => drop(names.remove(&id)),
            (None, _) => {}
        }
    }
}

pub fn jobs(source: &DataSource, jobs: &mut Vec<Box<dyn Job>>) -> Result<()> {
    let text: [(&str, &str, &str, lookup::Text); 2] = [
        ("gadget_uid", "uid", "user", |id, names, to| match names.users.get(&id) {
            Some(name) => to.push_str(name),
            None => *to = format!("uid:{id}"),
        }),
        ("gadget_gid", "gid", "group", |id, names, to| match names.groups.get(&id) {
            Some(name) => to.push_str(name),
            None => *to = format!("gid:{id}"),
        }),
    ];
    for (tag, id, what, text) in text {
        for raw in target::tagged(source, tag) {
            if let Some(name) = name(&raw, id, what) {
                lookup::job(&raw, target::plain(NewField::new(name).hidden(true)), text, jobs)?;
            }
        }
    }
    Ok(())
}

/// What the annotation says, else `uid` as `user` (`loginuid` as `loginuser`, `tracee_uid_raw` as `tracee_user`).
fn name(raw: &FieldInfo, id: &str, what: &str) -> Option<String> {
    match raw.annotation("uidgidresolver.target") {
        Some(name) if !name.is_empty() => Some(name.to_owned()),
        _ => {
            let leaf = raw.leaf();
            leaf.strip_suffix("_raw").unwrap_or(leaf).strip_suffix(id).map(|rest| format!("{rest}{what}"))
        }
    }
}
