//! Lines for the host's log.

use crate::abi;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something is off.
    Warning,
    /// Worth knowing.
    Info,
    /// For the one who looks for a fault.
    Debug,
}

/// Writes a line to the host's log. It shows at most 4096 bytes, and counts lines when there are too many.
pub fn log(level: Level, text: &str) {
    abi::log(level as u32, text);
}

/// Logs at [`Level::Error`], formatted as by `format!`.
#[macro_export]
macro_rules! error { ($($arg:tt)*) => { $crate::log($crate::Level::Error, &::std::format!($($arg)*)) }; }

/// Logs at [`Level::Warning`], formatted as by `format!`.
#[macro_export]
macro_rules! warn { ($($arg:tt)*) => { $crate::log($crate::Level::Warning, &::std::format!($($arg)*)) }; }

/// Logs at [`Level::Info`], formatted as by `format!`.
#[macro_export]
macro_rules! info { ($($arg:tt)*) => { $crate::log($crate::Level::Info, &::std::format!($($arg)*)) }; }

/// Logs at [`Level::Debug`], formatted as by `format!`.
#[macro_export]
macro_rules! debug { ($($arg:tt)*) => { $crate::log($crate::Level::Debug, &::std::format!($($arg)*)) }; }
