//! `pcap-ng`: packets as Wireshark and tcpdump read them (draft-ietf-opsawg-pcapng).
//!
//! Annotations of the data source name its fields: `pcap.payload`, `pcap.timestamp`, `pcap.packet-length` (bytes that the packet
//! had), and of ours `pcap.direction` (0 out, 1 in). A field with `pcap.interface-key: true` tells interfaces apart, one with
//! `pcap.interface-var: NAME` describes them. Parameter `interfaces`: names by index, `1/lo 2/eth0 5/tun0/raw`; packets of those
//! that are `raw` begin with their IP header.
//!
//! Times are in ns. A packet whose process is known has it in a comment.

use crate::value::{Input, Reader};
use ig_operator::{Batch, DataSource, Error, Field, FieldInfo, Init, Kind, Operator, PerSource, Result, Row, Scalars};
use std::collections::HashMap;

const ETHERNET: u16 = 1;
const RAW: u16 = 101;
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
const LENGTH_UNKNOWN: u64 = u64::MAX;
/// Options: in every block, and of sections, interfaces and packets.
const END: u16 = 0;
const COMMENT: u16 = 1;
const SECTION_APPLICATION: u16 = 4;
const INTERFACE_NAME: u16 = 2;
const INTERFACE_DESCRIPTION: u16 = 3;
const INTERFACE_RESOLUTION: u16 = 9;
const INTERFACE_SYSTEM: u16 = 12;
const PACKET_FLAGS: u16 = 2;

/// The `pcap-ng` operator.
pub struct PcapNg {
    captures: PerSource<Capture>,
    interfaces: Interfaces,
}

impl Operator for PcapNg {
    fn init(init: &mut Init) -> Result<Self> {
        let captures = init.per_source(|source| Capture::new(source).map(Some))?;
        Ok(PcapNg { captures, interfaces: Interfaces::new(init.param("interfaces").unwrap_or_default()) })
    }

    fn start(&mut self, batch: &mut Batch) -> Result<()> {
        if self.captures.get(batch).is_some() {
            put_section(batch.output());
        }
        Ok(())
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        match self.captures.get_mut(batch) {
            Some(capture) => capture.put(batch, &mut self.interfaces),
            None => Ok(()),
        }
    }
}

/// Those that packets were of: a block each, in the order of their numbers.
struct Interfaces {
    known: HashMap<u32, (String, bool)>,
    numbers: HashMap<Vec<u8>, u32>,
    /// The newest packet's.
    last: (Vec<u8>, u32),
}

impl Interfaces {
    fn new(list: &str) -> Self {
        let known = list.split_whitespace().filter_map(|one| {
            let mut parts = one.split('/');
            Some((parts.next()?.parse().ok()?, (parts.next()?.to_owned(), parts.next() == Some("raw"))))
        });
        Interfaces { known: known.collect(), numbers: HashMap::new(), last: (Vec::new(), u32::MAX) }
    }

    /// The number of the interface with this key; `describe` writes the block of one that is new.
    fn number(&mut self, key: &[u8], describe: impl FnOnce(&HashMap<u32, (String, bool)>)) -> u32 {
        if self.last.1 != u32::MAX && self.last.0 == key {
            return self.last.1;
        }
        let next = self.numbers.len() as u32;
        let number = *self.numbers.entry(key.to_vec()).or_insert(next);
        if number == next {
            describe(&self.known);
        }
        self.last = (key.to_vec(), number);
        number
    }
}

/// Where a data source has its packets.
struct Capture {
    payload: Input,
    time: Input,
    /// Already in ns since 1970: `formatters` did that.
    is_wall_time: bool,
    length: Option<Input>,
    direction: Option<Input>,
    process: Option<(Field<[u8]>, Field<u32>)>,
    index: Option<Field<u32>>,
    keys: Vec<Input>,
    /// Name, value.
    about: Vec<(String, Input)>,
}

impl Capture {
    fn new(source: DataSource) -> Result<Capture> {
        let find = |name: &str| {
            let none = || Error::invalid(format!("data source {} has no field {name}", source.name()));
            source.find(name).ok_or_else(none)
        };
        let named = |key: &str| source.annotation(key).filter(|name| !name.is_empty()).map(find).transpose();
        let needed = |key: &str| {
            named(key)?.ok_or_else(|| Error::invalid(format!("data source {} has no annotation {key}: it has no packets", source.name())))
        };
        let number = |field: FieldInfo| -> Result<Input> {
            match field.kind().width() > 0 && !field.is_array() {
                true => Input::new(&field),
                false => Err(Error::invalid(format!("field {} is no number", field.name()))),
            }
        };
        let mut time = needed("pcap.timestamp")?;
        if time.kind() != Kind::Uint64 {
            // The text of a time: the number is beside it.
            time = find(&format!("{}_raw", time.name()))?;
        }
        let marked = |key: &str| source.fields().filter(|field| field.annotation(key).is_some_and(|value| !matches!(value, "" | "false"))).collect::<Vec<_>>();
        let process = source.fields().find(|field| field.has_tag("type:gadget_process")).map(|field| field.name().to_owned());
        let process = process.and_then(|name| {
            Some((find(&format!("{name}.comm")).ok()?.handle().ok()?, find(&format!("{name}.pid")).ok()?.handle().ok()?))
        });
        let keys = marked("pcap.interface-key");
        Ok(Capture {
            payload: Input::new(&needed("pcap.payload")?)?,
            is_wall_time: time.slot().is_some(),
            time: number(time)?,
            length: named("pcap.packet-length")?.map(number).transpose()?,
            direction: named("pcap.direction")?.map(number).transpose()?,
            process,
            index: keys.iter().find(|field| field.leaf() == "ifindex").and_then(|field| field.handle().ok()),
            keys: keys.iter().map(Input::new).collect::<Result<_>>()?,
            about: marked("pcap.interface-var")
                .iter()
                .filter(|field| matches!(field.kind(), Kind::String | Kind::CString))
                .map(|field| Ok((field.annotation("pcap.interface-var").unwrap_or_default().to_owned(), Input::new(field)?)))
                .collect::<Result<_>>()?,
        })
    }

    fn put(&mut self, batch: &mut Batch, interfaces: &mut Interfaces) -> Result<()> {
        let mut out = std::mem::take(batch.output());
        let bind = |input: &Option<Input>| input.as_ref().map(|input| input.bind(batch)).transpose();
        let (payload, time) = (self.payload.bind(batch)?, self.time.bind(batch)?);
        let (length, direction) = (bind(&self.length)?, bind(&self.direction)?);
        let process = match &self.process {
            Some((comm, pid)) => Some((batch.read(comm)?, batch.read(pid)?)),
            None => None,
        };
        let index: Option<Scalars<u32>> = self.index.as_ref().map(|index| batch.read(index)).transpose()?;
        let keys = self.keys.iter().map(|key| key.bind(batch)).collect::<Result<Vec<_>>>()?;
        let about = self.about.iter().map(|(name, value)| Ok((name, value.bind(batch)?))).collect::<Result<Vec<_>>>()?;
        let offset = if self.is_wall_time { 0 } else { batch.boot_offset() };
        let mut key = Vec::new();
        for row in batch.rows() {
            key.clear();
            for (i, part) in keys.iter().enumerate() {
                if i > 0 {
                    key.push(b':');
                }
                put_key(part, row, &mut key);
            }
            let interface = interfaces.number(&key, |known| {
                let index = index.map(|index| index.get(row));
                put_interface(index, index.and_then(|index| known.get(&index)), &description(&about, row), &mut out);
            });
            let bytes = match &payload {
                Reader::Text(bytes) | Reader::CString(bytes) => bytes.get(row),
                _ => &[],
            };
            let mut options = Options(Vec::new());
            if let Some((comm, pid)) = process.as_ref().filter(|(_, pid)| pid.get(row) != 0) {
                options.put(COMMENT, format!("process {}, pid {}", comm.text(row), pid.get(row)).as_bytes());
            }
            if let Some(direction) = &direction {
                // 1 inbound, 2 outbound.
                options.put(PACKET_FLAGS, &(if integer(direction, row) == 1 { 1u32 } else { 2 }).to_le_bytes());
            }
            let packet = Packet {
                interface,
                time: integer(&time, row).wrapping_add(offset as u64),
                length: length.as_ref().map_or(0, |length| integer(length, row)).max(bytes.len() as u64) as u32,
                bytes,
            };
            packet.put(options, &mut out);
        }
        *batch.output() = out;
        Ok(())
    }
}

/// The bytes of a value.
fn put_key<'b>(value: &Reader<'b>, row: Row<'b>, to: &mut Vec<u8>) {
    match value {
        Reader::Text(bytes) | Reader::CString(bytes) => to.extend(bytes.get(row)),
        number => to.extend(integer(number, row).to_le_bytes()),
    }
}

fn integer<'b>(value: &Reader<'b>, row: Row<'b>) -> u64 {
    match value {
        Reader::Bool(value) => value.get(row).into(),
        Reader::Uint8(value) => value.get(row).into(),
        Reader::Uint16(value) => value.get(row).into(),
        Reader::Uint32(value) => value.get(row).into(),
        Reader::Uint64(value) => value.get(row),
        Reader::Int8(value) => value.get(row) as u64,
        Reader::Int16(value) => value.get(row) as u64,
        Reader::Int32(value) => value.get(row) as u64,
        Reader::Int64(value) => value.get(row) as u64,
        _ => 0,
    }
}

/// `k8s.podName=web;k8s.node=one`, of the values that there are.
fn description<'b>(about: &[(&String, Reader<'b>)], row: Row<'b>) -> String {
    let values = about.iter().filter_map(|(name, value)| match value {
        Reader::Text(bytes) | Reader::CString(bytes) if !bytes.get(row).is_empty() => Some(format!("{name}={}", escaped(bytes.get(row)))),
        _ => None,
    });
    values.collect::<Vec<_>>().join(";")
}

/// As in the query of a URL.
fn escaped(bytes: &[u8]) -> String {
    let byte = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(*byte).to_string(),
        b' ' => "+".to_owned(),
        other => format!("%{other:02X}"),
    };
    bytes.iter().map(byte).collect()
}

struct Options(Vec<u8>);

impl Options {
    fn put(&mut self, code: u16, value: &[u8]) {
        // What does not fit into 16 bits is cut; nothing here comes near.
        let value = &value[..value.len().min(u16::MAX as usize - 3)];
        self.0.extend(code.to_le_bytes());
        self.0.extend((value.len() as u16).to_le_bytes());
        put_padded(value, &mut self.0);
    }

    fn end(mut self) -> Vec<u8> {
        if !self.0.is_empty() {
            self.put(END, &[]);
        }
        self.0
    }
}

fn put_padded(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(bytes);
    out.extend(&[0; 3][..bytes.len().wrapping_neg() % 4]);
}

/// A block: its type, and its length before and after what is in it.
fn put_block(kind: u32, parts: &[&[u8]], out: &mut Vec<u8>) {
    let size = parts.iter().map(|part| part.len().next_multiple_of(4)).sum::<usize>() as u32 + 12;
    out.extend(kind.to_le_bytes());
    out.extend(size.to_le_bytes());
    for part in parts {
        put_padded(part, out);
    }
    out.extend(size.to_le_bytes());
}

fn put_section(out: &mut Vec<u8>) {
    let mut head = BYTE_ORDER.to_le_bytes().to_vec();
    head.extend(1u16.to_le_bytes());
    head.extend(0u16.to_le_bytes());
    head.extend(LENGTH_UNKNOWN.to_le_bytes());
    let mut options = Options(Vec::new());
    options.put(SECTION_APPLICATION, b"ig");
    put_block(SECTION, &[&head, &options.end()], out);
}

fn put_interface(index: Option<u32>, known: Option<&(String, bool)>, description: &str, out: &mut Vec<u8>) {
    let link = if known.is_some_and(|(_, raw)| *raw) { RAW } else { ETHERNET };
    let mut head = link.to_le_bytes().to_vec();
    // Reserved, and no limit.
    head.extend([0; 6]);
    let name = match (known, index) {
        (Some((name, _)), _) => name.clone(),
        (None, Some(index)) => format!("if{index}"),
        (None, None) => "virtual".to_owned(),
    };
    let mut options = Options(Vec::new());
    options.put(INTERFACE_NAME, name.as_bytes());
    if !description.is_empty() {
        options.put(INTERFACE_DESCRIPTION, description.as_bytes());
    }
    options.put(INTERFACE_RESOLUTION, &[9]);
    options.put(INTERFACE_SYSTEM, b"linux");
    put_block(INTERFACE, &[&head, &options.end()], out);
}

struct Packet<'b> {
    interface: u32,
    /// ns since 1970.
    time: u64,
    /// On the wire.
    length: u32,
    bytes: &'b [u8],
}

impl Packet<'_> {
    fn put(&self, options: Options, out: &mut Vec<u8>) {
        let mut head = [0; 20];
        let words = [self.interface, (self.time >> 32) as u32, self.time as u32, self.bytes.len() as u32, self.length];
        for (to, word) in head.chunks_exact_mut(4).zip(words) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        put_block(PACKET, &[&head, self.bytes, &options.end()], out);
    }
}
