//! The words of a filter expression.

use super::problem::Problem;
use std::ops::Range;

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Int(i128),
    Float(f64),
    /// A string literal, escapes resolved. Bytes, since `\xNN` can name any byte.
    Text(Vec<u8>),
    /// A field, a function or a word operator such as `and`: the parser knows which.
    Name(String),
    Op(&'static str),
    End,
}

pub type Spanned = (Token, Range<usize>);

/// Longest first: the first that fits is taken.
const OPS: [&str; 22] =
    ["&&", "||", "==", "!=", "<=", ">=", "..", "**", "!", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", "?"];

/// All tokens of a text, the last of them `End`.
pub fn tokens(text: &str) -> Result<Vec<Spanned>, Problem> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let token = match bytes[at] {
            b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            b'"' | b'\'' | b'`' => string(text, &mut at)?,
            b'0'..=b'9' => number(text, &mut at)?,
            b'.' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => number(text, &mut at)?,
            c if starts_name(c) => name(text, &mut at),
            b':' => {
                at += 1;
                Token::Op(":")
            }
            _ => operator(text, &mut at)?,
        };
        found.push((token, start..at));
    }
    found.push((Token::End, text.len()..text.len()));
    Ok(found)
}

fn starts_name(c: u8) -> bool {
    c.is_ascii_alphabetic() || c == b'_' || c == b'$' || c >= 0x80
}

/// `a`, `a.b.c`; a name ends before `..`, which is the range operator.
fn name(text: &str, at: &mut usize) -> Token {
    let bytes = text.as_bytes();
    let start = *at;
    while *at < bytes.len() {
        let c = bytes[*at];
        let dot = c == b'.' && bytes.get(*at + 1).is_some_and(|next| starts_name(*next) || next.is_ascii_digit());
        if !(starts_name(c) || c.is_ascii_digit() || dot) {
            break;
        }
        *at += 1;
    }
    Token::Name(text[start..*at].to_string())
}

fn operator(text: &str, at: &mut usize) -> Result<Token, Problem> {
    let rest = &text[*at..];
    if let Some(op) = OPS.iter().find(|op| rest.starts_with(**op)) {
        *at += op.len();
        return Ok(Token::Op(op));
    }
    let c = rest.chars().next().unwrap_or(' ');
    let message = match c {
        '=' if rest.starts_with("=~") => "\"=~\" is written matches: fname matches \"^/etc\"".to_string(),
        '=' => "a comparison is written ==".to_string(),
        '&' => "\"and\" is written &&".to_string(),
        '|' => "\"or\" is written ||".to_string(),
        '~' => "a regular expression is written: field matches \"…\"".to_string(),
        c => format!("unexpected character {c:?}"),
    };
    Err(Problem::new(*at..*at + c.len_utf8(), message))
}

fn number(text: &str, at: &mut usize) -> Result<Token, Problem> {
    let bytes = text.as_bytes();
    let start = *at;
    let radix = match bytes.get(start + 1).filter(|_| bytes[start] == b'0') {
        Some(b'x' | b'X') => 16,
        Some(b'o' | b'O') => 8,
        Some(b'b' | b'B') => 2,
        _ => 10,
    };
    if radix != 10 {
        *at += 2;
    }
    let mut real = false;
    while let Some(c) = bytes.get(*at) {
        let next = bytes.get(*at + 1).copied().unwrap_or(0);
        match c {
            b'.' if radix == 10 && !real && next.is_ascii_digit() => real = true,
            b'e' | b'E' if radix == 10 && (next.is_ascii_digit() || matches!(next, b'+' | b'-')) => {
                real = true;
                *at += 1;
            }
            c if c.is_ascii_alphanumeric() || *c == b'_' => {}
            _ => break,
        }
        *at += 1;
    }
    let digits: String = text[start..*at].chars().filter(|c| *c != '_').collect();
    let bad = |_| Problem::new(start..*at, format!("{digits:?} is not a number"));
    if real {
        let value: f64 = digits.parse().map_err(|_| bad(()))?;
        return Ok(Token::Float(value));
    }
    let plain = if radix == 10 { &digits[..] } else { &digits[2..] };
    let value = u64::from_str_radix(plain, radix).map_err(|_| bad(()))?;
    Ok(Token::Int(value.into()))
}

/// A literal in double or single quotes with Go's escapes, or in back quotes without any.
fn string(text: &str, at: &mut usize) -> Result<Token, Problem> {
    let bytes = text.as_bytes();
    let start = *at;
    let quote = bytes[start];
    let mut value = Vec::new();
    *at += 1;
    loop {
        match bytes.get(*at) {
            None => return Err(Problem::new(start..text.len(), "this string has no end")),
            Some(c) if *c == quote => {
                *at += 1;
                return Ok(Token::Text(value));
            }
            Some(b'\\') if quote != b'`' => escape(text, at, &mut value)?,
            Some(c) => {
                value.push(*c);
                *at += 1;
            }
        }
    }
}

fn escape(text: &str, at: &mut usize, value: &mut Vec<u8>) -> Result<(), Problem> {
    let bytes = text.as_bytes();
    let start = *at;
    let c = bytes.get(start + 1).copied().unwrap_or(0);
    *at += 2;
    let simple = match c {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' | b'\'' | b'"' | b'`' | b'/' => c,
        _ => 0,
    };
    if simple != 0 {
        value.push(simple);
        return Ok(());
    }
    let (from, count, radix) = match c {
        b'x' => (start + 2, 2, 16),
        b'u' => (start + 2, 4, 16),
        b'U' => (start + 2, 8, 16),
        b'0'..=b'7' => (start + 1, 3, 8),
        _ => (start, 0, 0),
    };
    let digits = text.get(from..from + count).unwrap_or("");
    let number = u32::from_str_radix(digits, radix.max(2)).ok().filter(|_| count > 0 && !digits.starts_with('+'));
    *at = from + count;
    match number {
        Some(byte) if count < 4 && byte < 256 => value.push(byte as u8),
        Some(code) if count >= 4 && char::from_u32(code).is_some() => {
            let c = char::from_u32(code).unwrap_or(' ');
            value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        _ => {
            let shown: String = text[start..].chars().take(2).collect();
            let message = format!("{shown} is not an escape; a backslash itself is written \\\\");
            return Err(Problem::new(start..start + shown.len(), message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Token> {
        tokens(text).unwrap().into_iter().map(|(token, _)| token).collect()
    }

    fn text(value: &str) -> Token {
        Token::Text(value.as_bytes().to_vec())
    }

    #[test]
    fn numbers() {
        assert_eq!(
            kinds("12 0x1F 0b101 0o17 1_000"),
            [12, 31, 5, 15, 1000].map(Token::Int).into_iter().chain([Token::End]).collect::<Vec<_>>()
        );
        assert_eq!(kinds("1.5 .5 1e3 2E-1")[..4], [1.5, 0.5, 1000.0, 0.2].map(Token::Float));
        assert_eq!(kinds("1..5"), [Token::Int(1), Token::Op(".."), Token::Int(5), Token::End]);
        assert!(tokens("12abc").unwrap_err().message.contains("not a number"));
        assert!(tokens("99999999999999999999").is_err());
    }

    #[test]
    fn names_have_dots() {
        assert_eq!(kinds("proc.parent.pid")[0], Token::Name("proc.parent.pid".into()));
        assert_eq!(kinds("a..b")[..3], [Token::Name("a".into()), Token::Op(".."), Token::Name("b".into())]);
    }

    #[test]
    fn strings_and_escapes() {
        assert_eq!(kinds(r#" 'a"b' "a'b" `a\b` "#)[..3], [text("a\"b"), text("a'b"), text("a\\b")]);
        assert_eq!(kinds(r#""\t\\\"\x41\u00e9\U0001F600\101""#)[0], text("\t\\\"Aé😀A"));
        assert_eq!(kinds(r#""\xff""#)[0], Token::Text(vec![0xff]));
        for bad in [r#""\q""#, r#""\x4""#, r#""\ud800""#, r#""\777""#, r#""\+12""#, r#""\"#, "'abc"] {
            assert!(tokens(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn says_what_an_operator_is_called_here() {
        assert!(tokens("a = 1").unwrap_err().message.contains("=="));
        assert!(tokens("a & b").unwrap_err().message.contains("&&"));
        assert!(tokens("a =~ b").unwrap_err().message.contains("matches"));
        assert_eq!(tokens("a § b").unwrap()[1].0, Token::Name("§".into()));
        assert_eq!(tokens("a # b").unwrap_err().span, 2..3);
    }
}
