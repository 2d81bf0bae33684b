//! An enricher: adds the column `area`, what part of the file system a name belongs to.
//!
//!     ig run trace_open --wasm-operator rust-enrich.wasm

use ig_operator::{Batch, Column, Error, Field, Init, NewField, Operator, PerSource, Result, View};

const AREAS: [(&str, &str); 8] = [
    ("/etc/", "configuration"),
    ("/usr/lib", "library"),
    ("/lib", "library"),
    ("/proc/", "kernel"),
    ("/sys/", "kernel"),
    ("/dev/", "device"),
    ("/tmp/", "temporary"),
    ("/home/", "home"),
];

struct Enrich {
    sources: PerSource<(Field<[u8]>, Column<str>)>,
}

impl Operator for Enrich {
    fn init(init: &mut Init) -> Result<Self> {
        let sources = init.per_source(|source| {
            if source.find("fname").is_none() {
                return Ok(None);
            }
            let area = NewField::new("area").annotation("columns.width", "14");
            Ok(Some((source.field("fname")?, source.add(&area)?)))
        })?;
        if sources.iter().next().is_none() {
            return Err(Error::invalid("rust-enrich works on data sources with a field fname, such as trace_open's"));
        }
        Ok(Enrich { sources })
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        let Some((fname, area)) = self.sources.get(batch) else { return Ok(()) };
        let fname = batch.read(fname)?;
        let mut area = batch.write(area)?;
        // Each word goes into the batch once; rows share it.
        let mut words = [View::default(); AREAS.len()];
        for (word, (_, text)) in words.iter_mut().zip(AREAS) {
            *word = batch.put(text.as_bytes())?;
        }
        for row in batch.rows() {
            if let Some(found) = AREAS.iter().position(|(prefix, _)| fname.starts_with(row, prefix.as_bytes())) {
                area.set(row, words[found]);
            }
        }
        Ok(())
    }
}

ig_operator::manifest!(
    r#"{
        "operators": [{
            "name": "rust-enrich",
            "version": "1.0.0",
            "description": "Adds what part of the file system a name belongs to",
            "kind": "enrich",
            "adds": ["area"],
            "params": []
        }]
    }"#
);
ig_operator::export!(Enrich);

#[cfg(test)]
mod tests {
    use super::*;
    use ig_operator::testing::Host;
    use ig_operator::Kind;

    #[test]
    fn names_the_area() {
        let mut host = Host::new();
        let open = host.source("open", 20);
        host.field(open, "fname", Kind::CString, 0, 20);
        let mut enrich = host.init::<Enrich>(&[]).unwrap();
        let mut batch = host.batch(open).rows(["/etc/passwd", "relative", "/dev/null"]).build();
        enrich.batch(&mut batch).unwrap();
        assert_eq!([0, 1, 2].map(|row| batch.text("area", row)), ["configuration", "", "device"]);
    }
}
