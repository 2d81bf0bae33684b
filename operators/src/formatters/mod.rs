//! `formatters`: readable values beside raw ones, by the type tags of fields.
//!
//! | tag | adds |
//! |---|---|
//! | `type:gadget_signal`, `gadget_errno`, `gadget_file_mode`, `gadget_file_flags` | the name or names (`SIGKILL`, `ENOENT`, `-rw-r--r--`, `O_RDWR\|O_CREAT`) |
//! | `type:gadget_syscall` | the system call's name (`SYS_OPENAT`), by the parameter `arch` |
//! | any, with the annotation `enum.values` | the name of the enum's value; with `enum.flags`, those of the bits that are set |
//! | `type:gadget_timestamp` | local time; the raw field becomes ns since 1970 |
//! | `type:gadget_bytes`, `gadget_duration` | `1.2 kB`, `1.50µs` |
//! | `type:gadget_l3endpoint_t`, `gadget_l4endpoint_t` | members `addr`, and `proto` and `endpoint` |
//! | `type:gadget_uid`, `gadget_gid` | user and group, from the side tables |
//!
//! A field `NAME_raw` gets a field `NAME` beside it, or what its `formatters.*.target` annotation says; without either it
//! stays alone. The raw field is hidden, unless its annotation `columns.hidden` is `false`. A text field `args` with a
//! sibling `args_size` has its NULs replaced in place: see [`args`]. What is behind the record becomes a field: see [`rest`].

mod args;
mod digits;
mod endpoint;
mod enums;
mod errno;
mod file;
mod layout;
mod lookup;
mod measure;
mod memo;
mod rest;
mod signal;
mod syscall;
mod target;
mod time;
mod users;

use ig_operator::{Batch, Change, DataSource, FieldInfo, Init, Kind, Operator, PerSource, Result};
use time::UtcOffsets;
use users::Names;

/// One field's formatting, in one data source.
trait Job {
    fn run(&mut self, batch: &mut Batch, names: &Names) -> Result<()>;
}

/// The `formatters` operator. Side tables: users, groups. Parameter `utc-offsets`: see [`time`].
pub struct Formatters {
    names: Names,
    jobs: PerSource<Vec<Box<dyn Job>>>,
}

impl Operator for Formatters {
    fn init(init: &mut Init) -> Result<Self> {
        let offsets: UtcOffsets = init.param_or("utc-offsets", UtcOffsets::default())?;
        let arch: String = init.param_or("arch", "x64".to_owned())?;
        let jobs = init.per_source(|source| jobs(&source, &offsets, &arch).map(Some))?;
        Ok(Formatters { names: Names::default(), jobs })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        if batch.selected() == 0 {
            return Ok(());
        }
        let Some(jobs) = self.jobs.get_mut(batch) else { return Ok(()) };
        jobs.iter_mut().try_for_each(|job| job.run(batch, &self.names))
    }

    fn table(&mut self, table: usize, change: Change) -> Result<()> {
        self.names.change(table, change);
        Ok(())
    }
}

/// A field that will be added, with the field that it is made from and the number that each of its texts stands for.
pub fn named<'t>(source: &DataSource<'t>, name: &str) -> Option<(FieldInfo<'t>, Inverse)> {
    let formats: [(&str, &str, Inverse); 2] = [
        ("gadget_errno", "formatters.errno.target", errno::number),
        ("gadget_signal", "formatters.signal.target", signal::number),
    ];
    formats.into_iter().find_map(|(kind, annotation, inverse)| {
        let raw = target::tagged(source, kind).into_iter().find(|raw| {
            let leaf = target::name(raw, annotation).unwrap_or_default();
            let full = raw.parent().map_or(leaf.clone(), |parent| format!("{}.{leaf}", parent.name()));
            full.eq_ignore_ascii_case(name)
        })?;
        (raw.kind() == Kind::Uint32 && !raw.is_array()).then_some((raw, inverse))
    })
}

/// From a text to its number; None: no number has it.
pub type Inverse = fn(&str) -> Option<u32>;

/// The order decides that of the added fields.
fn jobs(source: &DataSource, offsets: &UtcOffsets, arch: &str) -> Result<Vec<Box<dyn Job>>> {
    let mut jobs: Vec<Box<dyn Job>> = Vec::new();
    rest::jobs(source, &mut jobs)?;
    enums::jobs(source, &mut jobs)?;
    signal::jobs(source, &mut jobs)?;
    errno::jobs(source, &mut jobs)?;
    syscall::jobs(source, arch, &mut jobs)?;
    time::jobs(source, offsets, &mut jobs)?;
    measure::jobs(source, &mut jobs)?;
    endpoint::jobs(source, &mut jobs)?;
    file::jobs(source, &mut jobs)?;
    users::jobs(source, &mut jobs)?;
    args::jobs(source, &mut jobs)?;
    Ok(jobs)
}

#[cfg(test)]
mod tests;
