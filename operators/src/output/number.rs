//! Integers to decimal text, straight to memory.

static PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut i = 0;
    while i < 100 {
        pairs[2 * i] = b'0' + (i / 10) as u8;
        pairs[2 * i + 1] = b'0' + (i % 10) as u8;
        i += 1;
    }
    pairs
};

/// Most digits of a u64.
pub const MOST_DIGITS: usize = 20;

/// # Safety (of all that follows)
/// `to` must be valid for writes of `MOST_DIGITS` + 1 bytes. The result is the address after the last digit.
#[inline(always)]
unsafe fn two(to: *mut u8, value: u32) {
    debug_assert!(value < 100);
    to.cast::<[u8; 2]>().write_unaligned(PAIRS.as_ptr().add(value as usize * 2).cast::<[u8; 2]>().read_unaligned());
}

#[inline(always)]
unsafe fn four(to: *mut u8, value: u32) {
    two(to, value / 100);
    two(to.add(2), value % 100);
}

#[inline(always)]
unsafe fn eight(to: *mut u8, value: u32) {
    four(to, value / 10_000);
    four(to.add(4), value % 10_000);
}

/// Below 10,000, without leading zeros.
#[inline(always)]
unsafe fn short(to: *mut u8, value: u32) -> *mut u8 {
    if value < 10 {
        *to = b'0' + value as u8;
        to.add(1)
    } else if value < 100 {
        two(to, value);
        to.add(2)
    } else if value < 1000 {
        *to = b'0' + (value / 100) as u8;
        two(to.add(1), value % 100);
        to.add(3)
    } else {
        four(to, value);
        to.add(4)
    }
}

#[inline(always)]
pub unsafe fn write_u32(to: *mut u8, value: u32) -> *mut u8 {
    if value < 10_000 {
        short(to, value)
    } else if value < 100_000_000 {
        let to = short(to, value / 10_000);
        four(to, value % 10_000);
        to.add(4)
    } else {
        let to = short(to, value / 100_000_000);
        eight(to, value % 100_000_000);
        to.add(8)
    }
}

#[inline(always)]
pub unsafe fn write_u64(to: *mut u8, value: u64) -> *mut u8 {
    if value <= u32::MAX as u64 {
        return write_u32(to, value as u32);
    }
    long(to, value)
}

unsafe fn long(to: *mut u8, value: u64) -> *mut u8 {
    const E8: u64 = 100_000_000;
    let (high, low) = (value / E8, (value % E8) as u32);
    let to = if high < E8 {
        write_u32(to, high as u32)
    } else {
        let to = write_u32(to, (high / E8) as u32);
        eight(to, (high % E8) as u32);
        to.add(8)
    };
    eight(to, low);
    to.add(8)
}

#[inline(always)]
pub unsafe fn write_i64(to: *mut u8, value: i64) -> *mut u8 {
    if value < 0 {
        *to = b'-';
        write_u64(to.add(1), value.unsigned_abs())
    } else {
        write_u64(to, value as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_of_number() {
        let text = |value: u64| {
            let mut bytes = [0; MOST_DIGITS + 1];
            let end = unsafe { write_u64(bytes.as_mut_ptr(), value) };
            let size = end as usize - bytes.as_ptr() as usize;
            String::from_utf8(bytes[..size].to_vec()).unwrap()
        };
        let mut power = 1u64;
        for _ in 0..20 {
            for value in [power - 1, power, power + 1, power.wrapping_mul(7), u64::MAX / power] {
                assert_eq!(text(value), value.to_string());
            }
            power = power.wrapping_mul(10);
        }
        let mut bytes = [0; MOST_DIGITS + 1];
        let end = unsafe { write_i64(bytes.as_mut_ptr(), i64::MIN) };
        assert_eq!(&bytes[..end as usize - bytes.as_ptr() as usize], b"-9223372036854775808");
    }
}
