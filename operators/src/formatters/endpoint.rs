//! Addresses and endpoints: structs of an address, its version and, of L4, port and protocol.

use super::digits::decimal;
use super::memo::Memo;
use super::users::Names;
use super::{target, Job};
use ig_operator::{Batch, Column, DataSource, Field, FieldInfo, NewField, Result};
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::Ipv6Addr;

struct Endpoint {
    raw: Field<[u8]>,
    version: Field<u8>,
    addr: Column<str>,
    transport: Option<Transport>,
}

struct Transport {
    port: Field<u16>,
    endpoint: Column<str>,
    proto: Option<(Field<u16>, Column<str>, Memo)>,
}

fn member<'t>(parent: &FieldInfo<'t>, tag: &str) -> Option<FieldInfo<'t>> {
    let of_parent = |field: &FieldInfo| field.parent().is_some_and(|one| one.id() == parent.id());
    parent.source().fields().find(|field| of_parent(field) && field.has_tag(tag))
}

pub fn jobs(source: &DataSource, jobs: &mut Vec<Box<dyn Job>>) -> Result<()> {
    for (kind, transport) in [("gadget_l3endpoint_t", false), ("gadget_l4endpoint_t", true)] {
        for field in target::tagged(source, kind) {
            match job(source, &field, transport) {
                Ok(Some(job)) => jobs.push(Box::new(job)),
                Ok(None) => ig_operator::debug!("{} is not as {kind} should be", field.name()),
                Err(error) => ig_operator::debug!("{}: {error}", field.name()),
            }
        }
    }
    Ok(())
}

fn job(source: &DataSource, parent: &FieldInfo, transport: bool) -> Result<Option<Endpoint>> {
    let (Some(raw), Some(version)) = (member(parent, "type:gadget_ip_addr_t"), member(parent, "name:version")) else {
        return Ok(None);
    };
    let port = member(parent, "name:port");
    if transport && port.is_none() || raw.size() < 16 {
        return Ok(None);
    }
    let (raw_field, version_field) = (raw.handle()?, version.handle()?);
    let inside = |name: &str| NewField::new(name).parent(Some(parent.id())).hidden(true);
    let addr = source.add(&target::plain(inside(raw.leaf().trim_end_matches("_raw"))))?;
    let transport = match port {
        Some(port) if transport => {
            let proto = match member(parent, "name:proto_raw") {
                Some(proto) => Some((proto.handle()?, source.add(&target::plain(inside("proto")))?, Memo::new())),
                None => None,
            };
            let endpoint = source.add(&inside("endpoint").annotation("json.skip", "true").tag("endpoint"))?;
            Some(Transport { port: port.handle()?, endpoint, proto })
        }
        _ => None,
    };
    // The parent is shown, by its endpoint; its members only when asked for.
    for field in source.fields().filter(|field| is_below(field, parent)) {
        field.hide(true)?;
    }
    parent.hide(false)?;
    Ok(Some(Endpoint { raw: raw_field, version: version_field, addr, transport }))
}

fn is_below(field: &FieldInfo, parent: &FieldInfo) -> bool {
    field.parent().is_some_and(|one| one.id() == parent.id() || is_below(&one, parent))
}

/// Most bytes of an address (`ffff:` seven times and `ffff`), and of a colon and a port besides.
const MOST_ADDRESS: usize = 39;
const MOST: usize = MOST_ADDRESS + 6;

/// As Go prints addresses, without a zone; nothing when the version is neither 4 nor 6. How many bytes they are, of [`MOST_ADDRESS`].
fn address(bytes: &[u8], version: u8, to: &mut [u8]) -> usize {
    match version {
        4 => v4(&bytes[..4], to),
        6 => {
            let v6 = Ipv6Addr::from(<[u8; 16]>::try_from(&bytes[..16]).expect("sliced"));
            if let Some(mapped) = v6.to_ipv4_mapped() {
                return v4(&mapped.octets(), to);
            }
            let room = to.len();
            let mut rest = to;
            let _ = write!(rest, "{v6}");
            room - rest.len()
        }
        _ => 0,
    }
}

fn v4(bytes: &[u8], to: &mut [u8]) -> usize {
    let mut at = 0;
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 {
            to[at] = b'.';
            at += 1;
        }
        at = decimal(u32::from(*byte), to, at);
    }
    at
}

fn protocol(number: u16, to: &mut String) {
    let name = match number {
        0 => "IP",
        1 => "ICMP",
        2 => "IGMP",
        4 => "IPIP",
        6 => "TCP",
        8 => "EGP",
        12 => "PUP",
        17 => "UDP",
        22 => "IDP",
        29 => "TP",
        33 => "DCCP",
        41 => "IPV6",
        46 => "RSVP",
        47 => "GRE",
        50 => "ESP",
        51 => "AH",
        58 => "ICMPV6",
        92 => "MTP",
        94 => "BEETPH",
        98 => "ENCAP",
        103 => "PIM",
        108 => "COMP",
        132 => "SCTP",
        136 => "UDPLITE",
        137 => "MPLS",
        255 => "RAW",
        _ => {
            let _ = write!(to, "proto#{number}");
            return;
        }
    };
    to.push_str(name);
}

impl Job for Endpoint {
    fn run(&mut self, batch: &mut Batch, _: &Names) -> Result<()> {
        let (raw, version) = (batch.read(&self.raw)?, batch.read(&self.version)?);
        let mut addr = batch.write(&self.addr)?;
        let Some(transport) = &mut self.transport else {
            for row in batch.rows() {
                addr.set(row, batch.put_with(MOST_ADDRESS, |to| address(raw.get(row), version.get(row), to))?);
            }
            return Ok(());
        };
        let port = batch.read(&transport.port)?;
        let mut endpoint = batch.write(&transport.endpoint)?;
        for row in batch.rows() {
            let mut size = 0;
            let text = batch.put_with(MOST, |to| {
                size = address(raw.get(row), version.get(row), to);
                to[size] = b':';
                decimal(port.get(row).into(), to, size + 1)
            })?;
            endpoint.set(row, text);
            addr.set(row, text.first(size));
        }
        if let Some((number, name, memo)) = &mut transport.proto {
            let number = batch.read(number)?;
            let mut name = batch.write(name)?;
            memo.reset();
            for row in batch.rows() {
                let number = number.get(row);
                name.set(row, memo.get(batch, number.into(), |to| protocol(number, to))?);
            }
        }
        Ok(())
    }
}
