//! Integers to decimal text, straight to memory, three digits at a time.

/// The digits of a number below 1000, and in the last byte how many there are.
static SHORT: [[u8; 4]; 1000] = table(false);
/// The same with leading zeros.
static THREE: [[u8; 4]; 1000] = table(true);

const fn table(zeros: bool) -> [[u8; 4]; 1000] {
    let mut table = [[0; 4]; 1000];
    let mut i = 0;
    while i < 1000 {
        let digits = [b'0' + (i / 100) as u8, b'0' + (i / 10 % 10) as u8, b'0' + (i % 10) as u8];
        table[i] = match i {
            0..=9 if !zeros => [digits[2], 0, 0, 1],
            10..=99 if !zeros => [digits[1], digits[2], 0, 2],
            _ => [digits[0], digits[1], digits[2], 3],
        };
        i += 1;
    }
    table
}

/// Most digits of a u64.
pub const MOST_DIGITS: usize = 20;

/// # Safety (of all that follows)
/// `to` must be valid for writes of `MOST_DIGITS` + 2 bytes. The result is the address after the last digit.
#[inline(always)]
unsafe fn short(to: *mut u8, value: u32) -> *mut u8 {
    debug_assert!(value < 1000);
    let digits = *SHORT.get_unchecked(value as usize);
    to.cast::<[u8; 4]>().write_unaligned(digits);
    to.add(digits[3] as usize)
}

#[inline(always)]
unsafe fn three(to: *mut u8, value: u32) -> *mut u8 {
    debug_assert!(value < 1000);
    to.cast::<[u8; 4]>().write_unaligned(*THREE.get_unchecked(value as usize));
    to.add(3)
}

#[inline(always)]
unsafe fn nine(to: *mut u8, value: u32) -> *mut u8 {
    let (high, low) = (value / 1000, value % 1000);
    three(three(three(to, high / 1000), high % 1000), low)
}

#[inline(always)]
pub unsafe fn write_u32(to: *mut u8, value: u32) -> *mut u8 {
    if value < 1000 {
        return short(to, value);
    }
    let (high, low) = (value / 1000, value % 1000);
    if high < 1000 {
        return three(short(to, high), low);
    }
    long32(to, value)
}

#[inline(never)]
unsafe fn long32(to: *mut u8, value: u32) -> *mut u8 {
    if value < 1_000_000_000 {
        let (high, low) = (value / 1000, value % 1000);
        three(three(short(to, high / 1000), high % 1000), low)
    } else {
        nine(short(to, value / 1_000_000_000), value % 1_000_000_000)
    }
}

#[inline(always)]
pub unsafe fn write_u64(to: *mut u8, value: u64) -> *mut u8 {
    if value <= u32::MAX as u64 {
        return write_u32(to, value as u32);
    }
    long64(to, value)
}

#[inline(never)]
unsafe fn long64(to: *mut u8, value: u64) -> *mut u8 {
    let (high, low) = split(value);
    let to = if high <= u32::MAX as u64 {
        write_u32(to, high as u32)
    } else {
        let (high, middle) = split(high);
        nine(short(to, high as u32), middle)
    };
    nine(to, low)
}

/// Quotient and remainder of a division by 10⁹, by way of a multiplication: a division of 64 bits takes far longer, and
/// WebAssembly has no product of 128 bits to replace it with.
#[inline(always)]
fn split(value: u64) -> (u64, u32) {
    const E9: u64 = 1_000_000_000;
    // 10⁹ is 2⁹ × 5⁹. What is left has 55 bits, so the estimate is off by less than one.
    let estimate = ((value >> 9) as i64 as f64 * (1.0 / 1_953_125.0)) as i64 as u64;
    let rest = value.wrapping_sub(estimate.wrapping_mul(E9)) as i64;
    if rest < 0 {
        (estimate - 1, (rest + E9 as i64) as u32)
    } else if rest >= E9 as i64 {
        (estimate + 1, (rest - E9 as i64) as u32)
    } else {
        (estimate, rest as u32)
    }
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

    fn text(value: u64) -> String {
        let mut bytes = [0; MOST_DIGITS + 2];
        let end = unsafe { write_u64(bytes.as_mut_ptr(), value) };
        let size = end as usize - bytes.as_ptr() as usize;
        String::from_utf8(bytes[..size].to_vec()).unwrap()
    }

    #[test]
    fn every_length_of_number() {
        let mut power = 1u64;
        for _ in 0..20 {
            for value in [power - 1, power, power + 1, power.wrapping_mul(7), u64::MAX / power] {
                assert_eq!(text(value), value.to_string());
            }
            power = power.wrapping_mul(10);
        }
        let mut bytes = [0; MOST_DIGITS + 3];
        let end = unsafe { write_i64(bytes.as_mut_ptr(), i64::MIN) };
        assert_eq!(&bytes[..end as usize - bytes.as_ptr() as usize], b"-9223372036854775808");
    }

    #[test]
    fn estimates_are_put_right() {
        let mut value = 88_172_645_463_325_252u64;
        for i in 0..1_000_000u64 {
            value ^= value << 13;
            value ^= value >> 7;
            value ^= value << 17;
            let near = (value >> (i % 64)) / 1_000_000_000 * 1_000_000_000;
            for value in [near.wrapping_sub(1), near, value] {
                let (high, low) = split(value);
                assert_eq!((high, low as u64), (value / 1_000_000_000, value % 1_000_000_000));
            }
        }
    }
}
