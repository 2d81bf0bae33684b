//! A filter expression's tree, from its words. The language is the part of expr-lang (<https://expr-lang.org>) that
//! asks about one record. One thing differs: the word `not` binds weaker than comparisons, so that
//! `not comm contains "x"` means what it says; where expr-lang accepts an expression, both give the same result.

use super::problem::Problem;
use super::token::{tokens, Spanned, Token};
use std::ops::Range;

/// Deeper than any person writes, and well within the stack of a WASM module.
const MAX_DEPTH: usize = 100;

#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Nil,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Vec<u8>),
    Field(String),
    List(Vec<Expr>),
    Range(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Binary(Op, Box<Expr>, Box<Expr>),
    Choose(Box<Expr>, Box<Expr>, Box<Expr>),
    Call(String, Vec<Expr>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub node: Node,
    /// Where it stands in the text.
    pub span: Range<usize>,
    depth: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Op {
    pub fn orders(self) -> bool {
        matches!(self, Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual)
    }
}

/// What stands between two operands, and how tight it binds.
enum Infix {
    Or,
    And,
    Binary(Op),
    Range,
}

const OR: u8 = 10;
const AND: u8 = 15;
const COMPARE: u8 = 20;
const RANGE: u8 = 25;
const SUM: u8 = 30;
const PRODUCT: u8 = 60;
const SIGN: u8 = 90;

/// Parses a whole text.
pub fn parse(text: &str) -> Result<Expr, Problem> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let expr = parser.expr(0)?;
    match parser.peek() {
        Token::End => Ok(expr),
        Token::Op(")") => Err(parser.problem("there is no ( for this )")),
        Token::Op(op @ ("**" | "?")) => Err(parser.problem(format!("the operator {op} is not supported"))),
        Token::Name(_) | Token::Int(_) | Token::Float(_) | Token::Text(_) => {
            Err(parser.problem("expected an operator such as == or && before this"))
        }
        _ => Err(parser.problem("unexpected here")),
    }
}

/// The parts of an expression that `&&` joins, those of its parts included.
pub fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    match &expr.node {
        Node::All(many) => many.iter().flat_map(conjuncts).collect(),
        _ => vec![expr],
    }
}

struct Parser {
    tokens: Vec<Spanned>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn span(&self) -> Range<usize> {
        self.tokens[self.at].1.clone()
    }

    fn next(&mut self) -> Spanned {
        let token = self.tokens[self.at].clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(self.span(), message)
    }

    fn take(&mut self, op: &str) -> bool {
        let there = matches!(self.peek(), Token::Op(found) if *found == op);
        if there {
            self.next();
        }
        there
    }

    fn expect(&mut self, op: &str, what: &str) -> Result<(), Problem> {
        if self.take(op) {
            return Ok(());
        }
        Err(self.problem(format!("expected {op} {what}")))
    }

    fn make(&self, node: Node, start: usize) -> Result<Expr, Problem> {
        let span = start..self.tokens[self.at.saturating_sub(1)].1.end.max(start);
        let depth = 1 + match &node {
            Node::Range(a, b) | Node::Binary(_, a, b) => a.depth.max(b.depth),
            Node::Not(a) | Node::Negative(a) => a.depth,
            Node::List(many) | Node::All(many) | Node::Any(many) | Node::Call(_, many) => {
                many.iter().map(|expr| expr.depth).max().unwrap_or(0)
            }
            Node::Choose(a, b, c) => a.depth.max(b.depth).max(c.depth),
            _ => 0,
        };
        if depth > MAX_DEPTH {
            return Err(Problem::new(span, "this expression is nested too deeply"));
        }
        Ok(Expr { node, span, depth })
    }

    /// An expression whose operators all bind at least as tight as `least`.
    fn expr(&mut self, least: u8) -> Result<Expr, Problem> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.problem("this expression is nested too deeply"));
        }
        let start = self.span().start;
        let mut left = self.operand()?;
        while let Some((infix, binds, negated, words)) = self.infix() {
            if binds < least {
                break;
            }
            for _ in 0..words {
                self.next();
            }
            let right = self.expr(binds + 1)?;
            left = self.join(infix, left, right, start)?;
            if negated {
                left = self.make(Node::Not(Box::new(left)), start)?;
            }
        }
        if least == 0 && self.take("?") {
            let yes = self.expr(0)?;
            self.expect(":", "between the two results of ?")?;
            let no = self.expr(0)?;
            left = self.make(Node::Choose(Box::new(left), Box::new(yes), Box::new(no)), start)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    /// The operator that comes next: what, how tight, whether `not` stands before it, and of how many words it is.
    fn infix(&self) -> Option<(Infix, u8, bool, usize)> {
        let word_op = |token: &Token| match token {
            Token::Name(name) => match name.as_str() {
                "in" => Some(Op::In),
                "contains" => Some(Op::Contains),
                "startsWith" => Some(Op::StartsWith),
                "endsWith" => Some(Op::EndsWith),
                "matches" => Some(Op::Matches),
                _ => None,
            },
            _ => None,
        };
        if let Some(op) = word_op(self.peek()) {
            return Some((Infix::Binary(op), COMPARE, false, 1));
        }
        let (infix, binds) = match self.peek() {
            Token::Name(name) => match name.as_str() {
                "and" => (Infix::And, AND),
                "or" => (Infix::Or, OR),
                "not" => {
                    let op = word_op(&self.tokens.get(self.at + 1)?.0)?;
                    return Some((Infix::Binary(op), COMPARE, true, 2));
                }
                _ => return None,
            },
            Token::Op(op) => match *op {
                "||" => (Infix::Or, OR),
                "&&" => (Infix::And, AND),
                "==" => (Infix::Binary(Op::Equal), COMPARE),
                "!=" => (Infix::Binary(Op::NotEqual), COMPARE),
                "<" => (Infix::Binary(Op::Less), COMPARE),
                "<=" => (Infix::Binary(Op::LessEqual), COMPARE),
                ">" => (Infix::Binary(Op::Greater), COMPARE),
                ">=" => (Infix::Binary(Op::GreaterEqual), COMPARE),
                ".." => (Infix::Range, RANGE),
                "+" => (Infix::Binary(Op::Add), SUM),
                "-" => (Infix::Binary(Op::Subtract), SUM),
                "*" => (Infix::Binary(Op::Multiply), PRODUCT),
                "/" => (Infix::Binary(Op::Divide), PRODUCT),
                "%" => (Infix::Binary(Op::Remainder), PRODUCT),
                _ => return None,
            },
            _ => return None,
        };
        Some((infix, binds, false, 1))
    }

    fn join(&self, infix: Infix, left: Expr, right: Expr, start: usize) -> Result<Expr, Problem> {
        // Chains of one operator become one flat node: `a || b || c` is as deep as `a`.
        let (infix, left) = match (infix, left) {
            (Infix::And, Expr { node: Node::All(mut many), depth, .. }) => {
                let (depth, span) = (depth.max(right.depth + 1), start..right.span.end);
                many.push(right);
                return Ok(Expr { node: Node::All(many), span, depth });
            }
            (Infix::Or, Expr { node: Node::Any(mut many), depth, .. }) => {
                let (depth, span) = (depth.max(right.depth + 1), start..right.span.end);
                many.push(right);
                return Ok(Expr { node: Node::Any(many), span, depth });
            }
            other => other,
        };
        let node = match (infix, left) {
            (Infix::And, left) => Node::All(vec![left, right]),
            (Infix::Or, left) => Node::Any(vec![left, right]),
            (Infix::Range, left) => Node::Range(Box::new(left), Box::new(right)),
            // `1 < pid < 10` asks both.
            (Infix::Binary(op), Expr { node: Node::Binary(first, a, b), span, depth }) if op.orders() && first.orders() => {
                let again = self.make(Node::Binary(op, b.clone(), Box::new(right)), b.span.start)?;
                Node::All(vec![Expr { node: Node::Binary(first, a, b), span, depth }, again])
            }
            (Infix::Binary(op), left) => Node::Binary(op, Box::new(left), Box::new(right)),
        };
        self.make(node, start)
    }

    fn operand(&mut self) -> Result<Expr, Problem> {
        let (token, span) = self.next();
        let start = span.start;
        let node = match token {
            Token::Int(value) => Node::Int(value),
            Token::Float(value) => Node::Float(value),
            Token::Text(value) => Node::Text(value),
            Token::Op("(") => {
                let mut inner = self.expr(0)?;
                self.expect(")", "to close the parenthesis")?;
                inner.span = start..self.tokens[self.at - 1].1.end;
                return Ok(inner);
            }
            Token::Op("[") => Node::List(self.many("]", "to close the list")?),
            Token::Op("!") => Node::Not(Box::new(self.expr(SIGN)?)),
            Token::Op("-") => match self.expr(SIGN)? {
                Expr { node: Node::Int(value), .. } => Node::Int(-value),
                Expr { node: Node::Float(value), .. } => Node::Float(-value),
                other => Node::Negative(Box::new(other)),
            },
            Token::Op("+") => return self.expr(SIGN),
            Token::Name(name) => match name.as_str() {
                "true" => Node::Bool(true),
                "false" => Node::Bool(false),
                "nil" => Node::Nil,
                "not" => Node::Not(Box::new(self.expr(COMPARE)?)),
                "and" | "or" | "in" | "contains" | "startsWith" | "endsWith" | "matches" => {
                    return Err(Problem::new(span, format!("expected a value before {name}")));
                }
                _ if self.take("(") => Node::Call(name, self.many(")", "to close the call")?),
                _ => Node::Field(name),
            },
            Token::End => return Err(Problem::new(span, "the expression ends where a value is expected")),
            Token::Op(op) => return Err(Problem::new(span, format!("expected a value, found {op}"))),
        };
        self.make(node, start)
    }

    fn many(&mut self, close: &str, why: &str) -> Result<Vec<Expr>, Problem> {
        let mut found = Vec::new();
        while !self.take(close) {
            if !found.is_empty() {
                if !self.take(",") {
                    self.expect(close, why)?;
                    break;
                }
                if self.take(close) {
                    break;
                }
            }
            found.push(self.expr(0)?);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree, fully parenthesised.
    fn shape(expr: &Expr) -> String {
        let list = |many: &[Expr]| many.iter().map(shape).collect::<Vec<_>>();
        match &expr.node {
            Node::Nil => "nil".into(),
            Node::Bool(value) => value.to_string(),
            Node::Int(value) => value.to_string(),
            Node::Float(value) => format!("{value:?}"),
            Node::Text(value) => format!("{:?}", String::from_utf8_lossy(value)),
            Node::Field(name) => name.clone(),
            Node::List(many) => format!("[{}]", list(many).join(" ")),
            Node::Range(a, b) => format!("({}..{})", shape(a), shape(b)),
            Node::Not(a) => format!("!{}", shape(a)),
            Node::Negative(a) => format!("-{}", shape(a)),
            Node::All(many) => format!("({})", list(many).join(" && ")),
            Node::Any(many) => format!("({})", list(many).join(" || ")),
            Node::Binary(op, a, b) => format!("({} {op:?} {})", shape(a), shape(b)),
            Node::Choose(a, b, c) => format!("({} ? {} : {})", shape(a), shape(b), shape(c)),
            Node::Call(name, many) => format!("{name}({})", list(many).join(" ")),
        }
    }

    fn parsed(text: &str) -> String {
        shape(&parse(text).unwrap_or_else(|problem| panic!("{}", problem.render("expr", text))))
    }

    fn refused(text: &str) -> String {
        parse(text).unwrap_err().message
    }

    #[test]
    fn operators_bind_as_in_expr_lang() {
        assert_eq!(parsed("a or b and c"), "(a || (b && c))");
        assert_eq!(parsed("a == 1 && b != 'x' || !c"), "(((a Equal 1) && (b NotEqual \"x\")) || !c)");
        assert_eq!(parsed("a + 2 * -b < c"), "((a Add (2 Multiply -b)) Less c)");
        assert_eq!(parsed("x in 1..2+3"), "(x In (1..(2 Add 3)))");
        assert_eq!(parsed("a ? b : c ? d : e"), "(a ? b : (c ? d : e))");
        assert_eq!(parsed("a - b - c"), "((a Subtract b) Subtract c)");
        assert_eq!(parsed("-5"), "-5");
    }

    #[test]
    fn not_in_words() {
        assert_eq!(parsed("not a contains 'x' and b"), "(!(a Contains \"x\") && b)");
        assert_eq!(parsed("a not in [1, 2,]"), "!(a In [1 2])");
        assert_eq!(parsed("!a == b"), "(!a Equal b)");
    }

    #[test]
    fn chained_comparisons_ask_both() {
        assert_eq!(parsed("1 < pid <= 10"), "((1 Less pid) && (pid LessEqual 10))");
    }

    #[test]
    fn says_what_is_missing() {
        assert!(refused("pid ==").contains("ends where a value"));
        assert!(refused("(pid == 1").contains("expected )"));
        assert!(refused("pid == 1)").contains("no ("));
        assert!(refused("pid 1").contains("expected an operator"));
        assert!(refused("a ? b").contains("expected :"));
        assert!(refused("x in [1 2]").contains("expected ]"));
        assert!(refused("a == && b").contains("found &&"));
        assert!(refused("").contains("ends where"));
    }

    #[test]
    fn long_is_fine_deep_is_not() {
        assert!(parse(&vec!["a"; 20_000].join(" || ")).is_ok());
        for deep in ["(".repeat(100_000), "!".repeat(100_000), vec!["1"; 5000].join("+"), "a?".repeat(50_000)] {
            assert!(refused(&deep).contains("too deeply"));
        }
    }
}
