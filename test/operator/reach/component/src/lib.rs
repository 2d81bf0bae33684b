//! Says what it can reach of the world by WASI 0.2: a line for each thing that it tries. ../../reach.c tries the same.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};

wit_bindgen::generate!({ path: "../../../../sdk-wit", world: "batches" });

use exports::ig::operator::operator::{Changes, DataSource, Guest, RecordBatch};

struct Reach;

fn say<T>(what: &str, result: io::Result<T>) {
    match result {
        Ok(_) => println!("{what}: done"),
        Err(error) => println!("{what}: {}", reason(&error)),
    }
}

/// Without the number that Rust adds.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).into()
}

fn end_of(path: &str) -> io::Result<String> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-6))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

fn read(path: &str) {
    println!("read {path}: {}", end_of(path).unwrap_or_else(|error| reason(&error)));
}

fn list(path: &str) {
    let names = fs::read_dir(path).map(|entries| {
        let names: Vec<_> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.join(" ")
    });
    println!("list {path}: {}", names.unwrap_or_else(|error| reason(&error)));
}

impl Guest for Reach {
    fn init(_op: u32, _sources: Vec<DataSource>, _params: Vec<(String, String)>) -> Result<(), String> {
        println!("arguments: {}", std::env::args().collect::<Vec<_>>().join(" "));
        for name in ["IG_WORD", "HOME"] {
            println!("{name}: {}", std::env::var(name).unwrap_or("none".into()));
        }
        read("/words");
        list("/data");
        read("/data/inner/word");
        read("/data/inside");
        read("/data/outside");
        read("/data/absolute");
        read("/data/../../words");
        read("/etc/passwd");
        say("write", OpenOptions::new().read(true).write(true).open("/words"));
        say("truncate", OpenOptions::new().write(true).truncate(true).open("/words"));
        say("create", OpenOptions::new().write(true).create(true).open("/data/new"));
        say("rename", fs::rename("/words", "/data/words"));
        say("unlink", fs::remove_file("/words"));
        say("mkdir", fs::create_dir("/data/new"));
        #[allow(deprecated)]
        say("link", fs::hard_link("/words", "/data/new"));
        println!("size: {}", fs::metadata("/words").map(|stat| stat.len() as i64).unwrap_or(-1));
        Ok(())
    }

    fn batch(_op: u32, _batch: RecordBatch) -> Result<Changes, String> {
        Ok(Changes { selection: None, columns: None, heap: None, output: None })
    }
}

export!(Reach);
