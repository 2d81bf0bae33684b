//! Init: the schema, parameters, and the errors of fields that are not there or are of another kind.

use ig_operator::abi::flag;
use ig_operator::testing::Host;
use ig_operator::{Errno, Error, Field, Init, Kind, NewField, Operator, Result, SourceType};

macro_rules! operator {
    ($name:ident, $init:expr) => {
        struct $name;
        impl Operator for $name {
            fn init(init: &mut Init) -> Result<Self> {
                let run: fn(&mut Init) -> Result<()> = $init;
                run(init).map(|()| $name)
            }
        }
    };
}

fn host() -> Host {
    let mut host = Host::new();
    let open = host.source("open", 32);
    host.field(open, "proc", Kind::Bytes, 0, 16).flag(flag::HIDDEN);
    host.field(open, "proc.pid", Kind::Uint32, 8, 4).tag("type:gadget_pid").tag("src:ebpf").annotate("columns.width", "7");
    host.field(open, "list", Kind::Uint16, 16, 8).array();
    host.field(open, "late", Kind::Uint32, 30, 4);
    host.array_source("processes", 8);
    host
}

fn failure<O: Operator>(host: &mut Host) -> Error {
    host.init::<O>(&[]).err().expect("an error")
}

#[test]
fn the_schema_is_told() {
    operator!(Look, |init| {
        let names: Vec<_> = init.data_sources().map(|source| (source.id(), source.name(), source.source_type())).collect();
        assert_eq!(names, [(0, "open", SourceType::Single), (1, "processes", SourceType::Array)]);
        let open = init.data_source("open").unwrap();
        assert_eq!((open.record_size(), open.slot_count(), open.fields().len()), (32, 0, 4));
        let pid = open.find("Proc.PID").unwrap();
        assert_eq!(
            (pid.id(), pid.name(), pid.leaf(), pid.kind(), pid.offset(), pid.size()),
            (1, "proc.pid", "pid", Kind::Uint32, 8, 4)
        );
        assert_eq!(pid.parent().unwrap().name(), "proc");
        assert!(pid.parent().unwrap().is_hidden() && !pid.is_hidden() && pid.slot().is_none());
        assert_eq!(pid.annotation("columns.width"), Some("7"));
        assert_eq!(pid.tags().collect::<Vec<_>>(), ["type:gadget_pid", "src:ebpf"]);
        assert!(open.find("list").unwrap().is_array() && open.find("nope").is_none());
        assert_eq!(init.param("a"), Some("1"));
        assert_eq!((init.param_or("a", 0)?, init.param_or("b", 5)?), (1, 5));
        Ok(())
    });
    host().init::<Look>(&[("a", "1"), ("c", "")]).unwrap();
}

#[test]
fn errors_say_what_is_wrong() {
    operator!(Missing, |init| init.field::<u32>("proc.nope").map(drop));
    operator!(Kinds, |init| init.field::<u64>("proc.pid").map(drop));
    operator!(Array, |init| init.field::<u16>("list").map(drop));
    operator!(Outside, |init| init.field::<u32>("late").map(drop));
    operator!(Twice, |init| init.data_source("open").unwrap().add::<u32>(&NewField::new("list")).map(drop));
    operator!(Number, |init| init.param_or::<u32>("n", 0).map(drop));
    let mut host = host();
    assert_eq!(failure::<Missing>(&mut host).to_string(), "no data source has a field proc.nope");
    assert_eq!(failure::<Kinds>(&mut host).to_string(), "field proc.pid is Uint32, not u64");
    assert_eq!(failure::<Array>(&mut host).to_string(), "field list is an array of Uint16, not u16");
    assert_eq!(failure::<Outside>(&mut host).errno, Errno::PROTO);
    assert_eq!(failure::<Twice>(&mut host).errno, Errno::EXIST);
    let error = host.init::<Number>(&[("n", "many")]).err().unwrap();
    assert_eq!(error.to_string(), "parameter n: cannot use \"many\"");
}

#[test]
fn operators_see_the_fields_of_those_before() {
    operator!(First, |init| {
        let open = init.data_source("open").unwrap();
        let parent = open.add_parent(&NewField::new("k8s"))?;
        open.add::<str>(&NewField::new("pod").parent(Some(parent)))?;
        open.find("proc.pid").unwrap().override_with::<u32>()?;
        open.find("proc.pid").unwrap().hide(true)
    });
    operator!(Second, |init| {
        let open = init.data_source("open").unwrap();
        let pod = open.find("k8s.pod").unwrap();
        assert_eq!((pod.kind(), pod.slot(), pod.leaf()), (Kind::String, Some(0), "pod"));
        assert!(pod.parent().unwrap().is_empty());
        let pid = open.find("proc.pid").unwrap();
        assert!(pid.slot() == Some(1) && pid.is_hidden());
        let _: Field<[u8]> = pod.handle()?;
        Ok(())
    });
    let mut host = host();
    host.init::<First>(&[]).unwrap();
    host.init::<Second>(&[]).unwrap();
}
