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

impl Formatter {
    pub fn new(init: &Init, layout: Layout) -> Result<Self> {
        let sources = init.per_source(|source| {
            let array = source.source_type() == SourceType::Array;
            Ok(Some(Schema { tree: tree(&source)?, array, programs: Vec::new() }))
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
                let has = |slot: u32| slot < 256 && bits[slot as usize / 64] >> (slot % 64) & 1 == 1;
                let depth = (array && layout == Layout::Pretty) as usize;
                if schema.programs.len() >= MOST_PROGRAMS {
                    schema.programs.clear();
                }
                schema.programs.push((bits, Program::new(&schema.tree, layout, depth, &has)));
                schema.programs.len() - 1
            }
        };
        let writer = schema.programs[index].1.bind(batch)?;
        let rows = batch.rows();
        let mut out = std::mem::take(batch.output());
        if array {
            let (open, next, close): (&[u8], &[u8], &[u8]) = match layout {
                Layout::Pretty if rows.len() > 0 => (b"[\n", b",\n", b"\n]\n"),
                _ => (b"[", b",", b"]\n"),
            };
            out.extend(open);
            for (i, row) in rows.enumerate() {
                if i > 0 {
                    out.extend(next);
                }
                writer.row(batch, row, &mut out);
            }
            out.extend(close);
        } else if layout == Layout::Yaml {
            for row in rows {
                out.extend(b"---\n");
                writer.row(batch, row, &mut out);
            }
        } else {
            for row in rows {
                writer.row(batch, row, &mut out);
                out.push(b'\n');
            }
        }
        *batch.output() = out;
        Ok(())
    }
}
