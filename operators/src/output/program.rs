//! The tree, compiled for one set of present columns: literals, and values between them.

use super::layout::Layout;
use super::number::{write_u32, write_u64};
use super::scalar::{self, MOST_SCALAR};
use super::string::{write_json, Source, MOST_GROWTH, SLACK};
use super::tree::{Content, Leaf, Node, Place};
use super::yaml;
use ig_operator::{Batch, Bytes, Kind, RawColumn, Result, Row, Scalar};

/// A literal, and then a value.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Place in the program's text.
    literal: u32,
    literal_size: u32,
    action: Action,
    /// Offset in the row, or index of the column's binding.
    at: u32,
    /// Bytes in the row.
    size: u32,
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Uint32,
    Uint64,
    /// A value of any other kind of fixed size.
    Scalar(Kind),
    ColumnScalar(Kind),
    /// Text in the row, to its first NUL, for JSON.
    Text,
    ColumnText,
    /// The same for YAML.
    YamlText,
    YamlColumnText,
    /// Any bytes, as hexadecimal digits.
    Hex,
    ColumnHex,
    /// Elements of a kind; `brackets` is an index.
    Array { kind: Kind, brackets: u32 },
    ColumnArray { kind: Kind, brackets: u32 },
    /// When the `size` bytes are all zero, the next `skip` steps come to the text at `zero`.
    Zero { zero: u32, zero_size: u32, skip: u32 },
    /// The last step.
    End,
}

/// A compiled tree.
pub struct Program {
    layout: Layout,
    steps: Vec<Step>,
    text: Vec<u8>,
    brackets: Vec<[Vec<u8>; 3]>,
    /// Slots and widths of the columns of fixed-size values.
    slots: Vec<(u32, usize)>,
    /// Fields of the columns of text and bytes.
    texts: Vec<ig_operator::Field<[u8]>>,
    /// Most bytes of a row, values of text columns not counted.
    bound: usize,
}

/// A program bound to a batch.
pub struct Writer<'p, 'b> {
    program: &'p Program,
    columns: Vec<RawColumn<'b>>,
    texts: Vec<Bytes<'b>>,
    limit: *const u8,
}

impl Program {
    /// Compiles; `present` says which column slots have values, and `depth` how far rows are indented.
    pub fn new(tree: &[Node], layout: Layout, depth: usize, present: &dyn Fn(u32) -> bool) -> Program {
        let program =
            Program { layout, steps: Vec::new(), text: Vec::new(), brackets: Vec::new(), slots: Vec::new(), texts: Vec::new(), bound: 0 };
        let mut compiler = Compiler { program, pending: Vec::new(), present };
        layout.indent(depth, &mut compiler.pending);
        compiler.object(tree, depth);
        compiler.step(Action::End, 0, 0);
        let mut program = compiler.program;
        program.bound += program.text.len() + SLACK + OVERRUN;
        program.text.resize(program.text.len() + OVERRUN, 0);
        program
    }

    /// Binds the program's columns to a batch.
    pub fn bind<'p, 'b>(&'p self, batch: &Batch<'b>) -> Result<Writer<'p, 'b>> {
        Ok(Writer {
            program: self,
            columns: self.slots.iter().map(|&(slot, width)| batch.raw_column(slot, width)).collect::<Result<_>>()?,
            texts: self.texts.iter().map(|field| batch.read(field)).collect::<Result<_>>()?,
            limit: batch.end(),
        })
    }
}

struct Compiler<'a> {
    program: Program,
    /// Text that waits for the next value.
    pending: Vec<u8>,
    present: &'a dyn Fn(u32) -> bool,
}

impl Compiler<'_> {
    fn step(&mut self, action: Action, at: u32, size: u32) {
        let literal = self.program.text.len() as u32;
        let literal_size = self.pending.len() as u32;
        self.program.text.append(&mut self.pending);
        self.program.steps.push(Step { literal, literal_size, action, at, size });
    }

    /// An object whose key, if it has one, is pending already.
    fn object(&mut self, members: &[Node], depth: usize) {
        let layout = self.program.layout;
        layout.open(&mut self.pending);
        for (i, node) in members.iter().enumerate() {
            if i > 0 {
                layout.next(&mut self.pending);
            }
            // YAML has no brackets, so its members are as deep as the object.
            let depth = if layout == Layout::Yaml { depth } else { depth + 1 };
            layout.indent(depth, &mut self.pending);
            match &node.content {
                Content::Object(inner) if inner.is_empty() => {
                    layout.key(&node.name, false, &mut self.pending);
                    layout.before_value(&mut self.pending);
                    self.pending.extend(b"{}");
                    layout.after_value(&mut self.pending);
                }
                Content::Object(inner) => {
                    layout.key(&node.name, true, &mut self.pending);
                    let depth = if layout == Layout::Yaml { depth + 1 } else { depth };
                    match self.zero_span(inner) {
                        Some((at, size)) => self.sparse_object(inner, depth, at, size),
                        None => self.object(inner, depth),
                    }
                }
                Content::Leaf(leaf) => {
                    layout.key(&node.name, false, &mut self.pending);
                    self.leaf(leaf, depth);
                }
            }
        }
        layout.close(depth, &mut self.pending);
    }

    /// An object that is often all zero: its text for that case is made now.
    fn sparse_object(&mut self, members: &[Node], depth: usize, at: u32, size: u32) {
        let zero_step = self.program.steps.len();
        self.step(Action::End, at, size);
        self.object(members, depth);
        let steps = &self.program.steps[zero_step + 1..];
        let mut zeros = Vec::new();
        for step in steps {
            zeros.extend(&self.program.text[step.literal as usize..][..step.literal_size as usize]);
            let bool = matches!(step.action, Action::Scalar(Kind::Bool));
            zeros.extend(if bool { &b"false"[..] } else { b"0" });
        }
        let skip = steps.len() as u32;
        let zero = self.program.text.len() as u32;
        self.program.text.extend(&zeros);
        self.program.steps[zero_step].action = Action::Zero { zero, zero_size: zeros.len() as u32, skip };
    }

    /// The bytes of the row that hold all values of an object, if they are numbers, four or more, and close together.
    fn zero_span(&self, members: &[Node]) -> Option<(u32, u32)> {
        fn walk(members: &[Node], present: &dyn Fn(u32) -> bool, spans: &mut Vec<(u32, u32)>) -> Option<()> {
            for node in members {
                match &node.content {
                    Content::Object(inner) => walk(inner, present, spans)?,
                    Content::Leaf(leaf) => match &leaf.place {
                        Place::Nowhere => {}
                        Place::Slot(slot) | Place::Text { slot, .. } if !present(*slot) => {}
                        Place::Row { offset, .. } if leaf.kind.width() > 0 && !leaf.array => {
                            spans.push((*offset, offset + leaf.kind.width() as u32))
                        }
                        _ => return None,
                    },
                }
            }
            Some(())
        }
        let mut spans = Vec::new();
        walk(members, self.present, &mut spans)?;
        let start = spans.iter().map(|span| span.0).min()?;
        let end = spans.iter().map(|span| span.1).max()?;
        (spans.len() >= 4 && (end - start) as usize <= spans.len() * 16).then_some((start, end - start))
    }

    fn leaf(&mut self, leaf: &Leaf, depth: usize) {
        let scalar = leaf.kind.width() > 0;
        if leaf.array && scalar {
            return self.array(leaf, depth);
        }
        let layout = self.program.layout;
        layout.before_value(&mut self.pending);
        let quote: &[u8] = if scalar || layout == Layout::Yaml { b"" } else { b"\"" };
        self.pending.extend(quote);
        match &leaf.place {
            Place::Slot(slot) if (self.present)(*slot) => {
                self.program.slots.push((*slot, leaf.kind.width()));
                self.program.bound += MOST_SCALAR;
                self.step(Action::ColumnScalar(leaf.kind), self.program.slots.len() as u32 - 1, 0);
            }
            Place::Text { slot, field } if (self.present)(*slot) => {
                self.program.texts.push(field.clone());
                self.program.bound += SHORT * MOST_GROWTH + SLACK;
                let action = match leaf.kind {
                    Kind::String | Kind::CString if layout == Layout::Yaml => Action::YamlColumnText,
                    Kind::String | Kind::CString => Action::ColumnText,
                    _ => Action::ColumnHex,
                };
                self.step(action, self.program.texts.len() as u32 - 1, 0);
            }
            Place::Row { offset, .. } if scalar => {
                self.program.bound += MOST_SCALAR;
                let action = match leaf.kind {
                    Kind::Uint32 => Action::Uint32,
                    Kind::Uint64 => Action::Uint64,
                    kind => Action::Scalar(kind),
                };
                self.step(action, *offset, 0);
            }
            Place::Row { offset, size } => {
                self.program.bound += *size as usize * MOST_GROWTH + SLACK;
                let action = match leaf.kind {
                    Kind::String | Kind::CString if layout == Layout::Yaml => Action::YamlText,
                    Kind::String | Kind::CString => Action::Text,
                    _ => Action::Hex,
                };
                self.step(action, *offset, *size);
            }
            // No value in any row of the batch.
            Place::Slot(_) => self.pending.extend(if leaf.kind == Kind::Bool { &b"false"[..] } else { b"0" }),
            Place::Text { .. } | Place::Nowhere if layout == Layout::Yaml => self.pending.extend(b"\"\""),
            Place::Text { .. } | Place::Nowhere => {}
        }
        self.pending.extend(quote);
        layout.after_value(&mut self.pending);
    }

    fn array(&mut self, leaf: &Leaf, depth: usize) {
        let layout = self.program.layout;
        let brackets = layout.array(depth);
        let longest = brackets.iter().map(Vec::len).max().unwrap_or(0);
        let index = self.program.brackets.len() as u32;
        self.program.brackets.push(brackets);
        let (kind, width) = (leaf.kind, leaf.kind.width());
        match &leaf.place {
            Place::Row { offset, size } if *size as usize >= width => {
                self.program.bound += (*size as usize / width + 1) * (MOST_SCALAR + longest);
                self.step(Action::Array { kind, brackets: index }, *offset, *size);
            }
            Place::Text { slot, field } if (self.present)(*slot) => {
                self.program.texts.push(field.clone());
                self.step(Action::ColumnArray { kind, brackets: index }, self.program.texts.len() as u32 - 1, 0);
            }
            _ => {
                layout.before_value(&mut self.pending);
                self.pending.extend(b"[]");
            }
        }
        layout.after_value(&mut self.pending);
    }
}

/// Strings of columns up to this size have room without asking.
const SHORT: usize = 64;

/// Bytes that are read and written past the end of a literal.
const OVERRUN: usize = 64;

/// Copies a literal in steps of 32 and 64 bytes, too many rather than one by one: the text has [`OVERRUN`] bytes more than
/// its literals, and so have rows. A `memory.copy` is a call out of the module, dearer than the copy itself.
#[inline(always)]
unsafe fn copy_literal(from: *const u8, size: usize, to: *mut u8) -> *mut u8 {
    let copy32 = |at: usize| to.add(at).cast::<[u64; 4]>().write_unaligned(from.add(at).cast::<[u64; 4]>().read_unaligned());
    copy32(0);
    if size > 32 {
        copy32(32);
        let mut at = 64;
        while at < size {
            copy32(at);
            copy32(at + 32);
            at += 64;
        }
    }
    to.add(size)
}

#[inline(always)]
unsafe fn all_zero(from: *const u8, size: usize) -> bool {
    let word = |at: usize| from.add(at).cast::<u64>().read_unaligned();
    if size < 8 {
        return std::slice::from_raw_parts(from, size).iter().all(|byte| *byte == 0);
    }
    let mut bits = word(size - 8);
    let mut at = 0;
    while at + 8 < size {
        bits |= word(at);
        at += 8;
    }
    bits == 0
}

impl<'b> Writer<'_, 'b> {
    /// Writes a row: in JSON its object, without what separates it from others.
    #[inline]
    pub fn row(&self, batch: &Batch<'b>, row: Row<'b>, out: &mut Vec<u8>) {
        let program = self.program;
        out.reserve(program.bound);
        // SAFETY: the row has as many bytes as the record size, and `tree` checked that all fields are inside of that. All
        // that is written between two reserves is within `bound`: see the places that add to it.
        unsafe {
            let record = batch.row_address(row);
            let text = program.text.as_ptr();
            let mut to = out.as_mut_ptr().add(out.len());
            let mut step = program.steps.as_ptr();
            loop {
                let Step { literal, literal_size, action, at, size } = *step;
                to = copy_literal(text.add(literal as usize), literal_size as usize, to);
                step = step.add(1);
                let (at, size) = (at as usize, size as usize);
                match action {
                    Action::Uint32 => to = write_u32(to, u32::load(record.add(at))),
                    Action::Uint64 => to = write_u64(to, u64::load(record.add(at))),
                    Action::Scalar(kind) => to = scalar::write(kind, record.add(at), to),
                    Action::ColumnScalar(kind) => to = scalar::write(kind, self.columns.get_unchecked(at).address(row), to),
                    Action::Text => {
                        let source = Source { from: record.add(at), size, stop_at_nul: true, limit: self.limit };
                        to = write_json(source, to);
                    }
                    Action::ColumnText => {
                        let (from, size) = self.texts.get_unchecked(at).raw(row);
                        // Short strings have their room in the bound.
                        if size > SHORT {
                            to = self.room(out, to, size * MOST_GROWTH + SLACK);
                        }
                        let source = Source { from, size, stop_at_nul: false, limit: self.limit };
                        to = write_json(source, to);
                    }
                    Action::Zero { zero, zero_size, skip } => {
                        if all_zero(record.add(at), size) {
                            to = copy_literal(text.add(zero as usize), zero_size as usize, to);
                            step = step.add(skip as usize);
                        }
                    }
                    Action::End => {
                        out.set_len(to as usize - out.as_ptr() as usize);
                        return;
                    }
                    _ => to = self.rare(action, record.add(at), at, size, row, out, to),
                }
            }
        }
    }

    /// Makes room for `size` bytes beside the row's bound. `to` may move.
    #[inline(always)]
    unsafe fn room(&self, out: &mut Vec<u8>, to: *mut u8, size: usize) -> *mut u8 {
        let used = to as usize - out.as_ptr() as usize;
        if out.capacity() - used < size + self.program.bound {
            out.set_len(used);
            out.reserve(size + self.program.bound);
        }
        out.as_mut_ptr().add(used)
    }

    #[inline(never)]
    #[allow(clippy::too_many_arguments)]
    unsafe fn rare(
        &self,
        action: Action,
        from: *const u8,
        at: usize,
        size: usize,
        row: Row<'b>,
        out: &mut Vec<u8>,
        to: *mut u8,
    ) -> *mut u8 {
        let bytes = match action {
            Action::YamlText => {
                let field = std::slice::from_raw_parts(from, size);
                &field[..field.iter().position(|byte| *byte == 0).unwrap_or(size)]
            }
            Action::Hex | Action::Array { .. } => std::slice::from_raw_parts(from, size),
            _ => self.texts[at].get(row),
        };
        let mut value = Vec::new();
        match action {
            Action::YamlText | Action::YamlColumnText => yaml::push(bytes, &mut value),
            Action::Array { kind, brackets } | Action::ColumnArray { kind, brackets } => {
                self.elements(kind, &self.program.brackets[brackets as usize], bytes, &mut value)
            }
            _ => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                value.extend(bytes.iter().flat_map(|byte| [DIGITS[(byte >> 4) as usize], DIGITS[(byte & 15) as usize]]));
                if self.program.layout == Layout::Yaml {
                    yaml::push(&std::mem::take(&mut value), &mut value);
                }
            }
        }
        let to = self.room(out, to, value.len());
        std::ptr::copy_nonoverlapping(value.as_ptr(), to, value.len());
        to.add(value.len())
    }

    fn elements(&self, kind: Kind, [open, next, close]: &[Vec<u8>; 3], bytes: &[u8], out: &mut Vec<u8>) {
        if bytes.len() < kind.width() {
            let empty: &[u8] = if self.program.layout == Layout::Yaml { b" []" } else { b"[]" };
            return out.extend(empty);
        }
        for (i, element) in bytes.chunks_exact(kind.width()).enumerate() {
            out.extend(if i == 0 { open } else { next });
            let mut text = [0; MOST_SCALAR];
            // SAFETY: the element has the kind's width, and the text is as long as asked for.
            let end = unsafe { scalar::write(kind, element.as_ptr(), text.as_mut_ptr()) };
            out.extend(&text[..end as usize - text.as_ptr() as usize]);
        }
        out.extend(close);
    }
}
