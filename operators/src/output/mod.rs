//! The format operators `json` and `yaml`: rows to text; and `pcap-ng`: packets, see [`pcapng`].
//!
//! At init the schema becomes a tree, sorted by name as the formats want it. For each set of columns that are present in a
//! batch, the tree is compiled once to a program: literals (keys, punctuation, the values of absent columns) and, between
//! them, values to be written. A row is then one walk over the program.

mod compile;
mod json;
mod layout;
mod number;
mod pcapng;
mod program;
mod run;
mod scalar;
mod string;
mod tree;
mod yaml;

pub use json::Json;
pub use pcapng::PcapNg;
pub use yaml::Yaml;

#[cfg(test)]
mod tests;
