//! From the tree to a program, for one set of present columns.

use super::layout::Layout;
use super::program::{Action, Form, Program, Rare, Repeat, Step, Zero, MOST_REPEATED, OVERRUN, SHORT};
use super::scalar::MOST_SCALAR;
use super::string::{MOST_GROWTH, SLACK};
use super::tree::{Content, Leaf, Node, Place};
use ig_operator::Kind;

impl Program {
    /// Compiles. `present` says which column slots have values; rows are indented by `depth`, come after `head`, and end
    /// with `tail`.
    pub fn new(tree: &[Node], layout: Layout, depth: usize, [head, tail]: [&[u8]; 2], present: &dyn Fn(u32) -> bool) -> Program {
        let program = Program {
            layout,
            steps: Vec::new(),
            text: Vec::new(),
            zeros: Vec::new(),
            repeats: Vec::new(),
            rare: Vec::new(),
            brackets: Vec::new(),
            columns: Vec::new(),
            texts: Vec::new(),
            bound: 0,
        };
        let mut compiler = Compiler { program, pending: head.to_vec(), present, repeated: false, sparse: false };
        layout.indent(depth, &mut compiler.pending);
        compiler.object(tree, depth);
        compiler.pending.extend(tail);
        compiler.step(Action::End, 0, 0);
        let mut program = compiler.program;
        program.bound += program.text.len() + program.repeats.len() * MOST_REPEATED + SLACK + OVERRUN;
        program.text.resize(program.text.len() + OVERRUN, 0);
        program
    }
}

struct Compiler<'a> {
    program: Program,
    /// Text that waits for the next value.
    pending: Vec<u8>,
    present: &'a dyn Fn(u32) -> bool,
    /// Inside of an object that may be repeated: it has no others in it.
    repeated: bool,
    /// Inside of an object that may be all zero: it is made of numbers alone.
    sparse: bool,
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
                    if let Some((at, size)) = self.zero_span(inner) {
                        self.sparse_object(inner, depth, at, size);
                    } else if let Some((at, size)) = self.repeat_span(inner) {
                        self.repeated_object(inner, depth, at, size);
                    } else {
                        self.object(inner, depth);
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
        self.sparse = true;
        self.object(members, depth);
        self.sparse = false;
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

    fn repeated_object(&mut self, members: &[Node], depth: usize, at: usize, size: usize) {
        let index = self.program.repeats.len();
        self.program.repeats.push(Repeat { at, size, texts: Vec::new(), steps: 0, text: 0 });
        self.step(Action::Repeat, 0, index as u32);
        let (first_step, first_text) = (self.program.steps.len(), self.program.text.len());
        let first_column = self.program.texts.len();
        self.repeated = true;
        self.object(members, depth);
        self.repeated = false;
        self.step(Action::RepeatEnd, 0, index as u32);
        let program = &mut self.program;
        let texts = (first_column..program.texts.len()).collect();
        let (steps, text) = (program.steps.len() - first_step, program.text.len() - first_text);
        program.repeats[index] = Repeat { at, size, texts, steps, text };
    }

    /// The bytes of the row that hold all values of an object, if they are four or more and close together, and its columns
    /// are few and of text.
    fn repeat_span(&self, members: &[Node]) -> Option<(usize, usize)> {
        fn walk(members: &[Node], present: &dyn Fn(u32) -> bool, spans: &mut Vec<(u32, u32)>, columns: &mut usize) -> Option<()> {
            for node in members {
                match &node.content {
                    Content::Object(inner) => walk(inner, present, spans, columns)?,
                    Content::Leaf(leaf) => match &leaf.place {
                        Place::Nowhere => {}
                        Place::Slot(slot) | Place::Text { slot, .. } if !present(*slot) => {}
                        Place::Text { .. } if !leaf.array => *columns += 1,
                        Place::Row { offset, size } if !leaf.array => spans.push((*offset, offset + size)),
                        _ => return None,
                    },
                }
            }
            Some(())
        }
        let (mut spans, mut columns) = (Vec::new(), 0);
        walk(members, self.present, &mut spans, &mut columns)?;
        let start = spans.iter().map(|span| span.0).min()?;
        let end = spans.iter().map(|span| span.1).max()?;
        let fits = !self.repeated && !self.sparse && spans.len() >= 4 && columns <= 4 && end - start <= 128;
        fits.then_some((start as usize, (end - start) as usize))
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
        (!self.sparse && spans.len() >= 4 && size <= spans.len() * 16).then_some((start, size))
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
