//! Batches for tests, and what can be read of them afterwards.

use super::host::SourceSpec;
use crate::abi::{header, BATCH_ARRAY, BATCH_CONTINUED, BATCH_HEADER, BATCH_MORE, BATCH_MAGIC, COLUMN_SIZE};
use crate::field::Kind;

/// Makes a batch.
pub struct BatchBuilder {
    source: usize,
    spec: SourceSpec,
    rows: Vec<Vec<u8>>,
    columns: Vec<(usize, Vec<Vec<u8>>)>,
    selection: Option<Vec<u32>>,
    scattered: bool,
    heap: usize,
    boot_offset: i64,
    mono_offset: i64,
    drained_at: u64,
    lost: u64,
    sequence: u64,
    part: u32,
}

impl BatchBuilder {
    pub(crate) fn new(source: usize, spec: SourceSpec) -> Self {
        BatchBuilder {
            source,
            spec,
            rows: Vec::new(),
            columns: Vec::new(),
            selection: None,
            scattered: false,
            heap: 1 << 16,
            boot_offset: 0,
            mono_offset: 0,
            drained_at: 0,
            lost: 0,
            sequence: 0,
            part: 0,
        }
    }

    /// Adds rows; shorter ones than the record size are padded with zeros.
    pub fn rows<R: AsRef<[u8]>>(mut self, rows: impl IntoIterator<Item = R>) -> Self {
        let size = self.spec.record_size as usize;
        for row in rows {
            let mut row = row.as_ref().to_vec();
            row.resize(row.len().max(size), 0);
            self.rows.push(row);
        }
        self
    }

    /// Cuts the rows so far, as the host's own memory does where records end before text: `size` bytes are left of each.
    #[doc(hidden)]
    pub fn cut(mut self, size: usize) -> Self {
        self.rows.iter_mut().for_each(|row| row.truncate(size));
        self
    }

    /// Gives a column field its values, one for each row: little-endian numbers, or text.
    ///
    /// # Panics
    /// When there is no such field, or it has no column.
    pub fn values<V: AsRef<[u8]>>(mut self, field: &str, values: impl IntoIterator<Item = V>) -> Self {
        let found = self.spec.fields.iter().find(|one| one.name == field).unwrap_or_else(|| panic!("no field {field}"));
        assert!(found.slot >= 0, "{field} has no column");
        self.columns.push((found.slot as usize, values.into_iter().map(|value| value.as_ref().to_vec()).collect()));
        self
    }

    /// Selects these rows, in this order, instead of all.
    pub fn select(mut self, rows: &[u32]) -> Self {
        self.selection = Some(rows.to_vec());
        self
    }

    /// Puts the rows at odd places, found by an offset table.
    pub fn scattered(mut self) -> Self {
        self.scattered = true;
        self
    }

    /// Bytes of the heap; 64 KiB if not said.
    pub fn heap(mut self, size: usize) -> Self {
        self.heap = size;
        self
    }

    /// Offset from boot time to wall time, and the wall time of the drain, in ns.
    pub fn clock(mut self, boot_offset: i64, drained_at: u64) -> Self {
        self.boot_offset = boot_offset;
        self.drained_at = drained_at;
        self
    }

    /// Makes it a part of a snapshot: whether one came before, and whether another follows.
    pub fn part(mut self, continued: bool, more: bool) -> Self {
        self.part = if continued { BATCH_CONTINUED } else { 0 } | if more { BATCH_MORE } else { 0 };
        self
    }

    pub(crate) fn stamps(mut self, mono_offset: i64, lost: u64, sequence: u64) -> Self {
        (self.mono_offset, self.lost, self.sequence) = (mono_offset, lost, sequence);
        self
    }

    /// Lays the batch out.
    pub fn build(self) -> TestBatch {
        let count = self.rows.len();
        let mut bytes = vec![0u8; BATCH_HEADER];
        let put = |bytes: &mut Vec<u8>, at: usize, value: u32| bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        let align = |bytes: &mut Vec<u8>| {
            bytes.resize(bytes.len().next_multiple_of(8), 0);
            bytes.len()
        };

        let columns = bytes.len();
        bytes.resize(columns + self.spec.slots as usize * COLUMN_SIZE, 0);
        for field in self.spec.fields.iter().filter(|field| field.slot >= 0) {
            let id = self.spec.fields.iter().position(|one| one.name == field.name).unwrap();
            put(&mut bytes, columns + field.slot as usize * COLUMN_SIZE, id as u32);
        }
        let selection = align(&mut bytes);
        let selected = self.selection.unwrap_or_else(|| (0..count as u32).collect());
        bytes.resize(selection + count * 4, 0);
        for (i, row) in selected.iter().enumerate() {
            put(&mut bytes, selection + i * 4, *row);
        }
        let offsets = align(&mut bytes);
        if self.scattered {
            bytes.resize(offsets + count * 4, 0);
        }
        let longest = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let stride = (longest + 8).next_multiple_of(8);
        let rows = align(&mut bytes) + 8;
        for (i, row) in self.rows.iter().enumerate() {
            bytes.extend((row.len() as u32).to_le_bytes());
            bytes.extend([0; 4]);
            if self.scattered {
                let at = bytes.len() as u32;
                put(&mut bytes, offsets + i * 4, at);
            }
            bytes.extend_from_slice(row);
            let padding =
                if self.scattered { row.len().next_multiple_of(8) - row.len() + i % 3 * 8 } else { stride - 8 - row.len() };
            bytes.resize(bytes.len() + padding, 0xee);
        }
        let rows_end = bytes.len();
        for (slot, values) in &self.columns {
            assert_eq!(values.len(), count, "a value for each row");
            let field = self.spec.fields.iter().find(|field| field.slot == *slot as i32).unwrap();
            let width = Kind::from_raw(field.kind).0.width();
            let data = align(&mut bytes);
            if width > 0 {
                values.iter().for_each(|value| bytes.extend_from_slice(&value[..width]));
            } else {
                bytes.resize(data + count * 8, 0);
                for (i, value) in values.iter().enumerate() {
                    let at = bytes.len() as u32;
                    put(&mut bytes, data + i * 8, at);
                    put(&mut bytes, data + i * 8 + 4, value.len() as u32);
                    bytes.extend_from_slice(value);
                }
            }
            let size = if width > 0 { count * width } else { count * 8 };
            let at = columns + slot * COLUMN_SIZE;
            put(&mut bytes, at + 4, 1);
            put(&mut bytes, at + 12, data as u32);
            put(&mut bytes, at + 16, size as u32);
        }
        let heap = align(&mut bytes);
        bytes.resize(heap + self.heap, 0);

        for (at, value) in [
            (header::MAGIC, BATCH_MAGIC as usize),
            (header::VERSION, 1 | BATCH_HEADER << 16),
            (header::DATA_SOURCE, self.source),
            (header::FLAGS, if self.spec.array { (BATCH_ARRAY | self.part) as usize } else { 0 }),
            (header::CAPACITY, bytes.len()),
            (header::ROW_COUNT, count),
            (header::STRIDE, if self.scattered || count == 0 { 0 } else { stride }),
            (header::ROWS, if count == 0 { 0 } else { rows }),
            (header::ROWS_SIZE, rows_end.saturating_sub(rows)),
            (header::ROW_OFFSETS, if self.scattered { offsets } else { 0 }),
            (header::SELECTION, selection),
            (header::SELECTED, selected.len()),
            (header::COLUMNS, columns),
            (header::COLUMN_COUNT, self.spec.slots as usize),
            (header::HEAP, heap),
        ] {
            put(&mut bytes, at, value as u32);
        }
        for (at, value) in [
            (header::BOOT_OFFSET, self.boot_offset as u64),
            (header::MONO_OFFSET, self.mono_offset as u64),
            (header::DRAINED_AT, self.drained_at),
            (header::LOST, self.lost),
            (header::SEQUENCE, self.sequence),
        ] {
            bytes[at..][..8].copy_from_slice(&value.to_le_bytes());
        }

        // Aligned to 8, as the host's regions are.
        let mut words = vec![0u64; bytes.len().div_ceil(8)];
        for (word, chunk) in words.iter_mut().zip(bytes.chunks(8)) {
            let mut whole = [0; 8];
            whole[..chunk.len()].copy_from_slice(chunk);
            *word = u64::from_le_bytes(whole);
        }
        TestBatch { words, spec: self.spec }
    }
}

/// A batch in the test's memory.
pub struct TestBatch {
    words: Vec<u64>,
    spec: SourceSpec,
}

impl TestBatch {
    pub(crate) fn base(&mut self) -> *mut u8 {
        self.words.as_mut_ptr().cast()
    }

    /// The region's bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: any bytes may be read of a u64, and no alignment is needed.
        unsafe { std::slice::from_raw_parts(self.words.as_ptr().cast(), self.words.len() * 8) }
    }

    /// A word of the region.
    pub fn word(&self, at: usize) -> u32 {
        (self.words[at / 8] >> (at % 8 * 8)) as u32
    }

    /// Changes a word of the region, to see what an operator makes of a batch that is wrong.
    pub fn set_word(&mut self, at: usize, value: u32) {
        let (word, shift) = (&mut self.words[at / 8], at % 8 * 8);
        *word = *word & !(0xffff_ffff << shift) | (value as u64) << shift;
    }

    /// The selected rows, in order.
    pub fn selected(&self) -> Vec<u32> {
        let at = self.word(header::SELECTION) as usize;
        (0..self.word(header::SELECTED) as usize).map(|i| self.word(at + i * 4)).collect()
    }

    /// Bytes of the heap in use.
    pub fn heap_used(&self) -> u32 {
        self.word(header::HEAP_USED)
    }

    /// The bytes of a field's value, in its column or in the row; None when the column or the row has none.
    ///
    /// # Panics
    /// When there is no such field, or its value leaves the region.
    pub fn value(&self, field: &str, row: usize) -> Option<Vec<u8>> {
        let field = self.spec.fields.iter().find(|one| one.name == field).unwrap_or_else(|| panic!("no field {field}"));
        let bytes = self.bytes();
        let word = |at: usize| self.word(at) as usize;
        if field.slot < 0 {
            let at = match word(header::STRIDE) {
                0 => word(word(header::ROW_OFFSETS) + row * 4),
                stride => word(header::ROWS) + row * stride,
            };
            let value = &bytes[at + field.offset as usize..][..field.size as usize];
            let text = field.kind == Kind::CString as u32;
            return Some(if text { value.split(|byte| *byte == 0).next()?.to_vec() } else { value.to_vec() });
        }
        let at = word(header::COLUMNS) + field.slot as usize * COLUMN_SIZE;
        let (state, validity, data) = (word(at + 4), word(at + 8), word(at + 12));
        if state == 0 || (validity != 0 && bytes[validity + row / 8] >> (row % 8) & 1 == 0) {
            return None;
        }
        let width = Kind::from_raw(field.kind).0.width();
        Some(if width > 0 {
            bytes[data + row * width..][..width].to_vec()
        } else {
            let part = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
            let view = data + row * 8;
            bytes[part(view)..][..part(view + 4)].to_vec()
        })
    }

    /// A field's text.
    ///
    /// # Panics
    /// When there is none, or it is not UTF-8.
    pub fn text(&self, field: &str, row: usize) -> String {
        String::from_utf8(self.value(field, row).unwrap_or_else(|| panic!("{field} of row {row} has no value"))).unwrap()
    }

    /// A field's number, zero-extended.
    ///
    /// # Panics
    /// When there is none.
    pub fn u64(&self, field: &str, row: usize) -> u64 {
        let mut bytes = self.value(field, row).unwrap_or_else(|| panic!("{field} of row {row} has no value"));
        bytes.resize(8, 0);
        u64::from_le_bytes(bytes.try_into().unwrap())
    }
}
