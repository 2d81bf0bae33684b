//! A table: its header and its rows.

use super::cell::{Cell, Source};
use super::fit::fit;
use super::layout::Column;
use crate::value::{Input, Reader};
use ig_operator::{Batch, FieldInfo, Kind, Result, Row};

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
    /// Text in the row, which ends at its first NUL.
    CString,
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
            let cell = Cell { width, right: column.right, ellipsis: super::cell::Ellipsis::End };
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
        // Characters of more than one byte make it grow.
        out.reserve(rows.len() * self.line + 64);
        for row in rows {
            let mut first = true;
            for (column, reader) in self.columns.iter().zip(&readers) {
                if !first {
                    out.push(b' ');
                }
                first = false;
                column.put(reader, row, limit, out);
            }
            out.push(b'\n');
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
        Kind::CString if field.slot().is_none() => Show::CString,
        Kind::CString | Kind::String | Kind::Bool => Show::Plain,
        _ if column.hex => Show::Hex,
        _ => Show::Plain,
    }
}

impl Shown {
    #[inline(always)]
    fn put<'b>(&self, reader: &Reader<'b>, row: Row<'b>, limit: *const u8, out: &mut Vec<u8>) {
        match reader {
            Reader::Text(values) => match self.show {
                Show::Size => self.cell.put_plain(&format!("<{} bytes>", values.get(row).len()), out),
                _ if values.is_absent() => self.cell.put_blank(out),
                show => {
                    let (from, size) = values.raw(row);
                    let stop_at_nul = matches!(show, Show::CString);
                    // SAFETY: the value is in the batch, which ends at the limit; or it is empty.
                    let limit = if size == 0 { from } else { limit };
                    unsafe { self.cell.put_text(Source { from, size, stop_at_nul, limit }, out) }
                }
            },
            Reader::Uint32(values) => self.unsigned(values.get(row).into(), out),
            Reader::Int32(values) => self.signed(values.get(row).into(), out),
            Reader::Uint64(values) => self.unsigned(values.get(row), out),
            Reader::Int64(values) => self.signed(values.get(row), out),
            Reader::Uint16(values) => self.unsigned(values.get(row).into(), out),
            Reader::Int16(values) => self.signed(values.get(row).into(), out),
            Reader::Uint8(values) => self.unsigned(values.get(row).into(), out),
            Reader::Int8(values) => self.signed(values.get(row).into(), out),
            Reader::Bool(values) => self.cell.put_plain(if values.get(row) { "true" } else { "false" }, out),
            Reader::Float64(values) => self.float(values.get(row), out),
            Reader::Float32(values) => self.float(values.get(row).into(), out),
        }
    }

    #[inline(always)]
    fn unsigned(&self, value: u64, out: &mut Vec<u8>) {
        match self.show {
            Show::Hex => self.cell.put_plain(&format!("0x{value:X}"), out),
            _ => self.cell.put_integer(false, value, out),
        }
    }

    #[inline(always)]
    fn signed(&self, value: i64, out: &mut Vec<u8>) {
        match self.show {
            Show::Hex => {
                let sign = if value < 0 { "-" } else { "" };
                self.cell.put_plain(&format!("{sign}0x{:X}", value.unsigned_abs()), out);
            }
            _ => self.cell.put_integer(value < 0, value.unsigned_abs(), out),
        }
    }

    #[inline(never)]
    fn float(&self, value: f64, out: &mut Vec<u8>) {
        let text = match self.show {
            Show::Decimals(decimals) if value.is_finite() && decimals >= 0 => format!("{value:.*}", decimals.min(64) as usize),
            _ if value == f64::INFINITY => "+Inf".into(),
            _ if value == f64::NEG_INFINITY => "-Inf".into(),
            _ => value.to_string(),
        };
        self.cell.put_plain(&text, out);
    }
}
