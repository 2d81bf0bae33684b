//! The operator `filter`: keeps the records that rules and expressions say yes to.
//!
//! Parameters: `filter`, rules in Inspektor Gadget's syntax, and `filter-expr`, an expression; `filter.NAME` and
//! `filter-expr.NAME` for one data source. All that are given for a data source must hold.
//!
//! `token` → `syntax` → `check` turn an expression, and `rules` turns rules, into the typed condition of `truth`; `input`
//! gives it the values of a row; `pass` goes over a batch. `kernel` finds what can be decided before records are submitted.

mod check;
pub(crate) mod input;
pub(crate) mod kernel;
mod net;
mod pass;
mod pattern;
pub(crate) mod problem;
mod rules;
mod syntax;
#[cfg(test)]
mod tests;
mod token;
mod truth;

use crate::value::{Input, Reader};
use ig_operator::{Batch, DataSource, Error, Init, Operator, PerSource, Result};
use input::Fields;
use pass::{narrow, Faults};
use problem::Problem;
use truth::{Schema, Truth};

pub struct Filter {
    conditions: PerSource<Condition>,
}

/// The condition of one data source.
struct Condition {
    truth: Truth,
    inputs: Vec<Input>,
    /// Records that were dropped since an address in them is none.
    faults: u64,
}

type Compile = fn(&str, &mut dyn Schema) -> std::result::Result<Truth, Problem>;

const LANGUAGES: [(&str, Compile); 2] = [("filter", rules::compile), ("filter-expr", check::compile)];

impl Operator for Filter {
    fn init(init: &mut Init) -> Result<Self> {
        Ok(Filter { conditions: init.per_source(|source| condition(init, source))? })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let Some(condition) = self.conditions.get_mut(batch) else { return Ok(()) };
        let readers = condition.inputs.iter().map(|input| input.bind(batch)).collect::<Result<Vec<Reader>>>()?;
        let mut faults = Faults::default();
        narrow(&condition.truth, true, &readers, batch, &mut faults);
        if let (0, Some(value)) = (condition.faults, faults.first) {
            let value = String::from_utf8_lossy(&value);
            ig_operator::error!("filter: {value:?} is not an IP address, records like this one are dropped");
        }
        condition.faults += faults.count;
        Ok(())
    }

    fn stop(&mut self, _batch: &mut Batch) -> Result<()> {
        let faults: u64 = self.conditions.iter().map(|(_, condition)| condition.faults).sum();
        if faults > 0 {
            ig_operator::error!("filter: {faults} records were dropped, since an address in them is none");
        }
        Ok(())
    }
}

fn condition(init: &Init, source: DataSource) -> Result<Option<Condition>> {
    let mut fields = Fields::new(source);
    let mut all = Vec::new();
    for (key, compile) in LANGUAGES {
        for key in [key.to_string(), format!("{key}.{}", source.name())] {
            let text = init.param(&key).unwrap_or("");
            if text.trim().is_empty() {
                continue;
            }
            let truth = compile(text, &mut fields).map_err(|problem| Error::invalid(problem.render(&format!("--{key}"), text)))?;
            match truth {
                Truth::All(many) => all.extend(many),
                one => all.push(one),
            }
        }
    }
    let truth = match all.len() {
        0 => return Ok(None),
        1 => all.remove(0),
        _ => Truth::All(all),
    };
    Ok(Some(Condition { truth, inputs: fields.inputs, faults: 0 }))
}
