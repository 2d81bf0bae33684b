//! Hostile operators in Rust: each is an example of this crate, which is otherwise empty.
