//! The macros that make a crate an operator module.

/// Exports operators from a module. Their order is that of `operators` in the manifest.
///
/// ```
/// # use ig_operator::{Init, Operator, Result};
/// # struct First; struct Second;
/// # impl Operator for First { fn init(_: &mut Init) -> Result<Self> { Ok(First) } }
/// # impl Operator for Second { fn init(_: &mut Init) -> Result<Self> { Ok(Second) } }
/// ig_operator::export!(First, Second);
/// # fn main() {}
/// ```
///
/// On other targets than wasm32 it exports nothing, so that the crate can be tested there.
#[macro_export]
macro_rules! export {
    ($($operator:ty),+ $(,)?) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::runtime::{self, Call};

            #[no_mangle]
            extern "C" fn ig_abi_v1() {}

            #[no_mangle]
            extern "C" fn ig_alloc(size: usize) -> *mut u8 {
                runtime::ig_alloc(size)
            }

            #[no_mangle]
            unsafe extern "C" fn ig_init(op: u32, table: *const u8, size: usize) -> i32 {
                unsafe { runtime::ig_init(op, table, size, &[$(runtime::start::<$operator>),+]) }
            }

            #[no_mangle]
            unsafe extern "C" fn ig_batch(op: u32, batch: *mut u8) -> i32 {
                unsafe { runtime::ig_call(op, batch, Call::Batch) }
            }

            #[no_mangle]
            unsafe extern "C" fn ig_start(op: u32, batch: *mut u8) -> i32 {
                unsafe { runtime::ig_call(op, batch, Call::Start) }
            }

            #[no_mangle]
            unsafe extern "C" fn ig_tick(op: u32, batch: *mut u8) -> i32 {
                unsafe { runtime::ig_call(op, batch, Call::Tick) }
            }

            #[no_mangle]
            unsafe extern "C" fn ig_stop(op: u32, batch: *mut u8) -> i32 {
                unsafe { runtime::ig_call(op, batch, Call::Stop) }
            }

            #[no_mangle]
            unsafe extern "C" fn ig_state_save(op: u32, out: *mut u32) -> i32 {
                unsafe { runtime::ig_state_save(op, out) }
            }

            #[no_mangle]
            unsafe extern "C" fn ig_state_restore(op: u32, state: *const u8, size: usize) -> i32 {
                unsafe { runtime::ig_state_restore(op, state, size) }
            }

            #[no_mangle]
            unsafe extern "C" fn ig_table(op: u32, table: u32, entries: *const u8, size: usize) -> i32 {
                unsafe { runtime::ig_table(op, table, entries, size) }
            }
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: &[$crate::runtime::Start] = &[$($crate::runtime::start::<$operator>),+];
    };
}

/// Embeds the manifest (JSON, see `docs/operator-abi.md`): a literal or `include_str!("manifest.json")`.
#[macro_export]
macro_rules! manifest {
    ($json:expr) => {
        const _: () = {
            const JSON: &str = $json;
            #[used]
            #[cfg_attr(target_arch = "wasm32", link_section = "ig.manifest")]
            static MANIFEST: [u8; JSON.len()] = {
                let mut bytes = [0; JSON.len()];
                let mut i = 0;
                while i < bytes.len() {
                    bytes[i] = JSON.as_bytes()[i];
                    i += 1;
                }
                bytes
            };
        };
    };
}
