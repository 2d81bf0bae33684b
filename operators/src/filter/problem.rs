//! Errors about a text that the user wrote: what is wrong, and a frame that shows where.

use std::ops::Range;

/// How much of a long text the frame shows.
const FRAME: usize = 100;

/// What is wrong with a rule or an expression. `span` is a byte range of the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub message: String,
    pub span: Range<usize>,
}

impl Problem {
    pub fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Problem { message: message.into(), span }
    }

    /// The message, the text, and a line of carets under the part that is meant. `label` is what the user knows the
    /// text by, such as `--filter`.
    pub fn render(&self, label: &str, text: &str) -> String {
        let shown: Vec<char> = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let chars_to = |byte: usize| text.char_indices().take_while(|(at, _)| *at < byte).count();
        let start = chars_to(self.span.start);
        let end = chars_to(self.span.end).max(start + 1);
        let from = if shown.len() > FRAME { start.saturating_sub(FRAME / 2) } else { 0 };
        let to = shown.len().min(from + FRAME);
        let mut line = String::from("    ");
        let mut carets = String::from("    ");
        if from > 0 {
            line.push('…');
            carets.push(' ');
        }
        line.extend(&shown[from..to]);
        if to < shown.len() {
            line.push('…');
        }
        carets.extend(std::iter::repeat_n(' ', start - from));
        carets.extend(std::iter::repeat_n('^', (end - start).min(to.saturating_sub(start)).max(1)));
        format!("{label}: {}\n{line}\n{carets}", self.message)
    }
}

/// The name that the user may have meant: the candidate with the fewest edits from `wanted`, when they are few. A
/// candidate's last part alone counts too: `pid` is near to `proc.pid`.
pub fn closest<'a>(wanted: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_ascii_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let lower = candidate.to_ascii_lowercase();
        let leaf = lower.rsplit('.').next().unwrap_or(&lower);
        // The whole name wins over a leaf that is as near.
        let far = (edits(&wanted, &lower) * 2).min(edits(&wanted, leaf) * 2 + 1);
        if best.is_none_or(|(least, _)| far < least) {
            best = Some((far, candidate));
        }
    }
    best.filter(|(far, _)| *far <= 2 * (1 + wanted.len() / 4).min(3) + 1).map(|(_, candidate)| candidate)
}

/// "unknown field …", in the words that Inspektor Gadget's users know, with the closest name.
pub fn unknown_field<'a>(name: &str, source: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut message = format!("field {name:?} not found in datasource {source:?}");
    if let Some(near) = closest(name, known) {
        message += &format!(", did you mean {near:?}?");
    }
    message
}

/// Edits (insert, delete, replace, swap of neighbours) between two strings.
fn edits(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_where() {
        let text = "proc.pid == 1 && proc.comn == 'x'";
        let problem = Problem::new(17..26, "no such thing");
        assert_eq!(
            problem.render("--filter-expr", text),
            "--filter-expr: no such thing\n    proc.pid == 1 && proc.comn == 'x'\n                     ^^^^^^^^^"
        );
    }

    #[test]
    fn cuts_a_long_text_around_the_place() {
        let text = format!("{}HERE{}", "a".repeat(500), "b".repeat(500));
        let shown = Problem::new(500..504, "bad").render("--filter", &text);
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[1].chars().count() < 110);
        let at = lines[2].chars().take_while(|c| *c == ' ').count();
        assert_eq!(lines[1].chars().skip(at).take(4).collect::<String>(), "HERE");
    }

    #[test]
    fn never_shows_control_characters() {
        let shown = Problem::new(0..1, "bad").render("--filter", "\x1b[31mred\n");
        assert!(!shown.contains('\x1b'));
        assert_eq!(shown.lines().count(), 3);
    }

    #[test]
    fn finds_the_name_that_was_meant() {
        let names = ["proc.pid", "proc.comm", "fname", "error"];
        let near = |name| closest(name, names.iter().copied());
        assert_eq!(near("proc.pdi"), Some("proc.pid"));
        assert_eq!(near("pid"), Some("proc.pid"));
        assert_eq!(near("fnmae"), Some("fname"));
        assert_eq!(near("something"), None);
    }
}
