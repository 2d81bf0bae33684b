//! The format operator `folded`: one line for each stack, the outermost frame first, with how often it was seen. It is what flame
//! graph tools read:
//!
//! ```text
//! comm;main;work;write;entry_SYSCALL_64_[k];ksys_write_[k] 42
//! ```
//!
//! The stacks are those that the data source's annotation `profiles.stack-fields` names, else all that it has; below them the
//! kernel's, whose functions end in `_[k]`, as `perf` and bcc write them. The number is the sum of the field that `profiles.value-field`
//! names, else of the records. All lines come at the end.

use crate::value::{Input, Reader};
use ig_operator::{Batch, DataSource, Error, Field, FieldInfo, Init, Kind, Operator, PerSource, Result, Row};
use std::collections::BTreeMap;

/// Bytes of lines that are kept before they are written: a tool adds up those that come twice.
const MOST_BYTES: usize = 32 << 20;
const BETWEEN: &[u8] = b"; ";

pub struct Folded {
    sources: PerSource<Source>,
    sums: BTreeMap<Vec<u8>, u64>,
    bytes: usize,
    line: Vec<u8>,
}

struct Source {
    comm: Option<Field<[u8]>>,
    stacks: Vec<Stack>,
    value: Option<Input>,
}

struct Stack {
    text: Field<[u8]>,
    kernel: bool,
}

impl Operator for Folded {
    fn init(init: &mut Init) -> Result<Self> {
        Ok(Folded { sources: init.per_source(|source| Source::new(source).map(Some))?, sums: BTreeMap::new(), bytes: 0, line: Vec::new() })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let Some(source) = self.sources.get(batch) else { return Ok(()) };
        let comm = source.comm.as_ref().map(|field| batch.read(field)).transpose()?;
        let value = source.value.as_ref().map(|input| input.bind(batch)).transpose()?;
        let stacks = source.stacks.iter().map(|stack| Ok((batch.read(&stack.text)?, stack.kernel))).collect::<Result<Vec<_>>>()?;
        for row in batch.rows() {
            let line = &mut self.line;
            line.clear();
            let name = comm.as_ref().map_or(&b""[..], |comm| comm.get(row));
            let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
            push(line, if name.is_empty() { b"[unknown]" } else { name });
            for (text, kernel) in &stacks {
                append(line, text.get(row), *kernel);
            }
            let more = value.as_ref().map_or(1, |value| number(value, row));
            match self.sums.get_mut(&line[..]) {
                Some(sum) => *sum = sum.saturating_add(more),
                None => {
                    self.bytes += line.len();
                    self.sums.insert(line.clone(), more);
                }
            }
        }
        if self.bytes > MOST_BYTES {
            self.write(batch);
        }
        Ok(())
    }

    fn stop(&mut self, batch: &mut Batch) -> Result<()> {
        self.write(batch);
        Ok(())
    }
}

impl Folded {
    fn write(&mut self, batch: &mut Batch) {
        let out = batch.output();
        for (line, sum) in std::mem::take(&mut self.sums) {
            out.extend_from_slice(&line);
            out.extend_from_slice(format!(" {sum}\n").as_bytes());
        }
        self.bytes = 0;
    }
}

impl Source {
    fn new(source: DataSource) -> Result<Self> {
        let comm = source.fields().find(|field| field.has_tag("type:gadget_comm") && field.slot().is_none());
        let mut stacks: Vec<Stack> = Vec::new();
        for field in stack_fields(&source) {
            stacks.push(Stack { text: field.handle()?, kernel: !field.has_tag("operator:ustack") });
        }
        if stacks.is_empty() {
            return Err(Error::invalid(format!("data source {} has no stacks", source.name())));
        }
        stacks.sort_by_key(|stack| stack.kernel);
        let value = source.annotation("profiles.value-field").and_then(|name| source.find(name));
        Ok(Source { comm: comm.map(|field| field.handle()).transpose()?, stacks, value: value.map(|field| Input::new(&field)).transpose()? })
    }
}

/// The fields with functions.
fn stack_fields<'t>(source: &DataSource<'t>) -> Vec<FieldInfo<'t>> {
    if let Some(names) = source.annotation("profiles.stack-fields") {
        return names.split(',').filter_map(|name| source.find(name.trim())).filter(|field| field.kind() == Kind::String).collect();
    }
    let user = source.fields().filter(|field| field.has_tag("operator:ustack") && field.has_tag("name:symbols"));
    let kernel = source.fields().filter(|field| field.has_tag("type:gadget_kernel_stack")).filter_map(|raw| {
        let name = raw.annotation("ebpf.formatter.kstack").or_else(|| raw.name().strip_suffix("_raw"))?;
        source.find(name).filter(|field| field.kind() == Kind::String)
    });
    user.chain(kernel).collect()
}

/// What would be taken for the end of a frame, or of the line, becomes something else.
fn push(line: &mut Vec<u8>, name: &[u8]) {
    line.extend(name.iter().map(|&byte| match byte {
        b';' => b':',
        0..=0x1f | 0x7f => b'?',
        _ => byte,
    }));
}

/// `text` has the innermost frame first, and "; " behind each.
fn append(line: &mut Vec<u8>, text: &[u8], kernel: bool) {
    let mut rest = text;
    while !rest.is_empty() {
        rest = rest.strip_suffix(BETWEEN).unwrap_or(rest);
        let start = rest.windows(BETWEEN.len()).rposition(|window| window == BETWEEN).map_or(0, |at| at + BETWEEN.len());
        let (before, frame) = rest.split_at(start);
        line.push(b';');
        // An address would be a frame of its own in each process.
        push(line, if frame.starts_with(b"0x") { b"[unknown]" } else { frame });
        if kernel {
            line.extend_from_slice(b"_[k]");
        }
        rest = before;
    }
}

fn number<'b>(value: &Reader<'b>, row: Row<'b>) -> u64 {
    match value {
        Reader::Uint8(values) => values.get(row).into(),
        Reader::Uint16(values) => values.get(row).into(),
        Reader::Uint32(values) => values.get(row).into(),
        Reader::Uint64(values) => values.get(row),
        Reader::Int32(values) => values.get(row).max(0) as u64,
        Reader::Int64(values) => values.get(row).max(0) as u64,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::append;

    fn folded(text: &str, kernel: bool) -> String {
        let mut line = b"sh".to_vec();
        append(&mut line, text.as_bytes(), kernel);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn the_outermost_frame_comes_first() {
        assert_eq!(folded("inner; middle; main; ", false), "sh;main;middle;inner");
        assert_eq!(folded("do_read; entry; ", true), "sh;entry_[k];do_read_[k]");
        assert_eq!(folded("", true), "sh");
    }

    #[test]
    fn names_with_spaces_stay_whole_and_addresses_are_unknown() {
        assert_eq!(folded("operator new(unsigned long); 0x00007f00deadbeef; ", false), "sh;[unknown];operator new(unsigned long)");
        assert_eq!(folded("a;b; c; ", false), "sh;c;a:b");
    }
}
