//! Errors: a WASI errno and, for people, a sentence.

use std::fmt;

/// A WASI preview 1 errno, the ABI's result numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(pub u16);

macro_rules! errnos {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        impl Errno {
            $(#[doc = $text] pub const $name: Errno = Errno($number);)*

            /// What the number means, in a few words.
            pub fn text(self) -> &'static str {
                match self.0 { $($number => $text,)* _ => "unknown error" }
            }
        }

        impl fmt::Debug for Errno {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.0 { $($number => f.write_str(concat!("E", stringify!($name))),)* n => write!(f, "errno {n}") }
            }
        }
    };
}

errnos! {
    TOOBIG = 1, "too many at once";
    ACCES = 2, "permission denied";
    AGAIN = 6, "try again";
    BADF = 8, "no such handle";
    BUSY = 10, "busy";
    EXIST = 20, "already exists";
    FAULT = 21, "bad address";
    INVAL = 28, "invalid argument";
    IO = 29, "input or output error";
    NOENT = 44, "not found";
    NOMEM = 48, "out of memory";
    NOSPC = 51, "no room left";
    NOSYS = 52, "not supported";
    NOTSUP = 58, "not supported here";
    OVERFLOW = 61, "value too large";
    PERM = 63, "not permitted";
    PROTO = 65, "the batch breaks the protocol";
    NOTCAPABLE = 76, "not granted, or not allowed now";
}

/// Why an operator failed. The host sees the errno; the message goes to the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The number that the host gets.
    pub errno: Errno,
    /// One line for people; empty when the errno says it all.
    pub message: String,
}

impl Error {
    /// An error with a message.
    pub fn new(errno: Errno, message: impl Into<String>) -> Self {
        Error { errno, message: message.into() }
    }

    /// [`Errno::INVAL`] with a message: a parameter or a schema that the operator cannot work with.
    pub fn invalid(message: impl Into<String>) -> Self {
        Error::new(Errno::INVAL, message)
    }
}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        Error { errno, message: String::new() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() {
            f.write_str(self.errno.text())
        } else {
            f.write_str(&self.message)
        }
    }
}

impl std::error::Error for Error {}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
