//! Small numbers as text: `write!` takes ten times as long.

/// Most digits of a u32.
const MOST: usize = 10;

/// Writes a number at `at`; where it ends. `to` must have room for its digits.
#[inline]
pub fn decimal(value: u32, to: &mut [u8], at: usize) -> usize {
    let mut size = 1;
    let mut limit = 10u32;
    while size < MOST && value >= limit {
        size += 1;
        limit = limit.saturating_mul(10);
    }
    let mut rest = value;
    for place in to[at..at + size].iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    at + size
}

/// Appends a number.
pub fn push(value: u32, to: &mut String) {
    let mut digits = [0; MOST];
    let size = decimal(value, &mut digits, 0);
    to.extend(digits[..size].iter().map(|digit| *digit as char));
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_length() {
        for value in [0, 9, 10, 99, 100, 255, 65535, 99_999, 999_999_999, 1_000_000_000, u32::MAX] {
            let mut text = String::from("=");
            super::push(value, &mut text);
            assert_eq!(text, format!("={value}"));
        }
    }
}
