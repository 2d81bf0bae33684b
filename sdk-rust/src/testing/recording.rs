//! Recordings of `ig run --record`, played to operators in the test's own process (`docs/recording.md`).

use super::batch::TestBatch;
use super::host::{FieldSpec, Host, SourceSpec};
use super::msgpack::{unpack, Value};
use std::path::Path;

/// `IGREC`, version 1, CR LF.
const MAGIC: &[u8] = b"IGREC\x01\r\n";

/// What was recorded: data sources and batches, as they left the kernel.
///
/// ```no_run
/// # use ig_operator::{Batch, Init, Operator, Result};
/// # struct Filter; impl Operator for Filter { fn init(_: &mut Init) -> Result<Self> { Ok(Filter) } }
/// use ig_operator::testing::Recording;
///
/// let recording = Recording::open("tests/opens.rec").unwrap();
/// let mut host = recording.host();
/// let mut filter = host.init::<Filter>(&[("prefix", "/etc")]).unwrap();
/// for mut batch in recording.batches(&host) {
///     filter.batch(&mut batch).unwrap();
///     println!("{} rows are left", batch.selected().len());
/// }
/// ```
pub struct Recording {
    sources: Vec<SourceSpec>,
    batches: Vec<Recorded>,
}

struct Recorded {
    source: usize,
    lost: u64,
    boot: i64,
    mono: i64,
    at: u64,
    rows: Vec<Vec<u8>>,
}

impl Recording {
    /// Reads a whole recording. What is wrong with it is an error that says where.
    pub fn open(path: impl AsRef<Path>) -> std::result::Result<Recording, String> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Recording::read(&bytes).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The same from memory.
    pub fn read(bytes: &[u8]) -> std::result::Result<Recording, String> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or("not a recording of version 1")?;
        let mut frame = || -> std::result::Result<Value, String> {
            let at = bytes.len() - rest.len();
            let damaged = |what: &str| format!("{what} at byte {at}");
            let size =
                rest.get(..4).and_then(|word| word.try_into().ok()).map(u32::from_le_bytes).ok_or_else(|| damaged("ends"))?;
            let sum =
                rest.get(4..8).and_then(|word| word.try_into().ok()).map(u32::from_le_bytes).ok_or_else(|| damaged("ends"))?;
            let payload = rest.get(8..8 + size as usize).ok_or_else(|| damaged("ends inside of the frame"))?;
            if crc32(payload) != sum {
                return Err(damaged("wrong checksum"));
            }
            rest = &rest[8 + size as usize..];
            unpack(payload).ok_or_else(|| damaged("not msgpack"))
        };
        let header = frame()?;
        let sources = header.get("dataSources").list().iter().map(source).collect();
        let mut batches = Vec::new();
        loop {
            let value = frame()?;
            if value.has("end") {
                return Ok(Recording { sources, batches });
            }
            batches.push(Recorded {
                source: value.get("ds").int() as usize,
                lost: value.get("lost").int() as u64,
                boot: value.get("boot").int() as i64,
                mono: value.get("mono").int() as i64,
                at: value.get("at").int() as u64,
                rows: records(value.get("records").bytes()),
            });
        }
    }

    /// A host with the recording's data sources, as an operator at the head of the chain sees them.
    pub fn host(&self) -> Host {
        Host::with_sources(self.sources.clone())
    }

    /// The batches, with the columns that operators which `host` initialised have added so far.
    pub fn batches<'r>(&'r self, host: &'r Host) -> impl Iterator<Item = TestBatch> + 'r {
        self.batches.iter().enumerate().map(|(sequence, recorded)| {
            let batch = host.batch(recorded.source).rows(&recorded.rows).clock(recorded.boot, recorded.at);
            batch.stamps(recorded.mono, recorded.lost, sequence as u64).heap(1 << 20).build()
        })
    }

    /// Records in all batches.
    pub fn row_count(&self) -> usize {
        self.batches.iter().map(|batch| batch.rows.len()).sum()
    }
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    value.entries().iter().map(|(key, value)| (key.clone(), value.text().to_owned())).collect()
}

fn source(value: &Value) -> SourceSpec {
    SourceSpec {
        name: value.get("name").text().to_owned(),
        array: value.get("type").text() == "array",
        record_size: value.get("recordSize").int() as u32,
        fields: value.get("fields").list().iter().map(field).collect(),
        annotations: pairs(value.get("annotations")),
        slots: value.get("slots").int() as i32,
    }
}

fn field(value: &Value) -> FieldSpec {
    FieldSpec {
        name: value.get("name").text().to_owned(),
        kind: value.get("kind").int() as u32,
        offset: value.get("offset").int() as u32,
        size: value.get("size").int() as u32,
        flags: value.get("flags").int() as u32,
        parent: value.get("parent").int() as i32,
        slot: value.get("slot").int() as i32,
        annotations: pairs(value.get("annotations")),
        tags: value.get("tags").list().iter().map(|tag| tag.text().to_owned()).collect(),
        order: value.get("order").int() as i32,
    }
}

/// Payloads of records as a ring holds them: u32 length, u32 zero, payload, zeros up to a multiple of 8.
fn records(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut rows = Vec::new();
    while let Some(word) = bytes.get(..4) {
        let size = u32::from_le_bytes(word.try_into().unwrap()) as usize;
        let Some(payload) = bytes.get(8..8 + size) else { break };
        rows.push(payload.to_vec());
        bytes = bytes.get(8 + size.next_multiple_of(8)..).unwrap_or_default();
    }
    rows
}

/// zlib's.
fn crc32(bytes: &[u8]) -> u32 {
    let table: Vec<u32> = (0..256u32)
        .map(|byte| (0..8).fold(byte, |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 }))
        .collect();
    !bytes.iter().fold(!0, |sum: u32, byte| sum >> 8 ^ table[((sum ^ *byte as u32) & 0xff) as usize])
}
