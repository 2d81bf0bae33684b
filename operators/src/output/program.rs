//! What rows are written by: literals, and values between them. `compile` makes it of the tree, `run` walks over it.

use super::layout::Layout;
use ig_operator::{Field, Kind};

/// A literal, and then a value. The literals stand one after the other in the program's text.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Bytes of the literal.
    pub literal: u32,
    pub action: Action,
    /// Offset in the row, or an index, as the action says.
    pub at: u32,
    /// Bytes in the row, or an index.
    pub size: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Action {
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
    /// `size` is an index of `repeats`: where such an object begins, and ends.
    Repeat,
    RepeatEnd,
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
pub struct Zero {
    pub size: usize,
    pub steps: usize,
    /// Bytes of that text, and of the literals of those steps, which follow it.
    pub zeros: usize,
    pub literals: usize,
}

/// An object that is often as in the row before, as `proc` is while one process does many things: when these bytes of the
/// row and these columns are the same, the next `steps` steps come to what was written then.
#[derive(Clone, Debug)]
pub struct Repeat {
    pub at: usize,
    pub size: usize,
    /// Indexes of `texts`.
    pub texts: Vec<usize>,
    pub steps: usize,
    /// Bytes of the program's text that those steps have.
    pub text: usize,
}

/// A value whose text is made in a buffer of its own.
#[derive(Clone, Copy, Debug)]
pub struct Rare {
    pub form: Form,
    /// Bytes in the row; None: a column, the step's `at` is an index of `texts`.
    pub size: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// Any bytes, as hexadecimal digits.
    Hex,
    YamlText,
    /// `brackets` is an index.
    Array {
        kind: Kind,
        brackets: usize,
    },
}

/// A compiled tree.
pub struct Program {
    pub layout: Layout,
    pub steps: Vec<Step>,
    pub text: Vec<u8>,
    pub zeros: Vec<Zero>,
    pub repeats: Vec<Repeat>,
    pub rare: Vec<Rare>,
    pub brackets: Vec<[Vec<u8>; 3]>,
    /// Slots and widths of the columns of fixed-size values.
    pub columns: Vec<(u32, usize)>,
    /// Fields of the columns of text and bytes.
    pub texts: Vec<Field<[u8]>>,
    /// Most bytes of a row, but for long values of text columns.
    pub bound: usize,
}

/// Strings of columns up to this size have room without asking.
pub const SHORT: usize = 64;

/// Objects of more bytes are not repeated.
pub const MOST_REPEATED: usize = 1024;

/// Bytes that are read and written past the end of a literal.
pub const OVERRUN: usize = 64;
