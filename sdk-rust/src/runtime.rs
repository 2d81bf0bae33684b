//! Behind `export!`: the operators of a module, called by the host. Not for users.

use crate::abi::header;
use crate::batch::Batch;
use crate::error::{Errno, Error, Result};
use crate::init::Init;
use crate::log::{log, Level};
use crate::table::{changes, Change};
use crate::Operator;

/// An operator of any type.
trait Run {
    fn call(&mut self, call: Call, batch: &mut Batch) -> Result<()>;
    fn table(&mut self, table: usize, change: Change) -> Result<()>;
    fn save(&mut self) -> Option<Vec<u8>>;
    fn restore(&mut self, state: &[u8]) -> Result<()>;
}

impl<O: Operator> Run for O {
    fn call(&mut self, call: Call, batch: &mut Batch) -> Result<()> {
        match call {
            Call::Batch => self.batch(batch),
            Call::Start => self.start(batch),
            Call::Tick => self.tick(batch),
            Call::Stop => self.stop(batch),
        }
    }
    fn table(&mut self, table: usize, change: Change) -> Result<()> {
        Operator::table(self, table, change)
    }
    fn save(&mut self) -> Option<Vec<u8>> {
        Operator::save(self)
    }
    fn restore(&mut self, state: &[u8]) -> Result<()> {
        Operator::restore(self, state)
    }
}

/// Which of the calls with a batch.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// `ig_batch`
    Batch,
    /// `ig_start`
    Start,
    /// `ig_tick`
    Tick,
    /// `ig_stop`
    Stop,
}

/// An operator that was initialised, with what the SDK keeps for it.
pub struct Instance {
    operator: Box<dyn Run>,
    record_sizes: Vec<u32>,
    output: Vec<u8>,
    /// What the host is about to read.
    saved: Vec<u8>,
}

/// `Operator::init` of some type.
pub type Start = fn(&mut Init) -> Result<Instance>;

/// Makes an instance of `O`.
pub fn start<O: Operator>(init: &mut Init) -> Result<Instance> {
    let record_sizes = init.data_sources().map(|source| source.record_size()).collect();
    Ok(Instance { operator: Box::new(O::init(init)?), record_sizes, output: Vec::new(), saved: Vec::new() })
}

impl Instance {
    /// Runs a call on the batch at `base`, and writes its output's place into the header.
    ///
    /// # Safety
    /// As for [`Batch::open`].
    pub unsafe fn call(&mut self, call: Call, base: *mut u8) -> Result<()> {
        self.output.clear();
        let mut batch = unsafe { Batch::open(base, &self.record_sizes, &mut self.output)? };
        self.operator.call(call, &mut batch)?;
        if !self.output.is_empty() {
            // On other targets than wasm32 the address does not fit; the tests use `output()`.
            for (at, value) in [(header::OUTPUT, self.output.as_ptr() as usize), (header::OUTPUT_SIZE, self.output.len())] {
                unsafe { base.add(at).cast::<u32>().write_unaligned(value as u32) };
            }
        }
        Ok(())
    }

    /// What the last call wrote for the sink.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// What another build of the operator needs; it stays as it is until the next call.
    pub fn save(&mut self) -> Result<&[u8]> {
        self.saved = self.operator.save().ok_or(Errno::NOSYS)?;
        Ok(&self.saved)
    }

    /// Goes on from what another build saved.
    pub fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.operator.restore(state)
    }

    /// Applies the changes of a side table.
    pub fn table(&mut self, table: usize, entries: &[u8]) -> Result<()> {
        changes(entries).try_for_each(|change| self.operator.table(table, change))
    }
}

fn report(result: Result<()>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(Error { errno, message }) => {
            if !message.is_empty() {
                log(Level::Error, &message);
            }
            errno.0.max(1) as i32
        }
    }
}

/// The instances of a module, by operator index. WebAssembly calls never overlap, so there is no lock.
struct Instances(std::cell::UnsafeCell<Vec<Option<Instance>>>);

// SAFETY: the host calls a module from one thread, and never while a call runs.
unsafe impl Sync for Instances {}

static INSTANCES: Instances = Instances(std::cell::UnsafeCell::new(Vec::new()));

fn instance(op: u32) -> Result<&'static mut Instance> {
    // SAFETY: see `Instances`.
    let instances = unsafe { &mut *INSTANCES.0.get() };
    let found = instances.get_mut(op as usize).and_then(|one| one.as_mut());
    found.ok_or_else(|| Error::new(Errno::NOENT, format!("operator {op} was not initialised")))
}

/// `ig_init`
///
/// # Safety
/// `table` and `size` must name the init table.
pub unsafe fn ig_init(op: u32, table: *const u8, size: usize, operators: &[Start]) -> i32 {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| log(Level::Error, &panic.to_string())));
    let made = (|| {
        // Beyond the module's own operators, a host that knows this SDK counts on: the same ones, once more.
        let start = &operators[op as usize % operators.len()];
        start(&mut Init::new(unsafe { std::slice::from_raw_parts(table, size) })?)
    })();
    report(made.map(|made| {
        // SAFETY: see `Instances`.
        let instances = unsafe { &mut *INSTANCES.0.get() };
        while instances.len() <= op as usize {
            instances.push(None);
        }
        instances[op as usize] = Some(made);
    }))
}

/// `ig_batch`, `ig_start`, `ig_tick`, `ig_stop`
///
/// # Safety
/// `batch` must be the address of a batch.
pub unsafe fn ig_call(op: u32, batch: *mut u8, call: Call) -> i32 {
    report(instance(op).and_then(|instance| unsafe { instance.call(call, batch) }))
}

/// `ig_table`
///
/// # Safety
/// `entries` and `size` must name the entries.
pub unsafe fn ig_table(op: u32, table: u32, entries: *const u8, size: usize) -> i32 {
    report(instance(op).and_then(|instance| instance.table(table as usize, unsafe { std::slice::from_raw_parts(entries, size) })))
}

/// `ig_state_save`
///
/// # Safety
/// `out` must have room for two u32.
pub unsafe fn ig_state_save(op: u32, out: *mut u32) -> i32 {
    report(instance(op).and_then(|instance| {
        let saved = instance.save()?;
        // On other targets than wasm32 the address does not fit.
        unsafe {
            out.write_unaligned(saved.as_ptr() as usize as u32);
            out.add(1).write_unaligned(saved.len() as u32);
        }
        Ok(())
    }))
}

/// `ig_state_restore`
///
/// # Safety
/// `state` and `size` must name the state.
pub unsafe fn ig_state_restore(op: u32, state: *const u8, size: usize) -> i32 {
    report(instance(op).and_then(|instance| instance.restore(unsafe { std::slice::from_raw_parts(state, size) })))
}

/// `ig_alloc`
pub fn ig_alloc(size: usize) -> *mut u8 {
    match std::alloc::Layout::from_size_align(size.max(1), 16) {
        // SAFETY: the size is not zero.
        Ok(layout) => unsafe { std::alloc::alloc_zeroed(layout) },
        Err(_) => std::ptr::null_mut(),
    }
}
