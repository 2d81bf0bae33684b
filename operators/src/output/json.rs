//! `json`: a line per event, or a line with an array per snapshot; `pretty` spreads them over lines.

use super::layout::Layout;
use super::program::Program;
use super::tree::{tree, Node};
use ig_operator::{Batch, Init, Operator, PerSource, Result, SourceType};

/// The `json` operator. Parameter `pretty` (true or false): one value per line, indented by two.
pub struct Json(Formatter);

impl Operator for Json {
    fn init(init: &mut Init) -> Result<Self> {
        let layout = if init.param_or("pretty", false)? { Layout::Pretty } else { Layout::Json };
        Ok(Json(Formatter::new(init, layout)?))
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        self.0.batch(batch)
    }
}

/// What `json` and `yaml` share.
pub struct Formatter {
    layout: Layout,
    sources: PerSource<Schema>,
}

struct Schema {
    tree: Vec<Node>,
    array: bool,
    /// Rows of the snapshot at hand were written: it may come in parts.
    begun: bool,
    /// Programs by the columns that are present: usually one or two in a run.
    programs: Vec<(Present, Program)>,
}

/// A bit for each column slot that has values.
type Present = [u64; 4];

/// More sets of columns than this are not kept.
const MOST_PROGRAMS: usize = 16;

fn present(batch: &Batch) -> Present {
    let mut bits = [0; 4];
    for slot in 0..batch.column_count().min(256) {
        bits[slot / 64] |= (batch.is_present(slot as u32) as u64) << (slot % 64);
    }
    bits
}

/// What stands between the elements of an array.
fn between(layout: Layout) -> &'static [u8] {
    if layout == Layout::Pretty {
        b",\n"
    } else {
        b","
    }
}

impl Schema {
    fn compile(&self, layout: Layout, array: bool, bits: Present) -> Program {
        let has = |slot: u32| slot < 256 && bits[slot as usize / 64] >> (slot % 64) & 1 == 1;
        let depth = (array && layout == Layout::Pretty) as usize;
        let around: [&[u8]; 2] = match layout {
            Layout::Yaml => [b"---\n", b""],
            _ if array => [b"", between(layout)],
            _ => [b"", b"\n"],
        };
        Program::new(&self.tree, layout, depth, around, &has)
    }
}

impl Formatter {
    pub fn new(init: &Init, layout: Layout) -> Result<Self> {
        let sources = init.per_source(|source| {
            let array = source.source_type() == SourceType::Array;
            Ok(Some(Schema { tree: tree(&source)?, array, begun: true, programs: Vec::new() }))
        })?;
        Ok(Formatter { layout, sources })
    }

    pub fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let layout = self.layout;
        let Some(schema) = self.sources.get_mut(batch) else { return Ok(()) };
        let array = schema.array && layout != Layout::Yaml;
        let bits = present(batch);
        let index = match schema.programs.iter().position(|(for_bits, _)| *for_bits == bits) {
            Some(index) => index,
            None => {
                if schema.programs.len() >= MOST_PROGRAMS {
                    schema.programs.clear();
                }
                schema.programs.push((bits, schema.compile(layout, array, bits)));
                schema.programs.len() - 1
            }
        };
        let writer = schema.programs[index].1.bind(batch)?;
        let rows = batch.rows();
        let mut out = std::mem::take(batch.output());
        if array {
            let pretty = layout == Layout::Pretty;
            if batch.begins() {
                out.push(b'[');
                schema.begun = false;
            }
            if batch.selected() > 0 {
                out.extend(match schema.begun {
                    true => between(layout),
                    false if pretty => b"\n",
                    false => b"",
                });
                writer.rows(batch, rows, &mut out);
                // What stands between rows follows the last one, too.
                out.truncate(out.len() - between(layout).len());
                schema.begun = true;
            }
            if batch.ends() {
                out.extend(if pretty && schema.begun { &b"\n]\n"[..] } else { b"]\n" });
            }
        } else {
            writer.rows(batch, rows, &mut out);
        }
        *batch.output() = out;
        Ok(())
    }
}
