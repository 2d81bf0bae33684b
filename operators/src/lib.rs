//! ig's built-in operators. Their order here is that of `operators` in the manifest.

mod columns;
mod count;
mod filter;
mod folded;
mod formatters;
mod histogram;
mod limiter;
mod output;
mod scan;
mod sort;
mod value;

/// Splits the filters of the init table's first data source: see [`filter::kernel`]. For the host alone; no operator exports it.
/// Returns the address of: u32 size of what follows; twice (in the kernel, in the operator) u32 count of conditions and each as
/// u32 size, bytes; the kernel's table. 0 when the init table is none.
///
/// # Safety
/// `table` and `size` must name an init table.
#[cfg_attr(target_arch = "wasm32", no_mangle)]
pub unsafe extern "C" fn ig_split_filter(table: *const u8, size: usize) -> *const u8 {
    let table = std::slice::from_raw_parts(table, size);
    let Ok(init) = ig_operator::Init::new(table) else { return std::ptr::null() };
    let Some(source) = init.data_sources().next() else { return std::ptr::null() };
    let bytes = filter::kernel::split(&init, source).encode();
    // The instance serves this one call.
    bytes.leak().as_ptr()
}

ig_operator::manifest!(include_str!("../manifest.json"));
ig_operator::export!(formatters::Formatters, filter::Filter, limiter::Limiter, columns::Columns, output::Json, output::Yaml, sort::Sort, histogram::Histograms, count::Count, folded::Folded, output::PcapNg);
