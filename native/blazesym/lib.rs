//! The library's functions are blazesym's own: native/blazesym.h declares those that are used.
pub use blazesym_c::*;
