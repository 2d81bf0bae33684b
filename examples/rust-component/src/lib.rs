//! An enricher as a component, without an SDK: adds the column `directory`, what comes before the last `/` of `fname`.
//!
//!     cargo build --release --target wasm32-unknown-unknown
//!     node scripts/component.mjs target/wasm32-unknown-unknown/release/directory.wasm directory.wasm
//!     ig run trace_open --wasm-operator directory.wasm

use std::cell::RefCell;

wit_bindgen::generate!({ path: "../../sdk-wit", world: "batches" });

use exports::ig::operator::operator::{Changes, DataSource, Guest, RecordBatch};
use ig::operator::host;
use ig::operator::types::{Column, FieldFlags, Kind};

/// Of each data source that has names of files: where they are in a row, how long at most, and the column to fill.
#[derive(Clone, Copy)]
struct Wanted {
    offset: usize,
    size: usize,
    slot: u32,
}

thread_local! {
    static WANTED: RefCell<Vec<Option<Wanted>>> = const { RefCell::new(Vec::new()) };
}

const UNCHANGED: Changes = Changes { selection: None, columns: None, heap: None, output: None };

struct Directory;

fn prepare(ds: u32, source: &DataSource) -> Result<Option<Wanted>, String> {
    let Some(fname) = source.fields.iter().find(|field| field.name == "fname") else { return Ok(None) };
    let failed = |what: &str, errno: host::Errno| format!("{what}: {errno:?}");
    host::field_want(ds, fname.id).map_err(|errno| failed("reading fname", errno))?;
    let added = host::field_add(ds, None, "directory", Kind::String, FieldFlags::empty()).map_err(|errno| failed("adding directory", errno))?;
    let slot = host::field_slot(ds, added).ok_or("directory has no column")?;
    Ok(Some(Wanted { offset: fname.offset as usize, size: fname.size as usize, slot }))
}

impl Guest for Directory {
    fn init(_op: u32, sources: Vec<DataSource>, _params: Vec<(String, String)>) -> Result<(), String> {
        let wanted = (0..).zip(&sources).map(|(ds, source)| prepare(ds, source)).collect::<Result<Vec<_>, _>>()?;
        if wanted.iter().all(Option::is_none) {
            return Err("no data source has a field fname".into());
        }
        WANTED.set(wanted);
        Ok(())
    }

    fn batch(_op: u32, batch: RecordBatch) -> Result<Changes, String> {
        let Some(wanted) = WANTED.with_borrow(|wanted| wanted[batch.data_source as usize]) else { return Ok(UNCHANGED) };
        // Texts may be bytes of the row itself: nothing is copied. Asking for fields makes the stride never 0.
        let mut heap = Vec::with_capacity(batch.row_count as usize * 8);
        for row in 0..batch.row_count as usize {
            let at = batch.rows as usize + row * batch.stride as usize + wanted.offset;
            let text = &batch.bytes[at..(at + wanted.size).min(batch.bytes.len())];
            let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
            let size = text.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
            heap.extend_from_slice(&(at as u32).to_le_bytes());
            heap.extend_from_slice(&(size as u32).to_le_bytes());
        }
        let column = Column { slot: wanted.slot, validity: None, data: batch.heap, size: heap.len() as u32 };
        Ok(Changes { columns: Some(vec![column]), heap: Some(heap), ..UNCHANGED })
    }
}

export!(Directory);

/// The custom section `ig.manifest`.
const MANIFEST: &str = include_str!("../manifest.json");
#[link_section = "ig.manifest"]
#[used]
static SECTION: [u8; MANIFEST.len()] = {
    let mut bytes = [0; MANIFEST.len()];
    let mut i = 0;
    while i < bytes.len() {
        bytes[i] = MANIFEST.as_bytes()[i];
        i += 1;
    }
    bytes
};
