//! Regular expressions in Go's syntax (RE2), unanchored, over bytes that should be UTF-8. Patterns that only ask for a
//! literal, a prefix or a suffix never meet the regex engine.

use memchr::memmem::Finder;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{Compiler, Config, WhichCaptures};
use regex_automata::util::syntax;
use regex_automata::Input;
use std::cell::RefCell;

/// Bytes of a compiled pattern; `a{1000}{1000}` has no place here.
const MOST_SIZE: usize = 1 << 20;

pub enum Pattern {
    Contains(Box<Finder<'static>>),
    StartsWith(Box<[u8]>),
    EndsWith(Box<[u8]>),
    Is(Box<[u8]>),
    Regex(Box<Regex>),
}

/// A lazy DFA: linear in the text, and its memory is bounded. It needs no other engine, since nobody asks where a match is.
pub struct Regex {
    dfa: DFA,
    cache: RefCell<Cache>,
}

impl Pattern {
    pub fn new(text: &str) -> Result<Pattern, String> {
        if let Some(simple) = simple(text) {
            return Ok(simple);
        }
        Regex::new(&from_go(text)).map(|regex| Pattern::Regex(Box::new(regex))).map_err(|error| {
            // The message shows the translated pattern in a frame; its last line says what is wrong.
            let last = error.lines().last().unwrap_or_default();
            format!("invalid regular expression: {}", last.trim_start_matches("error: "))
        })
    }

    pub fn contains(literal: &[u8]) -> Pattern {
        Pattern::Contains(Box::new(Finder::new(literal).into_owned()))
    }

    pub fn is_match(&self, value: &[u8]) -> bool {
        match self {
            Pattern::Contains(finder) => finder.find(value).is_some(),
            Pattern::StartsWith(prefix) => value.starts_with(prefix),
            Pattern::EndsWith(suffix) => value.ends_with(suffix),
            Pattern::Is(whole) => value == &whole[..],
            // As in Go, a byte that is no UTF-8 counts as one U+FFFD: no `.` can be dodged by a stray byte.
            Pattern::Regex(regex) => match std::str::from_utf8(value) {
                Ok(_) => regex.is_match(value),
                Err(_) => regex.is_match(go_runes(value).as_bytes()),
            },
        }
    }
}

impl Regex {
    fn new(pattern: &str) -> Result<Regex, String> {
        let hir = syntax::parse_with(pattern, &syntax::Config::new().octal(true)).map_err(|error| error.to_string())?;
        let config = Config::new().which_captures(WhichCaptures::None).nfa_size_limit(Some(MOST_SIZE));
        let nfa = Compiler::new().configure(config).build_from_hir(&hir).map_err(|_| "the pattern is too large")?;
        let dfa = DFA::builder().configure(DFA::config().skip_cache_capacity_check(true)).build_from_nfa(nfa);
        let dfa = dfa.map_err(|error| error.to_string())?;
        let cache = RefCell::new(dfa.create_cache());
        Ok(Regex { dfa, cache })
    }

    fn is_match(&self, value: &[u8]) -> bool {
        let input = Input::new(value).earliest(true);
        // It gives up only where it is told to, and it is not.
        matches!(self.dfa.try_search_fwd(&mut self.cache.borrow_mut(), &input), Ok(Some(_)))
    }
}

fn go_runes(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len() + 16);
    for chunk in value.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n('\u{fffd}', chunk.invalid().len()));
    }
    text
}

fn simple(text: &str) -> Option<Pattern> {
    let (anchored, rest) = match text.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut literal = Vec::new();
    let mut chars = rest.chars();
    let mut ends = false;
    while let Some(c) = chars.next() {
        let plain = match c {
            '\\' => chars.next().filter(char::is_ascii_punctuation)?,
            '$' if chars.as_str().is_empty() => {
                ends = true;
                break;
            }
            '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => return None,
            c => c,
        };
        literal.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(match (anchored, ends) {
        (false, false) => Pattern::contains(&literal),
        (true, false) => Pattern::StartsWith(literal.into()),
        (false, true) => Pattern::EndsWith(literal.into()),
        (true, true) => Pattern::Is(literal.into()),
    })
}

/// A pattern in Go's syntax as one for the regex crate: Perl classes and \b know only ASCII there, \Q…\E quotes, and
/// what the crate takes for set operations, nested classes or repetitions is literal.
fn from_go(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    let mut class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('Q') if !class => {
                    let rest: String = chars.clone().collect();
                    let quoted = rest.split("\\E").next().unwrap_or("");
                    for c in quoted.chars() {
                        out.extend((c.is_ascii_punctuation() && c != '<' && c != '>').then_some('\\'));
                        out.push(c);
                    }
                    let skip = quoted.chars().count() + if quoted.len() < rest.len() { 2 } else { 0 };
                    chars.by_ref().take(skip).for_each(drop);
                }
                Some(escaped) => match perl_class(escaped, class) {
                    Some(ascii) => out.push_str(ascii),
                    None => out.extend(['\\', escaped]),
                },
                None => out.push('\\'),
            },
            '[' if !class => {
                class = true;
                out.push('[');
                out.extend(chars.next_if_eq(&'^'));
                // A ] that comes first is literal.
                if chars.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            '[' if chars.peek() == Some(&':') => out.push('['),
            '[' | '&' | '~' if class => {
                out.push('\\');
                out.push(c);
            }
            ']' if class => {
                // The inner ] of [:alpha:] leaves the class open.
                let named = out.ends_with(':') && out.rfind("[:").is_some_and(|at| !out[at + 2..].contains(']'));
                class = named;
                out.push(']');
            }
            '{' if !class && !repeats(chars.clone().collect::<String>().as_str()) => out.push_str("\\{"),
            c => out.push(c),
        }
    }
    out
}

/// What \d, \b and the like mean in Go, written out; inside a class without brackets of its own.
fn perl_class(escaped: char, inside: bool) -> Option<&'static str> {
    Some(match (escaped, inside) {
        ('d', true) => "0-9",
        ('d', false) => "[0-9]",
        ('w', true) => "0-9A-Za-z_",
        ('w', false) => "[0-9A-Za-z_]",
        ('s', true) => "\\t\\n\\f\\r ",
        ('s', false) => "[\\t\\n\\f\\r ]",
        ('D', _) => "[^0-9]",
        ('W', _) => "[^0-9A-Za-z_]",
        ('S', _) => "[^\\t\\n\\f\\r ]",
        // The crate's ends of words, Go's plain characters.
        ('<', _) => "<",
        ('>', _) => ">",
        ('b', false) => "(?-u:\\b)",
        ('B', false) => "(?-u:\\B)",
        _ => return None,
    })
}

/// Whether what follows a { is `n}`, `n,}` or `n,m}`.
fn repeats(rest: &str) -> bool {
    let Some((inside, _)) = rest.split_once('}') else { return false };
    let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
    let digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(pattern: &str, value: &str) -> bool {
        Pattern::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}")).is_match(value.as_bytes())
    }

    #[test]
    fn literals_need_no_engine() {
        assert!(matches!(Pattern::new("etc"), Ok(Pattern::Contains(_))));
        assert!(matches!(Pattern::new("^/etc"), Ok(Pattern::StartsWith(_))));
        assert!(matches!(Pattern::new("\\.so$"), Ok(Pattern::EndsWith(_))));
        assert!(matches!(Pattern::new("^a-b$"), Ok(Pattern::Is(_))));
        assert!(matches!(Pattern::new("a|b"), Ok(Pattern::Regex(_))));
        assert!(matches!(Pattern::new("a\\d"), Ok(Pattern::Regex(_))));
        assert!(hit("etc", "/etc/passwd") && !hit("etc", "/usr"));
        assert!(hit("^/etc", "/etc") && !hit("^/etc", "x/etc"));
        assert!(hit("\\.so$", "libc.so") && !hit("\\.so$", "libcxso"));
        assert!(hit("^a$", "a") && !hit("^a$", "ab"));
        assert!(hit("", "") && hit("^$", "") && !hit("^$", "x"));
    }

    #[test]
    fn goes_by_go() {
        assert!(hit("^/proc/\\d+/(stat|maps)$", "/proc/12/stat"));
        assert!(!hit("\\d", "٣") && !hit("\\w", "é") && hit("^\\W$", "é"));
        assert!(hit("[\\w.-]+", "a.b") && hit("^[^\\s]+$", "ab") && hit("^[\\D]$", "x"));
        assert!(hit("\\bps\\b", "a ps b") && !hit("\\bps\\b", "ups"));
        assert!(hit("\\Qa.b*\\E+c", "a.b**c") && hit("\\Q[", "[") && hit("x*\\Q<b>\\E\\<", "<b><"));
        assert!(hit("^a{x}$", "a{x}") && hit("^a{2}$", "aa") && hit("^a{1,}$", "aaa") && hit("{", "{"));
        assert!(hit("^[]a]+$", "]a") && hit("^[[a]+$", "[a") && hit("^[a&&b]+$", "&ab") && hit("^[^]]$", "x"));
        assert!(hit("^[[:alpha:]_]+$", "ab_") && !hit("^[[:alpha:]]+$", "1") && hit("^[[:^alpha:]]$", "1"));
        assert!(hit("(?i)PASSWD", "/etc/passwd") && hit("^\\x41\\101$", "AA"));
        assert!(hit("^.$", "é") && hit("^[à-ü]$", "é"));
    }

    #[test]
    fn stray_bytes_are_one_character_each() {
        let pattern = Pattern::new("^/tmp/.*x$").unwrap();
        assert!(pattern.is_match(b"/tmp/\xff\xfex"));
        assert!(Pattern::new("^.{2}$").unwrap().is_match(b"\xe2\x82"));
    }

    #[test]
    fn says_what_is_wrong() {
        let error = |pattern| Pattern::new(pattern).err().unwrap();
        assert!(error("a(b").contains("unclosed group"), "{}", error("a(b"));
        assert!(error("[a").contains("unclosed"), "{}", error("[a"));
        assert!(error("*a").contains("repetition"), "{}", error("*a"));
        assert!(error("a{1000}{1000}").contains("too large"), "{}", error("a{1000}{1000}"));
    }
}
