//! How the VPC's addresses are split.
//!
//! Into sixteen parts of equal size. Parts 0 to 7 are the public subnets of the first to eighth zone, parts 8 to 15 the private ones:
//! `10.20.0.0/16` gives `10.20.0.0/20`, `10.20.16.0/20`, `10.20.32.0/20` and `10.20.128.0/20`, `10.20.144.0/20`,
//! `10.20.160.0/20`. Three zones are in use. Each subnet's part depends on its own zone alone, so one more zone takes free parts and
//! moves no other subnet, which would replace all that is in it.

use ipnet::Ipv4Net;

/// Parts are longer by these bits.
const BITS: u8 = 4;

/// Where the private ones begin.
const PRIVATE: usize = 8;

/// The public subnet of a zone, counted from 0.
pub fn public(vpc: Ipv4Net, zone: usize) -> Ipv4Net {
    part(vpc, zone)
}

/// The private subnet of a zone, counted from 0.
pub fn private(vpc: Ipv4Net, zone: usize) -> Ipv4Net {
    part(vpc, PRIVATE + zone)
}

fn part(vpc: Ipv4Net, index: usize) -> Ipv4Net {
    vpc.subnets(vpc.prefix_len() + BITS)
        .ok()
        .and_then(|mut parts| parts.nth(index))
        .expect("the configuration admits /16 to /20, and there are three zones")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_within_the_vpc_and_apart() {
        for range in ["10.20.0.0/16", "192.168.16.0/20", "172.16.0.0/18"] {
            let vpc: Ipv4Net = range.parse().expect("a range");
            let all: Vec<Ipv4Net> = (0..8).flat_map(|zone| [public(vpc, zone), private(vpc, zone)]).collect();
            for (position, one) in all.iter().enumerate() {
                assert!(vpc.contains(one) && one.prefix_len() == vpc.prefix_len() + 4, "{one} in {vpc}");
                assert!(all[..position].iter().all(|other| !other.contains(one) && !one.contains(other)), "{one}");
            }
        }
    }

    #[test]
    fn the_split_is_the_one_that_is_documented() {
        let vpc: Ipv4Net = "10.20.0.0/16".parse().expect("a range");
        let text = |ranges: [Ipv4Net; 3]| ranges.map(|range| range.to_string());
        assert_eq!(text([0, 1, 2].map(|zone| public(vpc, zone))), ["10.20.0.0/20", "10.20.16.0/20", "10.20.32.0/20"]);
        let private = text([0, 1, 2].map(|zone| private(vpc, zone)));
        assert_eq!(private, ["10.20.128.0/20", "10.20.144.0/20", "10.20.160.0/20"]);
    }
}
