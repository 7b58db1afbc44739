//! IP addresses in the forms that the parser of Go 1.16 accepts (Go: `ParseIPSloppy`).

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Parses an address like `ParseIPSloppy` of `k8s.io/utils/net`, which keeps the parser of Go 1.16.
///
/// Octets and groups may have leading zeros, and octets are always decimal. A `::` replaces at
/// least one group. Zones are rejected. An IPv4-mapped address becomes its IPv4 address, because Go
/// does not distinguish the two.
///
/// `Display` of the result agrees with Go's `net.IP.String`.
pub(crate) fn parse_ip(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        parse_ipv6(text).map(|ip| IpAddr::V6(ip).to_canonical())
    } else {
        parse_ipv4(text).map(IpAddr::V4)
    }
}

fn parse_ipv4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = text.split('.');
    let mut octet = || u8::try_from(number(octets.next()?, 10)?).ok();
    let ip = Ipv4Addr::new(octet()?, octet()?, octet()?, octet()?);
    octets.next().is_none().then_some(ip)
}

fn parse_ipv6(text: &str) -> Option<Ipv6Addr> {
    const GROUPS: usize = 8;
    let groups = match text.split_once("::") {
        None => groups(text, true)?,
        Some((head, tail)) => {
            let (mut all, tail) = (groups(head, false)?, groups(tail, true)?);
            let tail_start = GROUPS.checked_sub(tail.len())?;
            if all.len() >= tail_start {
                return None;
            }
            all.resize(tail_start, 0);
            all.extend(tail);
            all
        }
    };
    <[u16; GROUPS]>::try_from(groups).ok().map(Ipv6Addr::from)
}

/// Returns the groups on one side of a `::`. If `ends`, the last two may be an IPv4 address.
fn groups(text: &str, ends: bool) -> Option<Vec<u16>> {
    let mut groups = Vec::new();
    if text.is_empty() {
        return Some(groups);
    }
    let mut parts = text.split(':').peekable();
    while let Some(part) = parts.next() {
        if ends && parts.peek().is_none() && part.contains('.') {
            let [a, b, c, d] = parse_ipv4(part)?.octets();
            groups.extend([u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]);
        } else {
            groups.push(u16::try_from(number(part, 16)?).ok()?);
        }
    }
    Some(groups)
}

/// Parses a number of one or more digits. The result saturates.
fn number(digits: &str, radix: u32) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.chars().try_fold(0_u32, |number, c| {
        let digit = c.to_digit(radix)?;
        Some(number.saturating_mul(radix).saturating_add(digit))
    })
}

#[cfg(test)]
mod tests {
    use alloc::{
        format,
        string::{String, ToString},
        vec,
    };

    use proptest::prelude::*;

    use super::*;

    fn printed(text: &str) -> Option<String> {
        parse_ip(text).map(|ip| ip.to_string())
    }

    /// A port of Go's `net.IP.String`: the first of the longest runs of two or more zero groups
    /// becomes `::`.
    fn go_string(ip: Ipv6Addr) -> String {
        let groups = ip.segments();
        if groups[..6] == [0, 0, 0, 0, 0, 0xffff] {
            let [.., a, b, c, d] = ip.octets();
            return format!("{a}.{b}.{c}.{d}");
        }
        let hex = |groups: &[u16]| -> String {
            let texts: Vec<String> = groups.iter().map(|group| format!("{group:x}")).collect();
            texts.join(":")
        };
        for length in (2..=8).rev() {
            for start in 0..=8 - length {
                if groups[start..start + length].iter().all(|&group| group == 0) {
                    let (head, tail) = (&groups[..start], &groups[start + length..]);
                    return format!("{}::{}", hex(head), hex(tail));
                }
            }
        }
        hex(&groups)
    }

    #[test]
    fn reads_and_prints() {
        for (text, expect) in [
            ("10.244.1.7", "10.244.1.7"),
            ("010.244.001.007", "10.244.1.7"),
            ("0000000000255.0.0.08", "255.0.0.8"),
            ("::ffff:10.1.2.3", "10.1.2.3"),
            ("::ffff:a01:203", "10.1.2.3"),
            ("0:0:0:0:000000:ffff:127.1.2.3", "127.1.2.3"),
            ("::1.2.3.4", "::102:304"),
            ("::fffe:1.2.3.4", "::fffe:102:304"),
            ("64:ff9b::192.0.02.33", "64:ff9b::c000:221"),
            ("FD00:0:0::0005", "fd00::5"),
            ("::", "::"),
            ("::1", "::1"),
            ("1::", "1::"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("1:2:3:4:5::1.2.3.4", "1:2:3:4:5:0:102:304"),
            ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
            ("1:0:0:2:0:0:3:4", "1::2:0:0:3:4"),
            ("1:0:0:2:0:0:0:4", "1:0:0:2::4"),
        ] {
            assert_eq!(printed(text).as_deref(), Some(expect), "{text}");
        }
    }

    #[test]
    fn rejects_invalid_addresses() {
        for text in [
            "",
            ".",
            ":",
            ":::",
            "1",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.4.",
            ".1.2.3.4",
            "1..2.3",
            "1.2.3.256",
            "1.2.3.4294967297",
            "+1.2.3.4",
            "1.2.3.a",
            " 1.2.3.4",
            "1.2.3.4/8",
            "1.2.3.4:80",
            "1.2.3.4::",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7:8:",
            ":1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7:8::",
            "::1:2:3:4:5:6:7:8",
            "1:2:3:4::5:6:7:8",
            "1::2::3",
            "1:::2",
            "::1:",
            ":1::",
            "::10000",
            "::100000001",
            "::g",
            "::+1",
            "::1.2.3",
            "::1.2.3.256",
            "::1.2.3.4:5",
            "1.2.3.4::5",
            "1:2:3:4:5:6::1.2.3.4",
            "1:2:3:4:5:1.2.3.4",
            "fe80::1%eth0",
            "[::1]",
            "::\u{661}",
        ] {
            assert_eq!(parse_ip(text), None, "{text}");
        }
    }

    #[test]
    fn long_texts_are_read() {
        for unit in ["0", "1:", "::", "1.", "::1", "0:"] {
            let long = unit.repeat(10_000_000 / unit.len());
            assert_eq!(parse_ip(&long), None);
        }
        assert_eq!(printed(&format!("{}7::", "0".repeat(10_000_000))).as_deref(), Some("7::"));
    }

    fn ipv6() -> impl Strategy<Value = Ipv6Addr> {
        let group = prop_oneof![3 => Just(0), 1 => Just(0xffff), 2 => any::<u16>()];
        prop::array::uniform8(group).prop_map(Ipv6Addr::from)
    }

    proptest! {
        #[test]
        fn prints_as_go(ip in ipv6()) {
            prop_assert_eq!(IpAddr::V6(ip).to_canonical().to_string(), go_string(ip));
        }

        #[test]
        fn printed_addresses_round_trip(ip in ipv6()) {
            let canonical = IpAddr::V6(ip).to_canonical();
            prop_assert_eq!(parse_ip(&canonical.to_string()), Some(canonical));
            prop_assert_eq!(parse_ip(&ip.to_string()), Some(canonical));
        }

        #[test]
        fn reads_ipv4_with_leading_zeros(octets in any::<[u8; 4]>(), zeros in 0..6_usize) {
            let text = octets.map(|octet| format!("{}{octet}", "0".repeat(zeros))).join(".");
            prop_assert_eq!(parse_ip(&text), Some(IpAddr::from(octets)));
        }

        #[test]
        fn reads_whatever_rust_reads(text in "[0-9a-f:.]{0,20}|[0-2:]{2,15}|[0-1:]{0,8}[0-9.]{7}") {
            if let Ok(ip) = text.parse::<IpAddr>() {
                prop_assert_eq!(parse_ip(&text), Some(ip.to_canonical()));
            }
        }

        #[test]
        fn without_leading_zeros_agrees_with_rust(
            text in "([1-9a-f]{0,2}[:.]){0,9}[1-9a-f]{0,2}|::([1-9]{1,3}[.:]){3}[1-9]{1,3}",
        ) {
            prop_assert_eq!(parse_ip(&text), text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical()));
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = vec![parse_ip(&text)];
        }
    }
}
