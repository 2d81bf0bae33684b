//! Names of signals.

use super::{lookup, target, Job};
use ig_operator::{DataSource, NewField, Result};

/// From 1 (x86 and arm64 alike).
#[rustfmt::skip]
const NAMES: [&str; 31] = [
    "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2",
    "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG",
    "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
];

/// Second names of numbers.
const ALIASES: [&str; 4] = ["SIGCLD", "SIGIOT", "SIGPOLL", "SIGUNUSED"];

fn one_of() -> String {
    let mut names: Vec<_> = NAMES.into_iter().chain(ALIASES).collect();
    names.sort_unstable();
    names.join(", ")
}

fn text(number: u32, to: &mut String) {
    match NAMES.get(number.wrapping_sub(1) as usize) {
        Some(name) => to.push_str(name),
        None => *to = format!("signal#{number}"),
    }
}

/// The number whose text that is.
pub fn number(name: &str) -> Option<u32> {
    target::inverse(name, NAMES.len() as u32, text)
}

pub fn jobs(source: &DataSource, jobs: &mut Vec<Box<dyn Job>>) -> Result<()> {
    for raw in target::tagged(source, "gadget_signal") {
        let Some(name) = target::name(&raw, "formatters.signal.target") else { continue };
        let field = NewField::new(name).annotation("value.one-of", one_of());
        lookup::job(&raw, field, |number, _, to| text(number, to), jobs)?;
    }
    Ok(())
}
