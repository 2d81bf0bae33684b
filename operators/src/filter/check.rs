//! From an expression as written to a typed condition: finds fields, checks types, and decides what can be decided.

use super::net::Net;
use super::pattern::Pattern;
use super::problem::{closest, Problem};
use super::syntax::{parse, Expr, Node, Op};
use super::truth::{compare_field, match_text, Compare, Kind, Real, Schema, Text, Truth, Whole};
use std::ops::Range;

/// Compiles an expression, which must be a condition.
pub fn compile(text: &str, schema: &mut dyn Schema) -> Result<Truth, Problem> {
    compile_expr(&parse(text)?, schema)
}

/// The same for a part of an expression.
pub fn compile_expr(expr: &Expr, schema: &mut dyn Schema) -> Result<Truth, Problem> {
    Checker { schema }.truth(expr)
}

enum Typed {
    Nil,
    Truth(Truth),
    Whole(Whole),
    Real(Real),
    Text(Text),
    Nets(Vec<Net>),
    List,
    Range,
}

impl Typed {
    fn describe(&self) -> &'static str {
        match self {
            Typed::Nil => "nil",
            Typed::Truth(_) => "a boolean",
            Typed::Whole(_) => "an integer",
            Typed::Real(_) => "a number",
            Typed::Text(_) => "a string",
            Typed::Nets(_) => "networks",
            Typed::List => "a list",
            Typed::Range => "a range",
        }
    }
}

const FUNCTIONS: [&str; 8] = ["len", "lower", "upper", "trim", "hasPrefix", "hasSuffix", "cidr", "CidrMatches"];

struct Checker<'s> {
    schema: &'s mut dyn Schema,
}

type Checked<T> = Result<T, Problem>;

fn problem<T>(span: &Range<usize>, message: impl Into<String>) -> Checked<T> {
    Err(Problem::new(span.clone(), message))
}

fn pair<T>(a: T, b: T) -> Box<[T; 2]> {
    Box::new([a, b])
}

fn compare_of(op: Op) -> Compare {
    match op {
        Op::NotEqual => Compare::NotEqual,
        Op::Less => Compare::Less,
        Op::LessEqual => Compare::LessEqual,
        Op::Greater => Compare::Greater,
        Op::GreaterEqual => Compare::GreaterEqual,
        _ => Compare::Equal,
    }
}

impl Checker<'_> {
    fn truth(&mut self, expr: &Expr) -> Checked<Truth> {
        match self.typed(expr)? {
            Typed::Truth(truth) => Ok(truth),
            other => problem(&expr.span, format!("expected a condition, this is {}", other.describe())),
        }
    }

    fn text(&mut self, expr: &Expr, of: &str) -> Checked<Text> {
        match self.typed(expr)? {
            Typed::Text(text) => Ok(text),
            other => problem(&expr.span, format!("{of} needs a string, this is {}", other.describe())),
        }
    }

    fn whole(&mut self, expr: &Expr, of: &str) -> Checked<Whole> {
        match self.typed(expr)? {
            Typed::Whole(whole) => Ok(whole),
            other => problem(&expr.span, format!("{of} needs an integer, this is {}", other.describe())),
        }
    }

    fn truths(&mut self, many: &[Expr]) -> Checked<Vec<Truth>> {
        many.iter().map(|one| self.truth(one)).collect()
    }

    fn typed(&mut self, expr: &Expr) -> Checked<Typed> {
        Ok(match &expr.node {
            Node::Nil => Typed::Nil,
            Node::Bool(value) => Typed::Truth(Truth::Always(*value)),
            Node::Int(value) => Typed::Whole(Whole::Constant(*value)),
            Node::Float(value) => Typed::Real(Real::Constant(*value)),
            Node::Text(value) => Typed::Text(Text::Constant(value.as_slice().into())),
            Node::Field(name) => {
                let (field, kind) = self.schema.field(name).map_err(|message| Problem::new(expr.span.clone(), message))?;
                match kind {
                    Kind::Bool => Typed::Truth(Truth::Field(field)),
                    Kind::Signed(_) => Typed::Whole(Whole::Signed(field)),
                    Kind::Unsigned(_) => Typed::Whole(Whole::Unsigned(field)),
                    Kind::Float => Typed::Real(Real::Field(field)),
                    Kind::Text => Typed::Text(Text::Field(field)),
                }
            }
            Node::List(_) => Typed::List,
            Node::Range(..) => Typed::Range,
            Node::Not(inner) => match self.typed(inner)? {
                Typed::Truth(truth) => Typed::Truth(Truth::Not(Box::new(truth))),
                other => return problem(&inner.span, format!("\"not\" needs a condition, this is {}", other.describe())),
            },
            Node::Negative(inner) => match self.typed(inner)? {
                Typed::Whole(whole) => Typed::Whole(Whole::Negative(Box::new(whole))),
                Typed::Real(real) => Typed::Real(Real::Negative(Box::new(real))),
                other => return problem(&inner.span, format!("- needs a number, this is {}", other.describe())),
            },
            Node::All(many) => Typed::Truth(Truth::All(self.truths(many)?)),
            Node::Any(many) => Typed::Truth(Truth::Any(self.truths(many)?)),
            Node::Binary(op, left, right) => self.binary(*op, left, right, &expr.span)?,
            Node::Choose(condition, yes, no) => self.choose(condition, yes, no, &expr.span)?,
            Node::Call(name, many) => self.call(name, many, &expr.span)?,
        })
    }

    fn binary(&mut self, op: Op, left: &Expr, right: &Expr, span: &Range<usize>) -> Checked<Typed> {
        Ok(match op {
            Op::In => Typed::Truth(self.is_in(left, right)?),
            Op::Contains => Typed::Truth(match (self.text(left, "contains")?, self.text(right, "contains")?) {
                (text, Text::Constant(part)) => Truth::Matches(text, Pattern::contains(&part)),
                (text, part) => Truth::Contains(text, part),
            }),
            Op::StartsWith => Typed::Truth(Truth::StartsWith(self.text(left, "startsWith")?, self.text(right, "startsWith")?)),
            Op::EndsWith => Typed::Truth(Truth::EndsWith(self.text(left, "endsWith")?, self.text(right, "endsWith")?)),
            Op::Matches => {
                let text = self.text(left, "matches")?;
                let Node::Text(pattern) = &right.node else {
                    return problem(&right.span, "matches needs a regular expression in quotes");
                };
                let pattern = Pattern::new(&String::from_utf8_lossy(pattern));
                let pattern = pattern.map_err(|message| Problem::new(right.span.clone(), message))?;
                Typed::Truth(match_text(text, pattern))
            }
            Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Remainder => self.arithmetic(op, left, right, span)?,
            _ => {
                let (a, b) = (self.typed(left)?, self.typed(right)?);
                Typed::Truth(compare(compare_of(op), a, b, span)?)
            }
        })
    }

    fn arithmetic(&mut self, op: Op, left: &Expr, right: &Expr, span: &Range<usize>) -> Checked<Typed> {
        let (a, b) = (self.typed(left)?, self.typed(right)?);
        Ok(match (op, a, b) {
            (Op::Add, Typed::Text(a), Typed::Text(b)) => Typed::Text(Text::Concat(pair(a, b))),
            (Op::Add, Typed::Whole(a), Typed::Whole(b)) => Typed::Whole(Whole::Add(pair(a, b))),
            (Op::Subtract, Typed::Whole(a), Typed::Whole(b)) => Typed::Whole(Whole::Subtract(pair(a, b))),
            (Op::Multiply, Typed::Whole(a), Typed::Whole(b)) => Typed::Whole(Whole::Multiply(pair(a, b))),
            (Op::Remainder, Typed::Whole(_), Typed::Whole(Whole::Constant(0))) => return problem(span, "division by zero"),
            (Op::Remainder, Typed::Whole(a), Typed::Whole(b)) => Typed::Whole(Whole::Remainder(pair(a, b))),
            (op, a, b) => match (real(a), real(b)) {
                (Ok(a), Ok(b)) if op != Op::Remainder => Typed::Real(match op {
                    Op::Add => Real::Add(pair(a, b)),
                    Op::Subtract => Real::Subtract(pair(a, b)),
                    Op::Multiply => Real::Multiply(pair(a, b)),
                    _ => Real::Divide(pair(a, b)),
                }),
                (a, b) => {
                    let kind = |side: Result<Real, Typed>| side.err().map_or("a number", |typed| typed.describe());
                    return problem(span, format!("cannot calculate with {} and {}", kind(a), kind(b)));
                }
            },
        })
    }

    fn is_in(&mut self, left: &Expr, right: &Expr) -> Checked<Truth> {
        let value = self.typed(left)?;
        match (&right.node, value) {
            (Node::Range(low, high), Typed::Whole(value)) => {
                Ok(Truth::Between(value, self.whole(low, "a range")?, self.whole(high, "a range")?))
            }
            (Node::Range(..), other) => problem(&left.span, format!("a range needs an integer, this is {}", other.describe())),
            (Node::List(many), value) => self.is_among(value, left, many),
            (_, value) => match (self.typed(right)?, value) {
                (Typed::Nets(nets), Typed::Text(text)) => Ok(Truth::InNets(text, nets)),
                (Typed::Nets(_), other) => problem(&left.span, format!("an IP address is a string, this is {}", other.describe())),
                (Typed::Text(_), _) => {
                    problem(&right.span, "\"in\" needs a list, a range or cidr(…); for a part of a string there is contains")
                }
                (other, _) => problem(&right.span, format!("\"in\" needs a list, a range or cidr(…), this is {}", other.describe())),
            },
        }
    }

    fn is_among(&mut self, value: Typed, left: &Expr, many: &[Expr]) -> Checked<Truth> {
        // The common cases, lists of literals, are searched; all others are comparisons.
        let ints: Option<Vec<i128>> = many.iter().map(|one| if let Node::Int(value) = one.node { Some(value) } else { None }).collect();
        let texts: Option<Vec<Box<[u8]>>> =
            many.iter().map(|one| if let Node::Text(value) = &one.node { Some(value.as_slice().into()) } else { None }).collect();
        match (value, ints, texts) {
            (Typed::Whole(value), Some(mut ints), _) => {
                ints.sort_unstable();
                Ok(Truth::AmongWhole(value, ints))
            }
            (Typed::Text(value), _, Some(texts)) => Ok(Truth::AmongText(value, texts)),
            _ => {
                let mut any = Vec::new();
                for one in many {
                    let (a, b) = (self.typed(left)?, self.typed(one)?);
                    any.push(compare(Compare::Equal, a, b, &one.span)?);
                }
                Ok(Truth::Any(any))
            }
        }
    }

    fn choose(&mut self, condition: &Expr, yes: &Expr, no: &Expr, span: &Range<usize>) -> Checked<Typed> {
        match (self.truth(condition)?, self.typed(yes)?, self.typed(no)?) {
            (condition, Typed::Truth(yes), Typed::Truth(no)) => Ok(Typed::Truth(Truth::Choose(Box::new([condition, yes, no])))),
            _ => problem(span, "both results of ? must be conditions"),
        }
    }

    fn call(&mut self, name: &str, many: &[Expr], span: &Range<usize>) -> Checked<Typed> {
        let count = |wanted: usize, what: &str| match many.len() == wanted {
            true => Ok(()),
            false => problem(span, format!("{name} takes {what}")),
        };
        Ok(match name {
            "len" => {
                count(1, "one string")?;
                Typed::Whole(Whole::Length(Box::new(self.text(&many[0], name)?)))
            }
            "lower" | "upper" | "trim" => {
                count(1, "one string")?;
                let text = Box::new(self.text(&many[0], name)?);
                Typed::Text(match name {
                    "lower" => Text::Lower(text),
                    "upper" => Text::Upper(text),
                    _ => Text::Trim(text),
                })
            }
            "hasPrefix" | "hasSuffix" => {
                count(2, "two strings")?;
                let (text, part) = (self.text(&many[0], name)?, self.text(&many[1], name)?);
                Typed::Truth(if name == "hasPrefix" { Truth::StartsWith(text, part) } else { Truth::EndsWith(text, part) })
            }
            "cidr" => Typed::Nets(networks(many, span)?),
            "CidrMatches" => {
                count(2, "an address and networks")?;
                let text = self.text(&many[0], name)?;
                let nets = match &many[1].node {
                    Node::Call(inner, nets) if inner == "cidr" => networks(nets, &many[1].span)?,
                    Node::List(nets) => networks(nets, &many[1].span)?,
                    _ => networks(&many[1..], span)?,
                };
                Typed::Truth(Truth::InNets(text, nets))
            }
            _ => {
                let near = closest(name, FUNCTIONS.into_iter()).map_or(String::new(), |near| format!(", did you mean {near}?"));
                return problem(span, format!("there is no function {name}{near}"));
            }
        })
    }
}

fn networks(many: &[Expr], span: &Range<usize>) -> Checked<Vec<Net>> {
    if many.is_empty() {
        return problem(span, "cidr needs networks: cidr(\"10.0.0.0/8\", \"fd00::/8\")");
    }
    let net = |one: &Expr| match &one.node {
        Node::Text(text) => {
            let text = String::from_utf8_lossy(text);
            Net::parse(&text).ok_or_else(|| Problem::new(one.span.clone(), format!("{text:?} is not a network such as 10.0.0.0/8")))
        }
        _ => problem(&one.span, "cidr needs networks in quotes"),
    };
    many.iter().map(net).collect()
}

fn real(typed: Typed) -> Result<Real, Typed> {
    match typed {
        Typed::Real(real) => Ok(real),
        Typed::Whole(Whole::Constant(value)) => Ok(Real::Constant(value as f64)),
        Typed::Whole(whole) => Ok(Real::Whole(Box::new(whole))),
        other => Err(other),
    }
}

fn compare(compare: Compare, a: Typed, b: Typed, span: &Range<usize>) -> Checked<Truth> {
    let equality = matches!(compare, Compare::Equal | Compare::NotEqual);
    Ok(match (a, b) {
        (Typed::Whole(Whole::Unsigned(field)), Typed::Whole(Whole::Constant(value))) => {
            compare_field(field, Kind::Unsigned(64), compare, value)
        }
        (Typed::Whole(Whole::Signed(field)), Typed::Whole(Whole::Constant(value))) => {
            compare_field(field, Kind::Signed(64), compare, value)
        }
        (Typed::Whole(Whole::Constant(value)), Typed::Whole(Whole::Unsigned(field))) => {
            compare_field(field, Kind::Unsigned(64), compare.mirrored(), value)
        }
        (Typed::Whole(Whole::Constant(value)), Typed::Whole(Whole::Signed(field))) => {
            compare_field(field, Kind::Signed(64), compare.mirrored(), value)
        }
        (Typed::Whole(a), Typed::Whole(b)) => Truth::Whole(compare, a, b),
        (Typed::Text(a @ Text::Constant(_)), Typed::Text(b)) => Truth::Text(compare.mirrored(), b, a),
        (Typed::Text(a), Typed::Text(b)) => Truth::Text(compare, a, b),
        (Typed::Truth(a), Typed::Truth(b)) if equality => {
            let same = Truth::Same(Box::new(a), Box::new(b));
            if compare == Compare::Equal {
                same
            } else {
                Truth::Not(Box::new(same))
            }
        }
        // A field always has a value; nothing but nil is nil.
        (Typed::Nil, Typed::Nil) if equality => Truth::Always(compare == Compare::Equal),
        (Typed::Nil, _) | (_, Typed::Nil) if equality => Truth::Always(compare == Compare::NotEqual),
        (a, b) => match (real(a), real(b)) {
            (Ok(a), Ok(b)) => Truth::Real(compare, a, b),
            (a, b) => {
                let kind = |side: Result<Real, Typed>| side.err().map_or("a number", |typed| typed.describe());
                let message = match (kind(a), kind(b)) {
                    ("a number", "a string") => "cannot compare a number and a string: write the number without quotes".to_string(),
                    ("a string", "a number") => "cannot compare a string and a number: write the string in quotes".to_string(),
                    (a, b) if a == b => format!("{a} has no order: only == and != compare it"),
                    (a, b) => format!("cannot compare {a} and {b}"),
                };
                return problem(span, message);
            }
        },
    })
}
