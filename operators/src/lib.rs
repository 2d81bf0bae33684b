//! ig's built-in operators. Their order here is that of `operators` in the manifest.

mod columns;
mod filter;
mod formatters;
mod limiter;
mod output;
mod scan;
mod value;

ig_operator::manifest!(include_str!("../manifest.json"));
ig_operator::export!(formatters::Formatters, filter::Filter, limiter::Limiter, columns::Columns, output::Json, output::Yaml);
