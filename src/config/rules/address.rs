//! Address ranges and e-mail addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv4Net;

use crate::config::report::Fault;

/// The ranges that are nobody's on the Internet: RFC 1918, and RFC 6598 for carriers.
const PRIVATE: [(Ipv4Addr, u8); 4] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
];

/// A range in CIDR notation, without host bits.
pub(crate) fn cidr(text: &str) -> Result<Ipv4Net, Fault> {
    let fault = |label: &str, help: String| Err(Fault::new("is not an IPv4 range in CIDR notation", label, help));
    let Some((address, _)) = text.split_once('/') else {
        return match text.parse::<Ipv4Addr>() {
            Ok(address) => {
                fault("the length after `/` is missing", format!("for this one address, write \"{address}/32\""))
            }
            Err(_) => fault("cannot be read", "write an address and a length, such as \"10.20.0.0/16\"".into()),
        };
    };
    if address.parse::<Ipv6Addr>().is_ok() {
        return fault("this is IPv6", "write an IPv4 range, such as \"10.20.0.0/16\"".into());
    }
    let Ok(net) = text.parse::<Ipv4Net>() else {
        return fault("cannot be read", "write an address and a length of 0 to 32, such as \"10.20.0.0/16\"".into());
    };
    if net.trunc() != net {
        let label = format!("bits are set after the first {}", net.prefix_len());
        return fault(&label, format!("the range that holds this address is \"{}\"", net.trunc()));
    }
    Ok(net)
}

/// The range of a VPC: private, at most a /16 (EC2 API reference, CreateVpc) and at least a /20, which leaves a /24 to each
/// of the six subnets and to as many again.
pub(crate) fn vpc_cidr(text: &str) -> Result<Ipv4Net, Fault> {
    let net = cidr(text)?;
    let private = PRIVATE.iter().any(|(address, length)| Ipv4Net::new_assert(*address, *length).contains(&net));
    if !private {
        let help = "take a range within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10";
        return Err(Fault::new("is not a private network", "belongs to the Internet", help));
    }
    let addresses = 1_u64 << (32 - net.prefix_len());
    let resized = |length: u8| Ipv4Net::new_assert(net.addr(), length).trunc();
    match net.prefix_len() {
        ..16 => Err(Fault::new(
            "is larger than a VPC can be",
            format!("{addresses} addresses; a VPC has at most 65536"),
            format!("take a /16 to /20, such as \"{}\"", resized(16)),
        )),
        16..=20 => Ok(net),
        21.. => Err(Fault::new(
            "is too small",
            format!("{addresses} addresses; 4096 are needed"),
            format!(
                "six subnets of a /24 each must fit, with room to grow: take a /16 to /20, such as \"{}\"",
                resized(20)
            ),
        )),
    }
}

/// The shape of an e-mail address.
pub(crate) fn email(text: &str) -> Result<String, Fault> {
    let label = match text.split_once('@') {
        None => "no `@`",
        Some((local, _)) if local.is_empty() || local.len() > 64 => "nothing, or too much, before the `@`",
        Some((_, domain)) if domain.contains('@') => "more than one `@`",
        Some((_, domain)) if !is_domain(domain) => "no domain after the `@`",
        Some(_) if text.len() > 254 => "longer than 254 characters",
        Some(_) if text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;\"()".contains(c)) => {
            "a character that an address cannot have"
        }
        Some(_) => return Ok(text.into()),
    };
    Err(Fault::new("is not an e-mail address", label, "write one address per entry, such as \"on-call@example.com\""))
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.contains('.') && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_no_host_bits() {
        assert_eq!(cidr("0.0.0.0/0").map(|net| net.prefix_len()), Ok(0));
        assert_eq!(cidr("10.20.0.1/16").unwrap_err().help, "the range that holds this address is \"10.20.0.0/16\"");
        assert_eq!(cidr("10.20.0.1").unwrap_err().help, "for this one address, write \"10.20.0.1/32\"");
        assert_eq!(cidr("fd00::/16").unwrap_err().label, "this is IPv6");
        for bad in ["", "/", "10.0.0.0/33", "10.0.0/8", "ten/8", "10.0.0.0/", "10.0.0.0/-1"] {
            assert!(cidr(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_vpc_is_private_and_neither_too_small_nor_too_large() {
        for good in ["10.20.0.0/16", "172.31.0.0/16", "192.168.16.0/20", "100.127.0.0/18"] {
            assert!(vpc_cidr(good).is_ok(), "{good}");
        }
        for public in ["8.8.0.0/16", "172.32.0.0/16", "192.169.0.0/16", "100.128.0.0/16", "0.0.0.0/0", "172.0.0.0/8"] {
            assert_eq!(vpc_cidr(public).unwrap_err().what, "is not a private network", "{public}");
        }
        assert_eq!(vpc_cidr("10.0.0.0/15").unwrap_err().what, "is larger than a VPC can be");
        let small = vpc_cidr("10.20.17.0/24").unwrap_err();
        assert_eq!(small.what, "is too small");
        assert!(small.help.ends_with("such as \"10.20.16.0/20\""), "{}", small.help);
        assert_eq!(vpc_cidr("10.20.0.0/21").unwrap_err().what, "is too small");
    }

    #[test]
    fn e_mail_addresses_have_a_name_and_a_domain() {
        for good in ["a@example.com", "on-call+aws@ops.example.co.uk"] {
            assert!(email(good).is_ok(), "{good}");
        }
        let bad =
            ["", "a", "@b.c", "a@", "a@b", "a@b@c.d", "a b@c.d", "a@b..c", "a@-b.c", "Ann <a@b.c>", "a@b.c,d@e.f"];
        for bad in bad {
            assert!(email(bad).is_err(), "{bad}");
        }
    }
}
