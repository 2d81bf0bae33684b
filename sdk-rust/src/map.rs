//! The gadget's BPF maps.

use crate::abi::{self, check};
use crate::error::{Errno, Error, Result};

/// What an update may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Update {
    /// Add the key or change its value.
    Any,
    /// Only add it: [`Errno::EXIST`] when it is there.
    New,
    /// Only change it: [`Errno::NOENT`] when it is not there.
    Existing,
}

/// A BPF map that the user granted: the manifest asks for `map:NAME`, or `map:NAME:rw` to write. Each call is one of the host, and
/// of the kernel: for what happens seldom, or once per batch.
#[derive(Debug)]
pub struct BpfMap {
    id: u32,
    info: [u32; 8],
    entries: Vec<u8>,
}

/// Bytes that are read at once when going through a map.
const CHUNK: usize = 64 << 10;

impl BpfMap {
    /// Opens a map by the name that it has in the gadget's program. [`Errno::NOTCAPABLE`]: not granted; [`Errno::NOENT`]: the gadget
    /// has no such map of plain keys and values, or this is a replay.
    pub fn open(name: &str) -> Result<BpfMap> {
        let mut info = [0; 8];
        let id = check(abi::map_open(name, &mut info), || format!("opening map {name}"))?;
        Ok(BpfMap { id, info, entries: Vec::new() })
    }

    /// The kernel's `enum bpf_map_type`.
    pub fn map_type(&self) -> u32 {
        self.info[0]
    }

    /// Bytes of a key.
    pub fn key_size(&self) -> usize {
        self.info[1] as usize
    }

    /// Bytes of a value; for a per-CPU map those of all CPUs, each rounded up to 8.
    pub fn value_size(&self) -> usize {
        self.info[2] as usize
    }

    /// Entries that it can have.
    pub fn max_entries(&self) -> usize {
        self.info[3] as usize
    }

    /// Whether it may be written to.
    pub fn is_writable(&self) -> bool {
        self.info[4] != 0
    }

    /// Reads a key's value; false when it has none. [`Errno::INVAL`]: key or value is not of the map's size.
    pub fn get(&self, key: &[u8], value: &mut [u8]) -> Result<bool> {
        self.fits(key, value.len())?;
        there(abi::map_lookup(self.id, key, value), "reading a map")
    }

    /// Sets a key's value.
    pub fn set(&self, key: &[u8], value: &[u8], update: Update) -> Result<()> {
        self.fits(key, value.len())?;
        check(abi::map_update(self.id, key, value, update as u32), || "writing to a map".into()).map(drop)
    }

    /// Takes a key out; false when it was not there.
    pub fn delete(&self, key: &[u8]) -> Result<bool> {
        self.fits(key, self.value_size())?;
        there(abi::map_delete(self.id, key), "deleting from a map")
    }

    /// Shows each entry, key and value, as it is when it is read. A map that programs change meanwhile may show an entry twice or miss it.
    pub fn for_each(&mut self, mut show: impl FnMut(&[u8], &[u8])) -> Result<()> {
        let (key, value) = (self.key_size(), self.value_size());
        let key_room = key.next_multiple_of(8);
        let entry = key_room + value.next_multiple_of(8);
        self.entries.resize(CHUNK.max(entry), 0);
        let mut last: Option<Vec<u8>> = None;
        // No more than the map can hold, and some that come meanwhile: it ends whatever programs do.
        let mut left = 2 * self.max_entries() + 1;
        loop {
            let count = check(abi::map_read(self.id, last.as_deref(), &mut self.entries), || "reading a map".into())? as usize;
            let count = count.min(self.entries.len() / entry);
            for one in self.entries.chunks_exact(entry).take(count) {
                show(&one[..key], &one[key_room..key_room + value]);
            }
            left = left.saturating_sub(count);
            if count == 0 || left == 0 {
                return Ok(());
            }
            last = Some(self.entries[(count - 1) * entry..][..key].to_vec());
        }
    }

    fn fits(&self, key: &[u8], value: usize) -> Result<()> {
        if key.len() == self.key_size() && value == self.value_size() {
            return Ok(());
        }
        let sizes = (key.len(), value, self.key_size(), self.value_size());
        Err(Error::invalid(format!(
            "a key of {} and a value of {} bytes for a map of {} and {}",
            sizes.0, sizes.1, sizes.2, sizes.3
        )))
    }
}

fn there(result: i32, what: &str) -> Result<bool> {
    if result == -(Errno::NOENT.0 as i32) {
        return Ok(false);
    }
    check(result, || what.into()).map(|_| true)
}
