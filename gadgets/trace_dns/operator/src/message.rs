//! DNS messages (RFC 1035, RFC 3596). Anyone may have written them: what is broken is left out.

use std::fmt::Write;
use std::net::Ipv6Addr;

const HEADER: usize = 12;
/// Names are at most 255 bytes; pointers in them may not go round for ever.
const MAX_NAME: usize = 255;
const MAX_POINTERS: usize = 64;
/// More answers than any message has room for.
const MAX_ANSWERS: usize = 256;

const TYPE_A: u16 = 1;
const TYPE_AAAA: u16 = 28;

/// What a message says, as far as it could be read. Read into again and again, it allocates nothing.
#[derive(Default)]
pub struct Message {
    pub id: u16,
    pub response: bool,
    pub truncated: bool,
    pub recursion_desired: bool,
    pub recursion_available: bool,
    pub rcode: u16,
    pub answers: i32,
    /// Type of the first question, if it could be read; its name.
    pub question: Option<u16>,
    pub name: Vec<u8>,
    /// Of the answers, joined by commas.
    pub addresses: String,
}

fn word(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(data.get(at..at + 2)?.try_into().ok()?))
}

/// Appends the name at `at`, with a dot behind each label; returns where the message goes on.
fn name(data: &[u8], mut at: usize, to: &mut Vec<u8>) -> Option<usize> {
    let mut end = None;
    for _ in 0..MAX_POINTERS {
        let length = *data.get(at)? as usize;
        if length & 0xc0 == 0xc0 {
            end = end.or(Some(at + 2));
            at = (length & 0x3f) << 8 | *data.get(at + 1)? as usize;
            continue;
        }
        if length & 0xc0 != 0 {
            return None;
        }
        at += 1;
        if length == 0 {
            if to.is_empty() {
                to.push(b'.');
            }
            return end.or(Some(at));
        }
        to.extend_from_slice(data.get(at..at + length)?);
        to.push(b'.');
        if to.len() > MAX_NAME {
            return None;
        }
        at += length;
    }
    // Labels count as steps, too: a name has at most 127.
    None
}

fn skip_name(data: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = *data.get(at)? as usize;
        match length & 0xc0 {
            0xc0 => return Some(at + 2),
            0 if length == 0 => return Some(at + 1),
            0 => at += 1 + length,
            _ => return None,
        }
    }
}

/// `write!` takes ten times as long.
fn v4(bytes: &[u8], to: &mut String) {
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 {
            to.push('.');
        }
        if *byte >= 100 {
            to.push((b'0' + byte / 100) as char);
        }
        if *byte >= 10 {
            to.push((b'0' + byte / 10 % 10) as char);
        }
        to.push((b'0' + byte % 10) as char);
    }
}

/// Adds the address of the record at `at`, if it has one; returns where the next begins.
fn answer(data: &[u8], at: usize, to: &mut String) -> Option<usize> {
    let at = skip_name(data, at)?;
    let (kind, length) = (word(data, at)?, word(data, at + 8)? as usize);
    let content = data.get(at + 10..at + 10 + length)?;
    let comma = if to.is_empty() { "" } else { "," };
    match kind {
        TYPE_A if length == 4 => {
            to.push_str(comma);
            v4(content, to);
        }
        TYPE_AAAA => {
            let _ = content.try_into().map(|bytes: [u8; 16]| write!(to, "{comma}{}", Ipv6Addr::from(bytes)));
        }
        _ => {}
    }
    Some(at + 10 + length)
}

impl Message {
    /// False for what is too short to be a message.
    pub fn read(&mut self, data: &[u8]) -> bool {
        self.name.clear();
        self.addresses.clear();
        self.question = None;
        let (Some(id), Some(flags), Some(answers)) = (word(data, 0), word(data, 2), word(data, 6)) else { return false };
        self.id = id;
        self.response = flags & 0x8000 != 0;
        self.truncated = flags & 0x200 != 0;
        self.recursion_desired = flags & 0x100 != 0;
        self.recursion_available = flags & 0x80 != 0;
        self.rcode = flags & 0xf;
        self.answers = answers.into();
        self.body(data, answers);
        true
    }

    fn body(&mut self, data: &[u8], answers: u16) -> Option<()> {
        let mut at = HEADER;
        for number in 0..word(data, 4)? {
            let next = skip_name(data, at)?;
            let kind = word(data, next)?;
            if number == 0 && name(data, at, &mut self.name).is_some() {
                self.question = Some(kind);
            }
            at = next + 4;
        }
        for _ in 0..MAX_ANSWERS.min(answers.into()) {
            at = answer(data, at, &mut self.addresses)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: &[u8] = b"\x07example\x03com\0\0\x01\0\x01";

    fn read(data: &[u8]) -> Option<Message> {
        let mut message = Message::default();
        message.read(data).then_some(message)
    }

    fn message(flags: [u8; 2], answers: u16, body: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![0x12, 0xab, flags[0], flags[1], 0, 1];
        bytes.extend(answers.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(body.concat());
        bytes
    }

    #[test]
    fn a_query() {
        let found = read(&message([1, 0], 0, &[QUESTION])).unwrap();
        assert_eq!((found.id, found.response, found.recursion_desired, found.answers), (0x12ab, false, true, 0));
        assert_eq!((found.question, found.name.as_slice()), (Some(TYPE_A), &b"example.com."[..]));
    }

    #[test]
    fn an_answer_with_pointers_and_addresses() {
        let record =
            |kind: u8, content: &[u8]| [&[0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, content.len() as u8][..], content].concat();
        let records = [
            record(5, &[0xc0, 12]),
            record(1, &[192, 0, 2, 7]),
            record(28, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ];
        let found = read(&message([0x83, 0x83], 3, &[QUESTION, &records.concat()])).unwrap();
        assert_eq!((found.response, found.truncated, found.recursion_available, found.rcode), (true, true, true, 3));
        assert_eq!((found.answers, found.addresses.as_str()), (3, "192.0.2.7,2001:db8::1"));
    }

    #[test]
    fn what_is_cut_or_goes_round_is_left_out() {
        let whole = message([0x80, 0], 1, &[QUESTION, &[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4]]);
        for length in 0..whole.len() {
            let found = read(&whole[..length]);
            assert_eq!(found.is_some(), length >= 8, "{length}");
            assert!(found.is_none_or(|found| found.addresses.is_empty()));
        }
        let round = read(&message([0, 0], 0, &[&[0xc0, 12, 0, 1, 0, 1]])).unwrap();
        assert_eq!(round.question, None);
    }
}
