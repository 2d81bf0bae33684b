//! Calls the imports by hand, with addresses and sizes that leave its memory; drops all rows if one of them is taken.
use ig_operator::{Batch, Init, Operator, Result};

#[link(wasm_import_module = "ig")]
extern "C" {
    #[link_name = "log"]
    fn log(level: u32, text: u32, size: u32) -> i32;
    #[link_name = "emit"]
    fn emit(ds: u32, rows: u32, count: u32, stride: u32) -> i32;
    #[link_name = "metric_record_all"]
    fn record_all(metric: u32, values: u32, count: u32) -> i32;
    #[link_name = "map_open"]
    fn map_open(name: u32, size: u32, info: u32) -> i32;
    #[link_name = "map_read"]
    fn map_read(map: u32, after: u32, entries: u32, size: u32) -> i32;
}

const WILD: [u32; 5] = [u32::MAX, u32::MAX - 15, 0x8000_0000, 0x7fff_fff0, 0x00ff_fff9];

struct Wild;

impl Operator for Wild {
    fn init(_: &mut Init) -> Result<Self> {
        Ok(Wild)
    }

    fn batch(&mut self, batch: &mut Batch) -> Result<()> {
        for address in WILD {
            for size in WILD {
                let results = unsafe {
                    [
                        log(address, address, size),
                        emit(address, address, size, size),
                        record_all(address, address, size),
                        map_open(address, size, address),
                        map_read(address, address, address, size),
                    ]
                };
                if results.iter().any(|&result| result >= 0) {
                    batch.truncate(0);
                }
            }
        }
        Ok(())
    }
}

ig_operator::export!(Wild);
