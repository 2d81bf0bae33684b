//! Filter rules in Inspektor Gadget's syntax, `field<op>value,…`: all of them must hold. A comma or a backslash in a
//! value is written `\,` or `\\`.

use super::pattern::Pattern;
use super::problem::Problem;
use super::truth::{compare_field, match_text, Compare, Kind, Real, Schema, Text, Truth};
use std::ops::Range;

const OPS: &str = "!~><=";

/// One rule of a text, and where its parts stand.
#[derive(Debug, PartialEq)]
struct Rule {
    field: String,
    op: String,
    value: String,
    field_at: Range<usize>,
    op_at: Range<usize>,
    value_at: Range<usize>,
}

/// Compiles rules to one condition.
pub fn compile(text: &str, schema: &mut dyn Schema) -> Result<Truth, Problem> {
    let mut all = Vec::new();
    for rule in rules(text)? {
        all.push(compile_rule(&rule, schema)?);
    }
    Ok(Truth::All(all))
}

/// The rules of a text, each with its place; None for one that does not compile.
pub fn each(text: &str, schema: &mut dyn Schema) -> Vec<(Range<usize>, Option<Truth>)> {
    let all = rules(text).unwrap_or_default();
    all.iter().map(|rule| (rule.field_at.start..rule.value_at.end, compile_rule(rule, schema).ok())).collect()
}

/// Splits at the commas that no backslash stands before.
fn rules(text: &str) -> Result<Vec<Rule>, Problem> {
    let mut found = Vec::new();
    let mut parts = [String::new(), String::new(), String::new()];
    // Where each part starts; the end of the last is `at`.
    let mut starts = [0; 3];
    let mut part = 0;
    let mut chars = text.char_indices().peekable();
    loop {
        let next = chars.next();
        let at = next.map_or(text.len(), |(at, _)| at);
        let mut c = match next {
            None | Some((_, ',')) => {
                found.push(finish(std::mem::take(&mut parts), starts, part, at)?);
                if next.is_none() {
                    return Ok(found);
                }
                (part, starts) = (0, [at + 1; 3]);
                continue;
            }
            Some((_, c)) => c,
        };
        let mut escaped = false;
        if c == '\\' {
            if let Some((_, next)) = chars.next_if(|(_, next)| matches!(next, ',' | '\\')) {
                (c, escaped) = (next, true);
            }
        }
        let is_op = !escaped && OPS.contains(c);
        if (part == 0 && is_op) || (part == 1 && !is_op) {
            part += 1;
            starts[part] = at;
        }
        parts[part].push(c);
    }
}

fn finish(parts: [String; 3], starts: [usize; 3], part: usize, end: usize) -> Result<Rule, Problem> {
    let [field, op, mut value] = parts;
    if part < 2 || field.trim().is_empty() {
        let message = "incomplete filter rule, it needs a field, an operator and a value: proc.pid==1";
        return Err(Problem::new(starts[0]..end, message));
    }
    // `comm == sh` means "sh": nobody looks for a value with a space in front who writes one behind the field, too.
    if field.ends_with(' ') {
        value = value.trim_start().to_string();
    }
    let trimmed = field.trim();
    let lead = field.len() - field.trim_start().len();
    Ok(Rule {
        field_at: starts[0] + lead..starts[0] + lead + trimmed.len(),
        op_at: starts[1]..starts[2],
        value_at: starts[2]..end,
        field: trimmed.to_string(),
        op,
        value,
    })
}

fn compile_rule(rule: &Rule, schema: &mut dyn Schema) -> Result<Truth, Problem> {
    let (field, kind) = schema.field(&rule.field).map_err(|message| Problem::new(rule.field_at.clone(), message))?;
    let at_op = |message: String| Problem::new(rule.op_at.clone(), message);
    let compare = match rule.op.as_str() {
        "=" | "==" => Compare::Equal,
        "!=" => Compare::NotEqual,
        "<" => Compare::Less,
        "<=" => Compare::LessEqual,
        ">" => Compare::Greater,
        ">=" => Compare::GreaterEqual,
        op @ ("~" | "!~") => {
            if kind != Kind::Text {
                let message = format!("operator {op} needs a string, and {} is {}", rule.field, describe(kind));
                return Err(at_op(message));
            }
            let pattern = Pattern::new(&rule.value).map_err(|message| Problem::new(rule.value_at.clone(), message))?;
            let hit = match_text(Text::Field(field), pattern);
            return Ok(if op == "~" { hit } else { Truth::Not(Box::new(hit)) });
        }
        op => return Err(at_op(format!("invalid operation {op:?}, there are = == != < <= > >= ~ !~"))),
    };
    let not_a = || Problem::new(rule.value_at.clone(), format!("{} is {}, and {:?} is not", rule.field, describe(kind), rule.value));
    let number = rule.value.trim();
    // Go's integers may have a sign, and nothing else.
    let integer = || number.parse::<i128>().ok().filter(|_| !number.contains('+') || matches!(kind, Kind::Signed(_)));
    Ok(match kind {
        Kind::Text => Truth::Text(compare, Text::Field(field), Text::Constant(rule.value.as_bytes().into())),
        Kind::Bool => {
            let value = go_bool(number).ok_or_else(not_a)?;
            let negated = match compare {
                Compare::Equal => !value,
                Compare::NotEqual => value,
                _ => return Err(at_op(format!("{} is a boolean, which only == and != compare", rule.field))),
            };
            let truth = Truth::Field(field);
            if negated {
                Truth::Not(Box::new(truth))
            } else {
                truth
            }
        }
        Kind::Float => {
            let value = number.parse().map_err(|_| not_a())?;
            Truth::Real(compare, Real::Field(field), Real::Constant(value))
        }
        Kind::Signed(bits) | Kind::Unsigned(bits) => {
            let value = integer().ok_or_else(not_a)?;
            let (least, most) = match kind {
                Kind::Unsigned(_) => (0, (1 << bits) - 1),
                _ => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
            };
            if value < least || value > most {
                let message = format!("{number} is out of range: {} goes from {least} to {most}", rule.field);
                return Err(Problem::new(rule.value_at.clone(), message));
            }
            compare_field(field, kind, compare, value)
        }
    })
}

fn describe(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "a boolean",
        Kind::Signed(_) | Kind::Unsigned(_) => "an integer",
        Kind::Float => "a number",
        Kind::Text => "a string",
    }
}

/// What Go's strconv.ParseBool takes.
fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}
