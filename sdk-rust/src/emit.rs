//! New data sources: rows that an operator makes and hands over in bulk.

use crate::abi::{self, check, flag};
use crate::error::{Errno, Error, Result};
use crate::field::{Kind, Scalar};
use crate::init::{Init, NewField};
use crate::source::SourceType;
use std::marker::PhantomData;

/// Most rows and bytes that the host takes in one call of an operator.
const MOST_ROWS: usize = 65_536;
const MOST_BYTES: usize = 8 << 20;

/// A data source to be added with [`Init::add_source`]: its name and, in order, its fields.
///
/// ```
/// use ig_operator::{Cell, NewField, NewSource, TextCell};
///
/// let mut opens = NewSource::new("opens");
/// let comm: TextCell = opens.text(NewField::new("comm"), 16);
/// let count: Cell<u64> = opens.number(NewField::new("count").annotation("columns.width", "8"));
/// ```
///
/// Rows are laid out as C would: every number at a multiple of its size. The manifest asks for the capability
/// `emit:NAME`.
#[derive(Clone, Debug)]
pub struct NewSource {
    name: String,
    kind: SourceType,
    annotations: Vec<(String, String)>,
    fields: Vec<Placed>,
    size: u32,
    align: u32,
}

#[derive(Clone, Debug)]
struct Placed {
    field: NewField,
    kind: Kind,
    offset: u32,
    size: u32,
}

/// Where a number or a bool of a new data source's rows is.
#[derive(Debug)]
pub struct Cell<T> {
    offset: usize,
    kind: PhantomData<fn(T)>,
}

impl<T> Clone for Cell<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Cell<T> {}

/// Where a text of a new data source's rows is.
#[derive(Clone, Copy, Debug)]
pub struct TextCell {
    offset: usize,
    size: usize,
}

impl NewSource {
    /// A data source of single events. The name is letters, digits, `_` and `-`.
    pub fn new(name: impl Into<String>) -> Self {
        NewSource { name: name.into(), kind: SourceType::Single, annotations: Vec::new(), fields: Vec::new(), size: 0, align: 1 }
    }

    /// Every [`Emitter::flush`] is one snapshot, whose rows belong together.
    pub fn snapshots(mut self) -> Self {
        self.kind = SourceType::Array;
        self
    }

    /// With an annotation, such as `cli.default-output-mode`.
    pub fn annotation(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.annotations.push((key.into(), value.into()));
        self
    }

    /// Adds a number or a bool.
    pub fn number<T: Scalar>(&mut self, field: NewField) -> Cell<T> {
        let width = T::KIND.width() as u32;
        Cell { offset: self.place(field, T::KIND, width, width), kind: PhantomData }
    }

    /// Adds a text of up to `size` bytes.
    pub fn text(&mut self, field: NewField, size: u32) -> TextCell {
        TextCell { offset: self.place(field, Kind::CString, size, 1), size: size as usize }
    }

    /// Adds a field without a value, a parent for others: its id, for [`NewField::parent`].
    pub fn parent(&mut self, field: NewField) -> usize {
        self.place(field, Kind::Invalid, 0, 1);
        self.fields.len() - 1
    }

    fn place(&mut self, field: NewField, kind: Kind, size: u32, align: u32) -> usize {
        let offset = self.size.next_multiple_of(align);
        self.size = offset.saturating_add(size);
        self.align = self.align.max(align);
        self.fields.push(Placed { field, kind, offset, size });
        offset as usize
    }
}

impl Init<'_> {
    /// Adds a data source. Its rows go to the operators behind this one and to the output.
    ///
    /// [`Errno::NOTCAPABLE`] when the manifest does not ask for `emit:NAME` or the user took it away, [`Errno::EXIST`]
    /// when there is one of that name.
    pub fn add_source(&mut self, new: &NewSource) -> Result<Emitter> {
        let size = new.size.next_multiple_of(new.align);
        let kind = 1 + (new.kind == SourceType::Array) as u32;
        let source = check(abi::source_add(&new.name, kind, size), || format!("adding data source {}", new.name))?;
        for (key, value) in &new.annotations {
            check(abi::source_annotate(source, key, value), || format!("annotating data source {}", new.name))?;
        }
        for Placed { field, kind, offset, size } in &new.fields {
            let parent = field.parent.map_or(-1, |id| id as i32);
            let flags = if field.hidden { flag::HIDDEN } else { 0 } | if *kind == Kind::Invalid { flag::EMPTY } else { 0 };
            let what = || format!("adding field {} to {}", field.name, new.name);
            let id = check(abi::source_field(source, parent, &field.name, *kind as u32, flags, *offset, *size), what)?;
            field.describe(source, id)?;
        }
        Ok(Emitter { source, size: size as usize, rows: Vec::new() })
    }
}

/// Collects rows of a data source that the operator added, and hands them over.
///
/// It keeps its memory from one [`flush`](Emitter::flush) to the next.
#[derive(Debug)]
pub struct Emitter {
    source: u32,
    size: usize,
    rows: Vec<u8>,
}

impl Emitter {
    /// Starts a row, all zeros and empty texts.
    #[inline]
    pub fn row(&mut self) -> EmittedRow<'_> {
        let at = self.rows.len();
        self.rows.resize(at + self.size, 0);
        EmittedRow { bytes: &mut self.rows[at..] }
    }

    /// Rows that wait for [`flush`](Emitter::flush).
    pub fn len(&self) -> usize {
        self.rows.len() / self.size.max(1)
    }

    /// Whether none wait.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Forgets the rows that wait.
    pub fn clear(&mut self) {
        self.rows.clear();
    }

    /// Hands all rows to the host, in one call. To be called in `batch`, `start`, `tick` or `stop`; the rows count when that
    /// returns without an error. [`Errno::NOSPC`]: more than 65,536 rows or 8 MiB in one call; they are gone then.
    pub fn flush(&mut self) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let result = if self.len() > MOST_ROWS || self.rows.len() > MOST_BYTES {
            Err(Error::new(Errno::NOSPC, format!("{} rows are too many for one call", self.len())))
        } else {
            check(abi::emit(self.source, &self.rows, self.size as u32), || format!("emitting {} rows", self.len())).map(drop)
        };
        self.clear();
        result
    }
}

/// A row that is being made.
pub struct EmittedRow<'e> {
    bytes: &'e mut [u8],
}

impl EmittedRow<'_> {
    /// Sets a number or a bool.
    ///
    /// # Panics
    /// When the cell is of another data source, with longer rows.
    #[inline]
    pub fn set<T: Scalar>(&mut self, cell: Cell<T>, value: T) -> &mut Self {
        let to = &mut self.bytes[cell.offset..cell.offset + T::KIND.width()];
        // SAFETY: the slice is as long as the value.
        unsafe { value.store(to.as_mut_ptr()) };
        self
    }

    /// Sets a text; what does not fit is cut off.
    ///
    /// # Panics
    /// As [`set`](EmittedRow::set).
    #[inline]
    pub fn set_text(&mut self, cell: TextCell, text: &[u8]) -> &mut Self {
        let to = &mut self.bytes[cell.offset..cell.offset + cell.size];
        let size = text.len().min(to.len());
        to[..size].copy_from_slice(&text[..size]);
        self
    }
}
