//! Security group rules for people: `ingress tcp 80 from 0.0.0.0/0`.

use std::fmt;

use aws_sdk_ec2::types::{IpPermission, SecurityGroupRule};
use serde::{Deserialize, Serialize};

/// Which way a rule lets connections be opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the members of the group.
    Ingress,
    /// By the members of the group.
    Egress,
}

impl Direction {
    /// The direction that EC2 means by `IsEgress`.
    pub fn of(is_egress: Option<bool>) -> Self {
        if is_egress == Some(true) { Direction::Egress } else { Direction::Ingress }
    }

    /// The word in specifications and outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        }
    }
}

/// What a rule is about, whichever way EC2 gives it.
struct Text<'a> {
    direction: Direction,
    protocol: Option<&'a str>,
    ports: (Option<i32>, Option<i32>),
    peer: &'a str,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.direction.as_str())?;
        match self.protocol {
            // EC2 API reference, IpPermission: -1 stands for all protocols and ports.
            None | Some("-1") => f.write_str(" all")?,
            Some(protocol) => write!(f, " {protocol}")?,
        }
        match self.ports {
            (Some(from), Some(to)) if from >= 0 && from == to => write!(f, " {from}")?,
            (Some(from), Some(to)) if from >= 0 => write!(f, " {from}-{to}")?,
            _ => {}
        }
        let way = if self.direction == Direction::Ingress { "from" } else { "to" };
        write!(f, " {way} {}", self.peer)
    }
}

/// The rules that a list of permissions stands for: one for each peer.
pub fn of_permissions(direction: Direction, permissions: &[IpPermission]) -> impl Iterator<Item = String> {
    permissions.iter().flat_map(move |permission| {
        let text = move |peer: Option<&str>| {
            let ports = (permission.from_port(), permission.to_port());
            let peer = peer.unwrap_or("unknown");
            Text { direction, protocol: permission.ip_protocol(), ports, peer }.to_string()
        };
        let ranges = permission.ip_ranges().iter().map(move |range| text(range.cidr_ip()));
        let wide = permission.ipv6_ranges().iter().map(move |range| text(range.cidr_ipv6()));
        let groups = permission.user_id_group_pairs().iter().map(move |pair| text(pair.group_id()));
        let lists = permission.prefix_list_ids().iter().map(move |list| text(list.prefix_list_id()));
        ranges.chain(wide).chain(groups).chain(lists)
    })
}

/// A rule that EC2 gives by its id.
pub fn of_rule(rule: &SecurityGroupRule) -> String {
    let group = rule.referenced_group_info().and_then(|info| info.group_id());
    let peer = rule.cidr_ipv4().or(rule.cidr_ipv6()).or(rule.prefix_list_id()).or(group);
    Text {
        direction: Direction::of(rule.is_egress()),
        protocol: rule.ip_protocol(),
        ports: (rule.from_port(), rule.to_port()),
        peer: peer.unwrap_or("unknown"),
    }
    .to_string()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{IpRange, UserIdGroupPair};

    use super::*;

    #[test]
    fn a_permission_is_one_rule_for_each_peer() {
        let permission = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(80)
            .to_port(81)
            .ip_ranges(IpRange::builder().cidr_ip("10.0.0.0/8").build())
            .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-1").build())
            .build();
        let rules: Vec<String> = of_permissions(Direction::Ingress, &[permission]).collect();
        assert_eq!(rules, ["ingress tcp 80-81 from 10.0.0.0/8", "ingress tcp 80-81 from sg-1"]);
        let rule = SecurityGroupRule::builder().is_egress(true).ip_protocol("-1").from_port(-1).to_port(-1);
        assert_eq!(of_rule(&rule.cidr_ipv4("0.0.0.0/0").build()), "egress all to 0.0.0.0/0");
        let rule = SecurityGroupRule::builder().is_egress(false).ip_protocol("udp").from_port(53).to_port(53);
        assert_eq!(of_rule(&rule.prefix_list_id("pl-1").build()), "ingress udp 53 from pl-1");
    }
}
