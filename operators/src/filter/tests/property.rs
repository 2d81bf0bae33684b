//! Random expressions and rules, compiled and evaluated, against a naive evaluator over the same tree.

use super::super::truth::{FieldId, Kind, Record, Schema};
use super::super::{check, rules};

/// xorshift64*
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % most
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

const NAMES: [(&str, Kind); 5] =
    [("a.pid", Kind::Unsigned(64)), ("b.fd", Kind::Signed(64)), ("comm", Kind::Text), ("fname", Kind::Text), ("ok", Kind::Bool)];
const INTS: [i128; 9] = [0, 1, -1, 2, 7, 100, i64::MAX as i128, i64::MIN as i128, u64::MAX as i128];
const TEXTS: [&str; 10] = ["", "a", "ab", "b", "A", "a\"b'\\", "é\n\t", "a,b", "\u{1}", "(a|b)*"];

struct Names;

impl Schema for Names {
    fn field(&mut self, name: &str) -> Result<(FieldId, Kind), String> {
        let id = NAMES.iter().position(|(known, _)| *known == name).ok_or("unknown")?;
        Ok((id, NAMES[id].1))
    }
}

#[derive(Debug)]
struct Values {
    pid: u64,
    fd: i64,
    texts: [&'static str; 2],
    ok: bool,
}

impl Record for Values {
    fn truth(&self, _: FieldId) -> bool {
        self.ok
    }
    fn signed(&self, _: FieldId) -> i64 {
        self.fd
    }
    fn unsigned(&self, _: FieldId) -> u64 {
        self.pid
    }
    fn real(&self, _: FieldId) -> f64 {
        0.0
    }
    fn text(&self, field: FieldId) -> &[u8] {
        self.texts[field - 2].as_bytes()
    }
    fn not_an_address(&self, _: &[u8]) {}
}

fn values(random: &mut Random) -> Values {
    Values {
        pid: random.pick(&INTS).max(0) as u64,
        fd: random.pick(&INTS[..8]) as i64,
        texts: [random.pick(&TEXTS), random.pick(&TEXTS)],
        ok: random.below(2) == 1,
    }
}

/// A string literal in one of the ways to write it.
fn quoted(random: &mut Random, text: &str) -> String {
    let quote = random.pick(&['"', '\'', '`']);
    if quote == '`' {
        return format!("`{text}`");
    }
    let mut literal = String::from(quote);
    for c in text.chars() {
        match (c, random.below(3)) {
            ('\\', _) => literal.push_str("\\\\"),
            (c, _) if c == quote => literal.extend(['\\', c]),
            ('\n', 0) => literal.push_str("\\n"),
            (c, 1) => literal.push_str(&format!("\\u{:04x}", c as u32)),
            (c, 2) if c.is_ascii() => literal.push_str(&format!("\\x{:02X}", c as u32)),
            (c, _) => literal.push(c),
        }
    }
    literal.push(quote);
    literal
}

/// An integer expression and its value.
fn whole(random: &mut Random, values: &Values, depth: usize) -> (String, i128) {
    match random.below(if depth == 0 { 3 } else { 7 }) {
        0 => {
            let value = random.pick(&INTS);
            (if value >= 0 && random.below(3) == 0 { format!("{value:#x}") } else { value.to_string() }, value)
        }
        1 => ("a.pid".into(), values.pid.into()),
        2 => ("b.fd".into(), values.fd.into()),
        3 => {
            let (text, value) = string(random, values);
            (format!("len({text})"), value.chars().count() as i128)
        }
        op => {
            let ((a, x), (b, y)) = (whole(random, values, depth - 1), whole(random, values, depth - 1));
            let (op, value) = [("+", x.wrapping_add(y)), ("-", x.wrapping_sub(y)), ("*", x.wrapping_mul(y))][op - 4];
            (format!("({a} {op} {b})"), value)
        }
    }
}

fn string(random: &mut Random, values: &Values) -> (String, String) {
    match random.below(5) {
        0 => ("comm".into(), values.texts[0].into()),
        1 => ("fname".into(), values.texts[1].into()),
        2 => ("upper(comm)".into(), values.texts[0].to_uppercase()),
        3 => ("trim(fname)".into(), values.texts[1].trim().into()),
        _ => {
            let text = random.pick(&TEXTS);
            (quoted(random, text), text.into())
        }
    }
}

fn compare<T: PartialOrd>(random: &mut Random, a: T, b: T) -> (&'static str, bool) {
    random.pick(&[("==", a == b), ("!=", a != b), ("<", a < b), ("<=", a <= b), (">", a > b), (">=", a >= b)])
}

/// A condition and its value.
fn truth(random: &mut Random, values: &Values, depth: usize) -> (String, bool) {
    match random.below(if depth == 0 { 5 } else { 9 }) {
        0 => ("ok".into(), values.ok),
        1 => {
            let ((a, x), (b, y)) = (whole(random, values, depth), whole(random, values, depth));
            let (op, value) = compare(random, x, y);
            (format!("{a} {op} {b}"), value)
        }
        2 => {
            let ((a, x), (b, y)) = (string(random, values), string(random, values));
            let (op, value) = compare(random, x.as_str(), y.as_str());
            (format!("{a} {op} {b}"), value)
        }
        3 => {
            let ((a, x), (b, y)) = (string(random, values), string(random, values));
            let (op, value) =
                random.pick(&[("contains", x.contains(&y)), ("startsWith", x.starts_with(&y)), ("endsWith", x.ends_with(&y))]);
            if random.below(3) == 0 {
                (format!("{a} not {op} {b}"), !value)
            } else {
                (format!("{a} {op} {b}"), value)
            }
        }
        4 => {
            let (a, x) = whole(random, values, 0);
            let many: Vec<i128> = (0..random.below(4)).map(|_| random.pick(&INTS)).collect();
            let list: Vec<String> = many.iter().map(|value| value.to_string()).collect();
            (format!("{a} in [{}]", list.join(", ")), many.contains(&x))
        }
        5 => {
            let (a, x) = truth(random, values, depth - 1);
            (format!("{}({a})", random.pick(&["!", "not "])), !x)
        }
        6 => {
            let (c, x) = truth(random, values, depth - 1);
            let ((a, y), (b, z)) = (truth(random, values, depth - 1), truth(random, values, depth - 1));
            (format!("(({c}) ? {a} : {b})"), if x { y } else { z })
        }
        // Without parentheses, so that the operators' own rank decides: `||` of `&&` of simple conditions.
        _ => {
            let mut any = false;
            let mut texts = Vec::new();
            for _ in 0..1 + random.below(3) {
                let parts: Vec<_> = (0..1 + random.below(3)).map(|_| truth(random, values, 0)).collect();
                any |= parts.iter().all(|(_, value)| *value);
                let and = random.pick(&[" && ", " and "]);
                texts.push(parts.into_iter().map(|(text, _)| text).collect::<Vec<_>>().join(and));
            }
            (format!("({})", texts.join(random.pick(&[" || ", " or "]))), any)
        }
    }
}

#[test]
fn random_expressions_mean_what_they_say() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut outcomes = [0; 2];
    for _ in 0..5_000 {
        let values = values(&mut random);
        let depth = random.below(4);
        let (text, expected) = truth(&mut random, &values, depth);
        let compiled = check::compile(&text, &mut Names).unwrap_or_else(|problem| panic!("{}", problem.render("expr", &text)));
        assert_eq!(compiled.eval(&values), expected, "{text}\n{values:?}");
        outcomes[usize::from(expected)] += 1;
    }
    assert!(outcomes.iter().all(|count| *count > 500), "{outcomes:?}");
}

#[test]
fn random_rules_mean_what_they_say() {
    let mut random = Random(42);
    for _ in 0..5_000 {
        let values = values(&mut random);
        let mut parts = Vec::new();
        let mut expected = true;
        for _ in 0..1 + random.below(3) {
            let (rule, holds) = match random.below(3) {
                0 => {
                    let constant = random.pick(&INTS).max(0);
                    let (op, holds) = compare(&mut random, values.pid as i128, constant);
                    (format!("a.pid{op}{constant}"), holds)
                }
                1 => (format!("ok={}", random.pick(&["true", "1", "T"])), values.ok),
                _ => {
                    // A value must not start with an operator's letter, nor be empty: rules cannot say that.
                    let constant = random.pick(&TEXTS[1..]);
                    let (op, holds) = compare(&mut random, values.texts[0], constant);
                    (format!("comm{op}{}", constant.replace('\\', "\\\\").replace(',', "\\,")), holds)
                }
            };
            parts.push(rule);
            expected &= holds;
        }
        let text = parts.join(",");
        let compiled = rules::compile(&text, &mut Names).unwrap_or_else(|problem| panic!("{}", problem.render("rules", &text)));
        assert_eq!(compiled.eval(&values), expected, "{text}\n{values:?}");
    }
}

#[test]
fn no_text_makes_the_parsers_fall_over() {
    let mut random = Random(7);
    let pieces = [
        "a.pid", "comm", "'", "\"", "\\", "(", ")", "[", "]", "..", "?", ":", "!", "not", "in", "==", "=", "~", ",", "1", "-", "é", "\0",
        " ", "cidr(", "len(",
    ];
    for _ in 0..10_000 {
        let text: String = (0..random.below(12)).map(|_| random.pick(&pieces)).collect();
        for compile in [check::compile, rules::compile] {
            if let Err(problem) = compile(&text, &mut Names) {
                problem.render("--filter", &text);
            }
        }
    }
}

/// A batch at once and row by row: the comparison with `true` hides the condition from what is fast on batches.
#[test]
fn batches_and_rows_agree() {
    let mut random = Random(3);
    let mut leaf = |depth: usize| -> String {
        let leaves = ["proc.pid", "inode", "fd", "count", "proc.comm", "fname", "addr", "failed"];
        let mut parts = Vec::new();
        for _ in 0..=depth {
            let field = random.pick(&leaves);
            let op = random.pick(&["==", "!=", "<", "<=", ">", ">="]);
            let part = match field {
                "failed" => field.to_string(),
                "proc.comm" | "fname" | "addr" => {
                    let op = random.pick(&["==", "!=", "<", "startsWith", "endsWith", "contains", "matches"]);
                    let texts =
                        ["", "bash", "cat", "sixteen-letters!", "sixteen-letters", "/etc/", "/etc/passwd", "/etc/passwd\\x00", "10.1.2.3"];
                    format!("{field} {op} '{}'", random.pick(&texts))
                }
                _ => {
                    let value = random.pick(&[-1, 0, 1, 3, 4, 10, 200, 3000, u32::MAX as i128, u64::MAX as i128, i64::MIN as i128]);
                    format!("{field} {op} {value}")
                }
            };
            parts.push(format!("{}{}", random.pick(&["", "not "]), part));
        }
        parts.join(random.pick(&[" && ", " || "]))
    };
    for i in 0..300 {
        let text = leaf(i % 3);
        let batch = super::expr(&text);
        assert_eq!(batch, super::expr(&format!("({text}) == true")), "{text}");
        let others: Vec<u32> = (0..4).filter(|row| !batch.contains(row)).collect();
        assert_eq!(super::expr(&format!("!({text})")), others, "{text}");
    }
}
