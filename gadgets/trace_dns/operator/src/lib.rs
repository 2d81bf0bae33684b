//! Reads the DNS message of each event.

mod message;

use std::borrow::Cow;

use ig_operator::{Batch, Column, ColumnValue, DataSource, Error, Field, Init, NewField, Operator, Result, View};

struct Dns {
    message: message::Message,
    data: Field<[u8]>,
    length: Field<u32>,
    id: Column<str>,
    qr_raw: Column<bool>,
    qr: Column<str>,
    qtype_raw: Column<u16>,
    qtype: Column<str>,
    name: Column<str>,
    rcode_raw: Column<u16>,
    rcode: Column<str>,
    num_answers: Column<i32>,
    addresses: Column<str>,
    tc: Column<bool>,
    ra: Column<bool>,
    rd: Column<bool>,
}

fn type_name(kind: u16) -> Cow<'static, str> {
    let name = match kind {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        11 => "WKS",
        12 => "PTR",
        13 => "HINFO",
        14 => "MINFO",
        15 => "MX",
        16 => "TXT",
        28 => "AAAA",
        33 => "SRV",
        41 => "OPT",
        252 => "AXFR",
        255 => "ALL",
        _ => return kind.to_string().into(),
    };
    name.into()
}

fn rcode_name(code: u16) -> Cow<'static, str> {
    const NAMES: [&str; 6] = ["Success", "FormatError", "ServerFailure", "NameError", "NotImplemented", "Refused"];
    NAMES.get(code as usize).map_or_else(|| code.to_string().into(), |name| (*name).into())
}

fn add<T: ColumnValue + ?Sized>(source: &DataSource, name: &str) -> Result<Column<T>> {
    let field = NewField::new(name).annotation("columns.width", "16");
    source.add(&field.annotation("columns.alignment", "left").annotation("columns.ellipsis", "end"))
}

impl Operator for Dns {
    fn init(init: &mut Init) -> Result<Self> {
        let source = init.data_source("dns").ok_or_else(|| Error::invalid("there is no data source dns"))?;
        Ok(Dns {
            message: message::Message::default(),
            data: source.field("data")?,
            length: source.field("data_len")?,
            id: add(&source, "id")?,
            qr_raw: add(&source, "qr_raw")?,
            qr: add(&source, "qr")?,
            qtype_raw: add(&source, "qtype_raw")?,
            qtype: add(&source, "qtype")?,
            name: add(&source, "name")?,
            rcode_raw: add(&source, "rcode_raw")?,
            rcode: add(&source, "rcode")?,
            num_answers: add(&source, "num_answers")?,
            addresses: add(&source, "addresses")?,
            tc: add(&source, "tc")?,
            ra: add(&source, "ra")?,
            rd: add(&source, "rd")?,
        })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let (data, length) = (batch.read(&self.data)?, batch.read(&self.length)?);
        let (mut id, mut name, mut addresses) = (batch.write(&self.id)?, batch.write(&self.name)?, batch.write(&self.addresses)?);
        let (mut qr_raw, mut qr) = (batch.write(&self.qr_raw)?, batch.write(&self.qr)?);
        let (mut qtype_raw, mut qtype) = (batch.write(&self.qtype_raw)?, batch.write(&self.qtype)?);
        let (mut rcode_raw, mut rcode) = (batch.write(&self.rcode_raw)?, batch.write(&self.rcode)?);
        let (mut num_answers, mut tc) = (batch.write(&self.num_answers)?, batch.write(&self.tc)?);
        let (mut ra, mut rd) = (batch.write(&self.ra)?, batch.write(&self.rd)?);
        let message = &mut self.message;
        let (query, response) = (batch.put(b"Q")?, batch.put(b"R")?);
        for row in batch.rows() {
            let bytes = data.get(row);
            let bytes = &bytes[..bytes.len().min(length.get(row) as usize)];
            if !message.read(bytes) {
                continue;
            }
            let digit = |shift: u16| b"0123456789abcdef"[usize::from(message.id >> shift & 0xf)];
            id.set(row, batch.put(&[12, 8, 4, 0].map(digit))?);
            qr_raw.set(row, message.response);
            qr.set(row, if message.response { response } else { query });
            if let Some(kind) = message.question {
                qtype_raw.set(row, kind);
                qtype.set(row, batch.put(type_name(kind).as_bytes())?);
                name.set(row, batch.put(&message.name)?);
            }
            if message.response {
                rcode_raw.set(row, message.rcode);
                rcode.set(row, batch.put(rcode_name(message.rcode).as_bytes())?);
            }
            num_answers.set(row, message.answers);
            addresses
                .set(row, if message.addresses.is_empty() { View::default() } else { batch.put(message.addresses.as_bytes())? });
            tc.set(row, message.truncated);
            ra.set(row, message.recursion_available);
            rd.set(row, message.recursion_desired);
        }
        Ok(())
    }
}

ig_operator::manifest!(
    r#"{
        "operators": [{
            "name": "trace-dns",
            "version": "0.1.0",
            "description": "Reads DNS messages",
            "kind": "enrich",
            "dataSources": ["dns"],
            "fields": ["data", "data_len"],
            "adds": ["id", "qr_raw", "qr", "qtype_raw", "qtype", "name", "rcode_raw", "rcode", "num_answers", "addresses", "tc", "ra", "rd"]
        }]
    }"#
);
ig_operator::export!(Dns);
