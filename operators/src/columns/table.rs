//! A table: its header and its rows.

use super::cell::{Cell, Ellipsis, Source, SLACK};
use super::fit::fit;
use super::layout::Column;
use crate::value::{Input, Reader};
use ig_operator::{Batch, Bytes, FieldInfo, Kind, Result, Row};

pub struct Table {
    columns: Vec<Shown>,
    header: Vec<u8>,
    /// Bytes of a line of ASCII.
    line: usize,
}

/// A column of the table.
struct Shown {
    cell: Cell,
    input: Input,
    show: Show,
}

/// How the values of a column are written.
#[derive(Clone, Copy)]
enum Show {
    Plain,
    Hex,
    Decimals(i32),
    /// Not the value, which no one could read, but its size.
    Size,
}

impl Table {
    /// `terminal` is the width of the line to fill; 0: the widths are as configured.
    pub fn new(fields: &[FieldInfo], terminal: usize) -> Result<Table> {
        let columns: Vec<Column> = fields.iter().map(|field| Column::new(*field)).collect();
        let widths = match terminal {
            0 => columns.iter().map(|column| column.shape.width.max(1)).collect(),
            _ => fit(&columns.iter().map(|column| column.shape).collect::<Vec<_>>(), terminal),
        };
        let mut table = Table { columns: Vec::new(), header: Vec::new(), line: widths.iter().sum::<usize>() + widths.len() };
        for (column, width) in columns.iter().zip(widths) {
            if !table.header.is_empty() {
                table.header.push(b' ');
            }
            let cell = Cell { width, right: column.right, ellipsis: Ellipsis::End };
            cell.put_bytes(column.header.as_bytes(), &mut table.header);
            let cell = Cell { ellipsis: column.ellipsis, ..cell };
            table.columns.push(Shown { cell, input: Input::new(&column.shown)?, show: show(column) });
        }
        table.header.push(b'\n');
        Ok(table)
    }

    pub fn put_header(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.header);
    }

    /// Writes the selected rows to the batch's output.
    pub fn put_rows(&self, batch: &mut Batch) -> Result<()> {
        let readers = self.columns.iter().map(|column| column.input.bind(batch)).collect::<Result<Vec<Reader>>>()?;
        let (rows, limit) = (batch.rows(), batch.end());
        let out = batch.output();
        let room = self.line + self.columns.len() * SLACK;
        out.reserve(rows.len() * self.line + room);
        for row in rows {
            out.reserve(room);
            // SAFETY: `to` is in `out`, and there is room for this and all cells after it: `careful` sees to that again.
            unsafe {
                let mut to = out.as_mut_ptr().add(out.len());
                for (column, reader) in self.columns.iter().zip(&readers) {
                    to = match column.fast(reader, row, limit, to) {
                        Some(to) => to,
                        None => column.careful(reader, row, limit, to, room, out),
                    };
                    *to = b' ';
                    to = to.add(1);
                }
                *to.sub(1) = b'\n';
                out.set_len(to as usize - out.as_ptr() as usize);
            }
        }
        Ok(())
    }
}

fn show(column: &Column) -> Show {
    let field = &column.shown;
    match field.kind() {
        _ if field.is_array() => Show::Size,
        Kind::Float32 | Kind::Float64 => Show::Decimals(column.precision),
        Kind::Bytes | Kind::Invalid => Show::Size,
        Kind::CString | Kind::String | Kind::Bool => Show::Plain,
        _ if column.hex => Show::Hex,
        _ => Show::Plain,
    }
}

impl Shown {
    /// Writes a value that needs no care; returns the address after it, or None.
    ///
    /// # Safety
    /// `to` must be valid for writes of the cell's width and `SLACK`; `limit` must be the batch's end.
    #[inline(always)]
    unsafe fn fast<'b>(&self, reader: &Reader<'b>, row: Row<'b>, limit: *const u8, to: *mut u8) -> Option<*mut u8> {
        let unsigned = |value: u64| match self.show {
            Show::Hex => None,
            _ => self.cell.integer(false, value, to),
        };
        let signed = |value: i64| match self.show {
            Show::Hex => None,
            _ => self.cell.integer(value < 0, value.unsigned_abs(), to),
        };
        match reader {
            Reader::CString(values) => self.cell.text(source(values, row, true, limit), to),
            Reader::Text(values) => match self.show {
                Show::Size => None,
                _ if values.is_absent() => Some(self.cell.blank(to)),
                _ => self.cell.text(source(values, row, false, limit), to),
            },
            Reader::Uint32(values) => unsigned(values.get(row).into()),
            Reader::Int32(values) => signed(values.get(row).into()),
            Reader::Uint64(values) => unsigned(values.get(row)),
            Reader::Int64(values) => signed(values.get(row)),
            Reader::Uint16(values) => unsigned(values.get(row).into()),
            Reader::Int16(values) => signed(values.get(row).into()),
            Reader::Uint8(values) => unsigned(values.get(row).into()),
            Reader::Int8(values) => signed(values.get(row).into()),
            Reader::Bool(_) | Reader::Float32(_) | Reader::Float64(_) => None,
        }
    }

    /// Writes any value, and makes room for the rest of the row. Returns the address after it.
    ///
    /// # Safety
    /// As of `fast`; what `out` has between its length and `to` must be written.
    #[cold]
    #[inline(never)]
    unsafe fn careful<'b>(
        &self,
        reader: &Reader<'b>,
        row: Row<'b>,
        limit: *const u8,
        to: *mut u8,
        room: usize,
        out: &mut Vec<u8>,
    ) -> *mut u8 {
        out.set_len(to as usize - out.as_ptr() as usize);
        let cell = &self.cell;
        match reader {
            Reader::Text(values) if matches!(self.show, Show::Size) => cell.put_plain(&format!("<{} bytes>", values.get(row).len()), out),
            Reader::CString(values) => cell.put_source(source(values, row, true, limit), out),
            Reader::Text(values) => cell.put_source(source(values, row, false, limit), out),
            Reader::Bool(values) => cell.put_plain(if values.get(row) { "true" } else { "false" }, out),
            Reader::Float64(values) => cell.put_plain(&self.float(values.get(row)), out),
            Reader::Float32(values) => cell.put_plain(&self.float(values.get(row).into()), out),
            Reader::Uint64(values) => cell.put_plain(&self.integer(false, values.get(row)), out),
            Reader::Uint32(values) => cell.put_plain(&self.integer(false, values.get(row).into()), out),
            Reader::Uint16(values) => cell.put_plain(&self.integer(false, values.get(row).into()), out),
            Reader::Uint8(values) => cell.put_plain(&self.integer(false, values.get(row).into()), out),
            Reader::Int64(values) => self.signed(values.get(row), out),
            Reader::Int32(values) => self.signed(values.get(row).into(), out),
            Reader::Int16(values) => self.signed(values.get(row).into(), out),
            Reader::Int8(values) => self.signed(values.get(row).into(), out),
        }
        out.reserve(room);
        out.as_mut_ptr().add(out.len())
    }

    fn signed(&self, value: i64, out: &mut Vec<u8>) {
        self.cell.put_plain(&self.integer(value < 0, value.unsigned_abs()), out);
    }

    fn integer(&self, negative: bool, value: u64) -> String {
        let sign = if negative { "-" } else { "" };
        match self.show {
            Show::Hex => format!("{sign}0x{value:X}"),
            _ => format!("{sign}{value}"),
        }
    }

    fn float(&self, value: f64) -> String {
        match self.show {
            Show::Decimals(decimals) if value.is_finite() && decimals >= 0 => format!("{value:.*}", decimals.min(64) as usize),
            _ if value == f64::INFINITY => "+Inf".into(),
            _ if value == f64::NEG_INFINITY => "-Inf".into(),
            _ => value.to_string(),
        }
    }
}

#[inline(always)]
fn source<'b>(values: &Bytes<'b>, row: Row<'b>, stop_at_nul: bool, limit: *const u8) -> Source {
    let (from, size) = values.raw(row);
    // An empty value may be anywhere.
    Source { from, size, stop_at_nul, limit: if size == 0 { from } else { limit } }
}
