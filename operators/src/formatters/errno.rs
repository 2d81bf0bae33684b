//! Names of errors.

use super::{lookup, target, Job};
use ig_operator::{DataSource, NewField, Result};

/// Linux's errors, from 1 (asm-generic; x86 and arm64 alike).
#[rustfmt::skip]
const NAMES: [&str; 133] = [
    "EPERM", "ENOENT", "ESRCH", "EINTR", "EIO", "ENXIO", "E2BIG", "ENOEXEC", "EBADF", "ECHILD", "EAGAIN", "ENOMEM", "EACCES",
    "EFAULT", "ENOTBLK", "EBUSY", "EEXIST", "EXDEV", "ENODEV", "ENOTDIR", "EISDIR", "EINVAL", "ENFILE", "EMFILE", "ENOTTY",
    "ETXTBSY", "EFBIG", "ENOSPC", "ESPIPE", "EROFS", "EMLINK", "EPIPE", "EDOM", "ERANGE", "EDEADLK", "ENAMETOOLONG", "ENOLCK",
    "ENOSYS", "ENOTEMPTY", "ELOOP", "", "ENOMSG", "EIDRM", "ECHRNG", "EL2NSYNC", "EL3HLT", "EL3RST", "ELNRNG", "EUNATCH",
    "ENOCSI", "EL2HLT", "EBADE", "EBADR", "EXFULL", "ENOANO", "EBADRQC", "EBADSLT", "", "EBFONT", "ENOSTR", "ENODATA", "ETIME",
    "ENOSR", "ENONET", "ENOPKG", "EREMOTE", "ENOLINK", "EADV", "ESRMNT", "ECOMM", "EPROTO", "EMULTIHOP", "EDOTDOT", "EBADMSG",
    "EOVERFLOW", "ENOTUNIQ", "EBADFD", "EREMCHG", "ELIBACC", "ELIBBAD", "ELIBSCN", "ELIBMAX", "ELIBEXEC", "EILSEQ", "ERESTART",
    "ESTRPIPE", "EUSERS", "ENOTSOCK", "EDESTADDRREQ", "EMSGSIZE", "EPROTOTYPE", "ENOPROTOOPT", "EPROTONOSUPPORT",
    "ESOCKTNOSUPPORT", "ENOTSUP", "EPFNOSUPPORT", "EAFNOSUPPORT", "EADDRINUSE", "EADDRNOTAVAIL", "ENETDOWN", "ENETUNREACH",
    "ENETRESET", "ECONNABORTED", "ECONNRESET", "ENOBUFS", "EISCONN", "ENOTCONN", "ESHUTDOWN", "ETOOMANYREFS", "ETIMEDOUT",
    "ECONNREFUSED", "EHOSTDOWN", "EHOSTUNREACH", "EALREADY", "EINPROGRESS", "ESTALE", "EUCLEAN", "ENOTNAM", "ENAVAIL", "EISNAM",
    "EREMOTEIO", "EDQUOT", "ENOMEDIUM", "EMEDIUMTYPE", "ECANCELED", "ENOKEY", "EKEYEXPIRED", "EKEYREVOKED", "EKEYREJECTED",
    "EOWNERDEAD", "ENOTRECOVERABLE", "ERFKILL", "EHWPOISON",
];

/// Second names of numbers.
const ALIASES: [&str; 3] = ["EDEADLOCK", "EOPNOTSUPP", "EWOULDBLOCK"];

/// The values that `value.one-of` promises; Inspektor Gadget's list has no EHWPOISON.
fn one_of() -> String {
    let mut names: Vec<_> = NAMES.into_iter().chain(ALIASES).filter(|name| !name.is_empty() && *name != "EHWPOISON").collect();
    names.sort_unstable();
    names.join(", ")
}

fn text(number: u32, to: &mut String) {
    match NAMES.get(number.wrapping_sub(1) as usize) {
        _ if number == 0 => {}
        Some(name) if !name.is_empty() => to.push_str(name),
        _ => *to = format!("error#{number}"),
    }
}

/// The number whose text that is.
pub fn number(name: &str) -> Option<u32> {
    target::inverse(name, NAMES.len() as u32, text)
}

pub fn jobs(source: &DataSource, jobs: &mut Vec<Box<dyn Job>>) -> Result<()> {
    for raw in target::tagged(source, "gadget_errno") {
        let Some(name) = target::name(&raw, "formatters.errno.target") else { continue };
        let field = NewField::new(name).annotation("template", "errorString").annotation("columns.width", "12");
        lookup::job(&raw, field.annotation("value.one-of", one_of()), |number, _, to| text(number, to), jobs)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_have_their_numbers() {
        let names = ["", "EPERM", "EHWPOISON", "error#41", "error#134", "error#041", "error#1", "EWOULDBLOCK", "eperm"];
        assert_eq!(names.map(super::number), [Some(0), Some(1), Some(133), Some(41), Some(134), None, None, None, None]);
    }

    #[test]
    fn numbers_have_their_names() {
        let name = |number| {
            let mut text = String::new();
            super::text(number, &mut text);
            text
        };
        let names = [0, 1, 2, 13, 40, 41, 42, 95, 110, 133, 134, u32::MAX].map(name);
        assert_eq!(
            names,
            [
                "",
                "EPERM",
                "ENOENT",
                "EACCES",
                "ELOOP",
                "error#41",
                "ENOMSG",
                "ENOTSUP",
                "ETIMEDOUT",
                "EHWPOISON",
                "error#134",
                "error#4294967295"
            ]
        );
        assert!(super::one_of().starts_with("E2BIG, EACCES, EADDRINUSE, ") && super::one_of().ends_with(", EXDEV, EXFULL"));
    }
}
