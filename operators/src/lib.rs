//! ig's built-in operators. Their order here is that of `operators` in the manifest.

mod formatters;
mod output;
mod pending;

ig_operator::manifest!(include_str!("../manifest.json"));
ig_operator::export!(formatters::Formatters, pending::Pending, pending::Pending, pending::Pending, output::Json, output::Yaml);
