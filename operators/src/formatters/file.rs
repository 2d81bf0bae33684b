//! Modes and open flags of files.

use super::{lookup, target, Job};
use ig_operator::{DataSource, NewField, Result};

/// As Go's `fs.FileMode` prints its own bits, which is what Inspektor Gadget shows: of an ordinary mode, the permissions.
fn mode(bits: u32, to: &mut String) {
    const KINDS: &str = "dalTLDpSugct?";
    let start = to.len();
    to.extend(KINDS.chars().enumerate().filter(|(i, _)| bits >> (31 - i) & 1 == 1).map(|(_, letter)| letter));
    if to.len() == start {
        to.push('-');
    }
    to.extend("rwxrwxrwx".chars().enumerate().map(|(i, letter)| if bits >> (8 - i) & 1 == 1 { letter } else { '-' }));
}

/// Open flags, the access mode first.
fn flags(bits: u32, to: &mut String) {
    const ACCESS: [&str; 4] = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"];
    // From bit 6, x86's numbers.
    #[rustfmt::skip]
    const NAMES: [&str; 14] = [
        "O_CREAT", "O_EXCL", "O_NOCTTY", "O_TRUNC", "O_APPEND", "O_NONBLOCK", "O_DSYNC", "O_FASYNC", "O_DIRECT", "O_LARGEFILE",
        "O_DIRECTORY", "O_NOFOLLOW", "O_NOATIME", "O_CLOEXEC",
    ];
    to.push_str(ACCESS[(bits & 3) as usize]);
    for (_, name) in NAMES.iter().enumerate().filter(|(i, _)| bits >> (6 + i) & 1 == 1) {
        to.push('|');
        to.push_str(name);
    }
}

pub fn jobs(source: &DataSource, jobs: &mut Vec<Box<dyn Job>>) -> Result<()> {
    for raw in target::tagged(source, "gadget_file_mode") {
        if let Some(name) = target::name(&raw, "formatters.file_mode.target") {
            lookup::job(&raw, target::plain(NewField::new(name)), |bits, _, to| mode(bits, to), jobs)?;
        }
    }
    for raw in target::tagged(source, "gadget_file_flags") {
        if let Some(name) = target::name(&raw, "formatters.file_flags.target") {
            lookup::job(&raw, target::plain(NewField::new(name)), |bits, _, to| flags(bits, to), jobs)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    fn text(write: fn(u32, &mut String), bits: u32) -> String {
        let mut text = String::new();
        write(bits, &mut text);
        text
    }

    #[test]
    fn modes_as_go_prints_them() {
        assert_eq!(
            [0, 0o644, 0o100644, 0o4755, 0o777].map(|bits| text(super::mode, bits)),
            ["----------", "-rw-r--r--", "-rw-r--r--", "-rwxr-xr-x", "-rwxrwxrwx"]
        );
        assert_eq!(text(super::mode, 1 << 31 | 0o755), "drwxr-xr-x");
    }

    #[test]
    fn flags_begin_with_the_access_mode() {
        assert_eq!(
            [0, 577, 0o2000000, 2 | 0o200000].map(|bits| text(super::flags, bits)),
            ["O_RDONLY", "O_WRONLY|O_CREAT|O_TRUNC", "O_RDONLY|O_CLOEXEC", "O_RDWR|O_DIRECTORY"]
        );
    }
}
