//! DNS messages (RFC 1035, RFC 3596). Anyone may have written them: what is broken is left out.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

const HEADER: usize = 12;
/// Names are at most 255 bytes; pointers in them may not go round for ever.
const MAX_NAME: usize = 255;
const MAX_POINTERS: usize = 64;
/// More answers than any message has room for.
const MAX_ANSWERS: usize = 256;

const TYPE_A: u16 = 1;
const TYPE_AAAA: u16 = 28;

/// What a message says, as far as it could be read.
#[derive(Default)]
pub struct Message {
    pub id: u16,
    pub response: bool,
    pub truncated: bool,
    pub recursion_desired: bool,
    pub recursion_available: bool,
    pub rcode: u16,
    pub answers: i32,
    /// Type and name of the first question.
    pub question: Option<(u16, Vec<u8>)>,
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

/// Adds the address of the record at `at`, if it has one; returns where the next begins.
fn answer(data: &[u8], at: usize, to: &mut String) -> Option<usize> {
    let at = skip_name(data, at)?;
    let (kind, length) = (word(data, at)?, word(data, at + 8)? as usize);
    let content = data.get(at + 10..at + 10 + length)?;
    let comma = if to.is_empty() { "" } else { "," };
    let _ = match kind {
        TYPE_A => content.try_into().map(|bytes: [u8; 4]| write!(to, "{comma}{}", Ipv4Addr::from(bytes))).is_ok(),
        TYPE_AAAA => content.try_into().map(|bytes: [u8; 16]| write!(to, "{comma}{}", Ipv6Addr::from(bytes))).is_ok(),
        _ => false,
    };
    Some(at + 10 + length)
}

/// None for what is too short to be a message.
pub fn read(data: &[u8]) -> Option<Message> {
    let flags = [*data.get(2)?, *data.get(3)?];
    let answers = word(data, 6)?;
    let mut message = Message {
        id: word(data, 0)?,
        response: flags[0] & 0x80 != 0,
        truncated: flags[0] & 2 != 0,
        recursion_desired: flags[0] & 1 != 0,
        recursion_available: flags[1] & 0x80 != 0,
        rcode: (flags[1] & 0xf).into(),
        answers: answers.into(),
        ..Message::default()
    };
    let mut at = HEADER;
    for number in 0..word(data, 4)? {
        let Some(next) = skip_name(data, at) else { return Some(message) };
        let Some(kind) = word(data, next) else { return Some(message) };
        let mut text = Vec::new();
        if number == 0 && name(data, at, &mut text).is_some() {
            message.question = Some((kind, text));
        }
        at = next + 4;
    }
    for _ in 0..MAX_ANSWERS.min(answers.into()) {
        let Some(next) = answer(data, at, &mut message.addresses) else { break };
        at = next;
    }
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: &[u8] = b"\x07example\x03com\0\0\x01\0\x01";

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
        assert_eq!(found.question, Some((TYPE_A, b"example.com.".to_vec())));
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
