//! The tree, compiled for one set of present columns: literals, and values between them.

use super::layout::Layout;
use super::number::{write_u32, write_u64};
use super::scalar::{self, MOST_SCALAR};
use super::string::{write_field, write_string, Limit, MOST_GROWTH, SLACK};
use super::tree::{Content, Leaf, Node, Place};
use super::yaml;
use ig_operator::{Batch, Bytes, Field, Kind, RawColumn, Result, Row, Rows, Scalar};

/// A literal, and then a value. The literals stand one after the other in the program's text.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Bytes of the literal.
    literal: u32,
    action: Action,
    /// Offset in the row, or an index, as the action says.
    at: u32,
    /// Bytes in the row, or an index.
    size: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Action {
    /// The last step.
    End,
    Uint32,
    Uint64,
    /// Text in the row, to its first NUL.
    Text,
    /// `at` is an index of `texts`.
    ColumnText,
    /// `size` is an index of `zeros`.
    Zero,
    /// A number or a bool at `at`, or in column `at`, of the kind of number `size`.
    Scalar,
    ColumnScalar,
    /// In column `at`.
    ColumnUint64,
    /// `size` is an index of `rare`.
    Rare,
}

/// When `size` bytes of the row from the step's `at` are zero, the next `steps` steps come to a text that was made before.
#[derive(Clone, Copy, Debug)]
struct Zero {
    size: usize,
    steps: usize,
    /// Bytes of that text, and of the literals of those steps, which follow it.
    zeros: usize,
    literals: usize,
}

/// A value whose text is made in a buffer of its own.
#[derive(Clone, Copy, Debug)]
struct Rare {
    form: Form,
    /// Bytes in the row; None: a column, the step's `at` is an index of `texts`.
    size: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    /// Any bytes, as hexadecimal digits.
    Hex,
    YamlText,
    /// `brackets` is an index.
    Array { kind: Kind, brackets: usize },
}

/// A compiled tree.
pub struct Program {
    layout: Layout,
    steps: Vec<Step>,
    text: Vec<u8>,
    zeros: Vec<Zero>,
    rare: Vec<Rare>,
    brackets: Vec<[Vec<u8>; 3]>,
    /// Slots and widths of the columns of fixed-size values.
    columns: Vec<(u32, usize)>,
    /// Fields of the columns of text and bytes.
    texts: Vec<Field<[u8]>>,
    /// Most bytes of a row, but for long values of text columns.
    bound: usize,
}

/// A program bound to a batch.
pub struct Writer<'p, 'b> {
    program: &'p Program,
    columns: Vec<RawColumn<'b>>,
    texts: Vec<Bytes<'b>>,
}

impl Program {
    /// Compiles. `present` says which column slots have values; rows are indented by `depth`, come after `head`, and end
    /// with `tail`.
    pub fn new(tree: &[Node], layout: Layout, depth: usize, [head, tail]: [&[u8]; 2], present: &dyn Fn(u32) -> bool) -> Program {
        let program = Program {
            layout,
            steps: Vec::new(),
            text: Vec::new(),
            zeros: Vec::new(),
            rare: Vec::new(),
            brackets: Vec::new(),
            columns: Vec::new(),
            texts: Vec::new(),
            bound: 0,
        };
        let mut compiler = Compiler { program, pending: head.to_vec(), present };
        layout.indent(depth, &mut compiler.pending);
        compiler.object(tree, depth);
        compiler.pending.extend(tail);
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
            columns: self.columns.iter().map(|&(slot, width)| batch.raw_column(slot, width)).collect::<Result<_>>()?,
            texts: self.texts.iter().map(|field| batch.read(field)).collect::<Result<_>>()?,
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
        let literal = self.pending.len() as u32;
        self.program.text.append(&mut self.pending);
        self.program.steps.push(Step { literal, action, at, size });
    }

    fn rare(&mut self, form: Form, at: u32, size: Option<usize>) {
        self.program.rare.push(Rare { form, size });
        self.step(Action::Rare, at, self.program.rare.len() as u32 - 1);
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

    /// An object that is often all zero: its text for that case is made now, and stands before its literals.
    fn sparse_object(&mut self, members: &[Node], depth: usize, at: u32, size: usize) {
        let index = self.program.zeros.len() as u32;
        self.step(Action::Zero, at, index);
        self.program.zeros.push(Zero { size, steps: 0, zeros: 0, literals: 0 });
        let (first_step, first_text) = (self.program.steps.len(), self.program.text.len());
        self.object(members, depth);
        let literals = self.program.text.split_off(first_text);
        let mut at = 0;
        for step in &self.program.steps[first_step..] {
            self.program.text.extend(&literals[at..at + step.literal as usize]);
            at += step.literal as usize;
            let bool = step.action == Action::Scalar && Kind::from_raw(step.size).0 == Kind::Bool;
            self.program.text.extend(if bool { &b"false"[..] } else { b"0" });
        }
        let zeros = self.program.text.len() - first_text;
        self.program.text.extend(&literals);
        let steps = self.program.steps.len() - first_step;
        self.program.zeros[index as usize] = Zero { size, steps, zeros, literals: literals.len() };
    }

    /// The bytes of the row that hold all values of an object, if they are numbers, four or more, and close together.
    fn zero_span(&self, members: &[Node]) -> Option<(u32, usize)> {
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
        let size = (end - start) as usize;
        (spans.len() >= 4 && size <= spans.len() * 16).then_some((start, size))
    }

    fn leaf(&mut self, leaf: &Leaf, depth: usize) {
        let scalar = leaf.kind.width() > 0;
        if leaf.array && scalar {
            return self.array(leaf, depth);
        }
        let layout = self.program.layout;
        let text = matches!(leaf.kind, Kind::String | Kind::CString);
        layout.before_value(&mut self.pending);
        let quote: &[u8] = if scalar || layout == Layout::Yaml { b"" } else { b"\"" };
        self.pending.extend(quote);
        match &leaf.place {
            Place::Slot(slot) if (self.present)(*slot) => {
                self.program.columns.push((*slot, leaf.kind.width()));
                self.program.bound += MOST_SCALAR;
                let action = if leaf.kind == Kind::Uint64 { Action::ColumnUint64 } else { Action::ColumnScalar };
                self.step(action, self.program.columns.len() as u32 - 1, leaf.kind as u32);
            }
            Place::Text { slot, field } if (self.present)(*slot) => {
                self.program.texts.push(field.clone());
                let index = self.program.texts.len() as u32 - 1;
                self.program.bound += SHORT * MOST_GROWTH + SLACK;
                match text {
                    true if layout == Layout::Yaml => self.rare(Form::YamlText, index, None),
                    true => self.step(Action::ColumnText, index, 0),
                    false => self.rare(Form::Hex, index, None),
                }
            }
            Place::Row { offset, .. } if scalar => {
                self.program.bound += MOST_SCALAR;
                let action = match leaf.kind {
                    Kind::Uint32 => Action::Uint32,
                    Kind::Uint64 => Action::Uint64,
                    _ => Action::Scalar,
                };
                self.step(action, *offset, leaf.kind as u32);
            }
            Place::Row { offset, size } => {
                self.program.bound += *size as usize * MOST_GROWTH + SLACK;
                match text {
                    true if layout == Layout::Yaml => self.rare(Form::YamlText, *offset, Some(*size as usize)),
                    true => self.step(Action::Text, *offset, *size),
                    false => self.rare(Form::Hex, *offset, Some(*size as usize)),
                }
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
        let (kind, brackets) = (leaf.kind, self.program.brackets.len());
        self.program.brackets.push(layout.array(depth));
        match &leaf.place {
            Place::Row { offset, size } if *size as usize >= kind.width() => {
                self.rare(Form::Array { kind, brackets }, *offset, Some(*size as usize));
            }
            Place::Text { slot, field } if (self.present)(*slot) => {
                self.program.texts.push(field.clone());
                self.rare(Form::Array { kind, brackets }, self.program.texts.len() as u32 - 1, None);
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
    /// Writes rows, one after the other.
    pub fn rows(&self, batch: &Batch<'b>, rows: Rows<'b>, out: &mut Vec<u8>) {
        let program = self.program;
        // SAFETY: rows have as many bytes as the record size, and `tree` checked that all fields are inside of that. What is
        // written for a row is within `bound`, for which there is room when the row begins, or asked for with `room`.
        unsafe {
            let limit = Limit(batch.end());
            let mut to = out.as_mut_ptr().add(out.len());
            for row in rows {
                to = self.room(out, to, 0);
                let record = batch.row_address(row);
                let mut text = program.text.as_ptr();
                let mut step = program.steps.as_ptr();
                loop {
                    let Step { literal, at, size, .. } = *step;
                    let (literal, at, size) = (literal as usize, at as usize, size as usize);
                    to = copy_literal(text, literal, to);
                    text = text.add(literal);
                    match (*step).action {
                        Action::Uint32 => to = write_u32(to, u32::load(record.add(at))),
                        Action::Uint64 => to = write_u64(to, u64::load(record.add(at))),
                        Action::Text => to = write_field(record.add(at), size, to, limit),
                        Action::ColumnText => {
                            let (from, size) = self.texts.get_unchecked(at).raw(row);
                            if size > SHORT {
                                to = self.room(out, to, size * MOST_GROWTH + SLACK);
                            }
                            to = write_string(from, size, to, limit);
                        }
                        Action::Zero => {
                            let Zero { size, steps, zeros, literals } = *program.zeros.get_unchecked(size);
                            if all_zero(record.add(at), size) {
                                to = copy_literal(text, zeros, to);
                                text = text.add(literals);
                                step = step.add(steps);
                            }
                            text = text.add(zeros);
                        }
                        Action::Scalar => to = scalar::write(Kind::from_raw(size as u32).0, record.add(at), to),
                        Action::ColumnUint64 => to = write_u64(to, u64::load(self.columns.get_unchecked(at).address(row))),
                        Action::ColumnScalar => {
                            to = scalar::write(Kind::from_raw(size as u32).0, self.columns.get_unchecked(at).address(row), to)
                        }
                        Action::Rare => to = self.rare(program.rare[size], record, at, row, out, to),
                        Action::End => break,
                    }
                    step = step.add(1);
                }
            }
            out.set_len(to as usize - out.as_ptr() as usize);
        }
    }

    /// Makes room for a row's bound and `more` bytes. `to` may move.
    #[inline(always)]
    unsafe fn room(&self, out: &mut Vec<u8>, to: *mut u8, more: usize) -> *mut u8 {
        let used = to as usize - out.as_ptr() as usize;
        let wanted = self.program.bound + more;
        if out.capacity() - used < wanted {
            out.set_len(used);
            out.reserve(wanted);
        }
        out.as_mut_ptr().add(used)
    }

    #[inline(never)]
    unsafe fn rare(&self, rare: Rare, record: *const u8, at: usize, row: Row<'b>, out: &mut Vec<u8>, to: *mut u8) -> *mut u8 {
        let bytes = match rare.size {
            Some(size) => std::slice::from_raw_parts(record.add(at), size),
            None => self.texts[at].get(row),
        };
        let mut value = Vec::new();
        match rare.form {
            Form::YamlText if rare.size.is_some() => yaml::push(bytes.split(|byte| *byte == 0).next().unwrap_or_default(), &mut value),
            Form::YamlText => yaml::push(bytes, &mut value),
            Form::Array { kind, brackets } => self.elements(kind, &self.program.brackets[brackets], bytes, &mut value),
            Form::Hex => {
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
