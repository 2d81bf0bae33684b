//! Addresses and endpoints: structs of an address, its version and, of L4, port and protocol.

use super::users::Names;
use super::{target, Job};
use ig_operator::{Batch, Column, DataSource, Field, FieldInfo, NewField, Result};
use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

struct Endpoint {
    raw: Field<[u8]>,
    version: Field<u8>,
    addr: Column<str>,
    transport: Option<Transport>,
    text: String,
}

struct Transport {
    port: Field<u16>,
    endpoint: Column<str>,
    proto: Option<(Field<u16>, Column<str>)>,
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
                Some(proto) => Some((proto.handle()?, source.add(&target::plain(inside("proto")))?)),
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
    Ok(Some(Endpoint { raw: raw_field, version: version_field, addr, transport, text: String::new() }))
}

fn is_below(field: &FieldInfo, parent: &FieldInfo) -> bool {
    field.parent().is_some_and(|one| one.id() == parent.id() || is_below(&one, parent))
}

/// As Go prints addresses; empty when the version is neither 4 nor 6.
fn address(bytes: &[u8], version: u8, to: &mut String) {
    let v4 = |bytes: &[u8]| Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]);
    let _ = match version {
        4 => write!(to, "{}", v4(bytes)),
        6 => {
            let v6 = Ipv6Addr::from(<[u8; 16]>::try_from(&bytes[..16]).expect("sliced"));
            match v6.to_ipv4_mapped() {
                Some(v4) => write!(to, "{v4}"),
                None => write!(to, "{v6}"),
            }
        }
        _ => Ok(()),
    };
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
        let mut transport = match &self.transport {
            None => None,
            Some(one) => {
                let proto = match &one.proto {
                    None => None,
                    Some((number, name)) => Some((batch.read(number)?, batch.write(name)?)),
                };
                Some((batch.read(&one.port)?, batch.write(&one.endpoint)?, proto))
            }
        };
        for row in batch.rows() {
            self.text.clear();
            address(raw.get(row), version.get(row), &mut self.text);
            addr.set(row, batch.put(self.text.as_bytes())?);
            if let Some((port, endpoint, proto)) = &mut transport {
                let _ = write!(self.text, ":{}", port.get(row));
                endpoint.set(row, batch.put(self.text.as_bytes())?);
                if let Some((number, name)) = proto {
                    self.text.clear();
                    protocol(number.get(row), &mut self.text);
                    name.set(row, batch.put(self.text.as_bytes())?);
                }
            }
        }
        Ok(())
    }
}
