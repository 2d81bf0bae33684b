//! Networks, and addresses in them.

use std::net::IpAddr;

/// A network such as `10.0.0.0/8`.
#[derive(Clone, Debug, PartialEq)]
pub struct Net {
    v4: bool,
    bits: u128,
    mask: u128,
}

impl Net {
    /// `address/length`; an address alone is a network of one.
    pub fn parse(text: &str) -> Option<Net> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let (v4, bits) = address_bits(address)?;
        let width = if v4 { 32 } else { 128 };
        let length = match length {
            Some(digits) if digits.bytes().all(|c| c.is_ascii_digit()) => digits.parse().ok().filter(|n| *n <= width)?,
            Some(_) => return None,
            None => width,
        };
        let mask = u128::MAX.checked_shl(width - length).unwrap_or(0);
        Some(Net { v4, bits: bits & mask, mask })
    }
}

/// Whether an address, as text, is in one of the networks; None when it is no address.
pub fn contains(nets: &[Net], address: &[u8]) -> Option<bool> {
    let (v4, bits) = address_bits(std::str::from_utf8(address).ok()?)?;
    Some(nets.iter().any(|net| net.v4 == v4 && bits & net.mask == net.bits))
}

/// IPv4 addresses in IPv6 form (`::ffff:10.0.0.1`) count as IPv4, as in Go.
fn address_bits(text: &str) -> Option<(bool, u128)> {
    Some(match text.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(address) => (true, u32::from(address).into()),
        IpAddr::V6(address) => (false, u128::from(address)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in(address: &str, net: &str) -> Option<bool> {
        contains(&[Net::parse(net).expect("a network")], address.as_bytes())
    }

    #[test]
    fn addresses_in_networks() {
        assert_eq!(is_in("10.1.2.3", "10.0.0.0/8"), Some(true));
        assert_eq!(is_in("11.1.2.3", "10.0.0.0/8"), Some(false));
        assert_eq!(is_in("10.1.2.3", "10.1.2.3"), Some(true));
        assert_eq!(is_in("::ffff:10.1.2.3", "10.0.0.0/8"), Some(true));
        assert_eq!(is_in("fd00::1", "fd00::/8"), Some(true));
        assert_eq!(is_in("10.1.2.3", "::/0"), Some(false));
        assert_eq!(is_in("1.2.3.4", "0.0.0.0/0"), Some(true));
        assert_eq!(is_in("", "0.0.0.0/0"), None);
        assert_eq!(is_in("localhost", "0.0.0.0/0"), None);
    }

    #[test]
    fn refuses_what_is_no_network() {
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "::/129", "x/8"] {
            assert_eq!(Net::parse(bad), None, "{bad}");
        }
    }
}
