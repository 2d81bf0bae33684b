//! The format operator `columns`: a table for people.
//!
//! Parameters, each also as `KEY.NAME` for one data source: `fields` (the user's list), `terminal-width` (0: not a terminal,
//! the configured widths hold), `header` (0: none), `clear-screen` (1: snapshots replace each other on the screen),
//! `several` (1: there are tables of other data sources, too: each begins with its header where it takes its turn).
//!
//! `layout` finds the columns, `fit` their widths, `cell` writes a value into one, and `glyph` knows what may be shown.

mod cell;
mod fit;
mod glyph;
mod layout;
mod table;
#[cfg(test)]
mod tests;

use ig_operator::{Batch, DataSource, Error, Init, Operator, PerSource, Result, SourceType};
use std::cell::Cell;
use table::Table;

/// Clears the screen and goes to its upper left corner.
const CLEAR: &[u8] = b"\x1b[2J\x1b[H";

pub struct Columns {
    sources: PerSource<Source>,
}

thread_local! {
    /// Of the tables that take turns, the one that was shown last: the id of its data source.
    static SHOWN: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The table of one data source.
struct Source {
    table: Table,
    array: bool,
    header: bool,
    clear: bool,
    several: bool,
}

impl Operator for Columns {
    fn init(init: &mut Init) -> Result<Self> {
        Ok(Columns { sources: init.per_source(|source| Source::new(init, source).map(Some))? })
    }

    fn start(&mut self, batch: &mut Batch) -> Result<()> {
        if let Some(source) = self.sources.get(batch) {
            // A snapshot's header comes with the snapshot; on a screen of its own it is there from the start.
            if (!source.array && !source.several) || source.clear {
                source.begin(batch.output());
            }
        }
        Ok(())
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let Some(source) = self.sources.get(batch) else { return Ok(()) };
        if source.array {
            if batch.begins() {
                source.begin(batch.output());
            }
        } else if source.several && batch.selected() > 0 {
            let before = SHOWN.replace(Some(batch.source()));
            if before != Some(batch.source()) {
                if before.is_some() && source.header {
                    batch.output().push(b'\n');
                }
                source.begin(batch.output());
            }
        }
        source.table.put_rows(batch)
    }
}

impl Source {
    fn new(init: &Init, source: DataSource) -> Result<Self> {
        let param = |key: &str| {
            let own = format!("{key}.{}", source.name());
            let value = init.param(&own).map_or(init.param(key).map(|value| (key.to_string(), value)), |value| Some((own, value)));
            value.unwrap_or((key.to_string(), ""))
        };
        let (key, fields) = param("fields");
        let fields = layout::select(source, fields).map_err(|message| Error::invalid(format!("--{key}: {message}")))?;
        let (key, width) = param("terminal-width");
        let terminal = match width.trim() {
            "" => 0,
            text => text.parse().map_err(|_| Error::invalid(format!("{key}: {text:?} is not a width")))?,
        };
        let array = source.source_type() == SourceType::Array;
        Ok(Source {
            table: Table::new(&fields, terminal)?,
            array,
            header: !matches!(param("header").1, "0" | "false"),
            clear: array && matches!(param("clear-screen").1, "1" | "true"),
            several: matches!(param("several").1, "1" | "true"),
        })
    }

    fn begin(&self, out: &mut Vec<u8>) {
        if self.clear {
            out.extend_from_slice(CLEAR);
        }
        if self.header {
            self.table.put_header(out);
        }
    }
}
