//! IP permissions: the form in which calls name rules of security groups, several at once.

use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroupRuleRequest, UserIdGroupPair};
use ipnet::{Ipv4Net, Ipv6Net};

use super::prefix_list;
use super::record::{find, invalid, required};
use super::security_group_rule::{Allowed, Peer, SecurityGroupRule};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// EC2 API reference, SecurityGroupRuleRequest: descriptions.
const MAX_DESCRIPTION: usize = 255;
const PUNCTUATION: &str = " ._-:/()#,@[]+=;{}!$*";

/// A rule as a call names it.
pub(super) type Named = (Allowed, Option<String>);

/// All rules that the permissions of a call name.
pub(super) fn parse(call: &Call<'_>, permissions: &[IpPermission], is_egress: bool) -> Result<Vec<Named>, ApiError> {
    let mut named = Vec::new();
    for permission in permissions {
        let protocol = protocol(required(permission.ip_protocol(), "ipProtocol")?)?;
        let (from_port, to_port) = ports(&protocol, permission.from_port(), permission.to_port())?;
        let peers = peers(permission)?;
        if peers.is_empty() {
            let message = "The request must contain a CIDR block, a group or a prefix list for each permission.";
            return Err(ApiError::new("MissingParameter", message));
        }
        for (peer, description) in peers {
            let peer = check_peer(call, peer)?;
            check_description(description)?;
            let allowed = Allowed { is_egress, protocol: protocol.clone(), from_port, to_port, peer };
            named.push((allowed, description.map(str::to_owned)));
        }
    }
    Ok(named)
}

/// The one rule that a request names.
pub(super) fn parse_request(
    call: &Call<'_>,
    request: &SecurityGroupRuleRequest,
    is_egress: bool,
) -> Result<Named, ApiError> {
    let protocol = protocol(required(request.ip_protocol(), "IpProtocol")?)?;
    let (from_port, to_port) = ports(&protocol, request.from_port(), request.to_port())?;
    let named = [
        request.cidr_ipv4().map(|range| Peer::Ipv4(range.to_owned())),
        request.cidr_ipv6().map(|range| Peer::Ipv6(range.to_owned())),
        request.prefix_list_id().map(|id| Peer::PrefixList(id.to_owned())),
        request.referenced_group_id().map(|id| Peer::Group(id.to_owned())),
    ];
    let mut peers = named.into_iter().flatten();
    let (Some(peer), None) = (peers.next(), peers.next()) else {
        let message = "A rule must have exactly one of CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupId.";
        return Err(ApiError::new("InvalidParameterCombination", message));
    };
    let peer = check_peer(call, peer)?;
    check_description(request.description())?;
    let allowed = Allowed { is_egress, protocol, from_port, to_port, peer };
    Ok((allowed, request.description().map(str::to_owned)))
}

/// Rules in the form of permissions: one for each protocol and port range.
pub(super) fn grouped(rules: &[&SecurityGroupRule], account: &str) -> Vec<IpPermission> {
    let mut sorted = rules.to_vec();
    let key = |rule: &&SecurityGroupRule| (rule.protocol.clone(), rule.from_port, rule.to_port);
    sorted.sort_by_key(key);
    sorted.chunk_by(|left, right| key(left) == key(right)).map(|rules| permission(rules, account)).collect()
}

fn permission(rules: &[&SecurityGroupRule], account: &str) -> IpPermission {
    let mut permission = IpPermission::builder();
    for rule in rules {
        let description = rule.description.clone();
        permission = permission.ip_protocol(&rule.protocol);
        if rule.protocol != "-1" {
            permission = permission.from_port(rule.from_port).to_port(rule.to_port);
        }
        permission = match &rule.peer {
            Peer::Ipv4(range) => {
                permission.ip_ranges(IpRange::builder().cidr_ip(range).set_description(description).build())
            }
            Peer::Ipv6(range) => {
                permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(range).set_description(description).build())
            }
            Peer::PrefixList(id) => permission
                .prefix_list_ids(PrefixListId::builder().prefix_list_id(id).set_description(description).build()),
            Peer::Group(id) => permission.user_id_group_pairs(
                UserIdGroupPair::builder().group_id(id).user_id(account).set_description(description).build(),
            ),
        };
    }
    permission.build()
}

fn peers(permission: &IpPermission) -> Result<Vec<(Peer, Option<&str>)>, ApiError> {
    let mut peers = Vec::new();
    for range in permission.ip_ranges() {
        peers.push((Peer::Ipv4(required(range.cidr_ip(), "cidrIp")?.to_owned()), range.description()));
    }
    for range in permission.ipv6_ranges() {
        peers.push((Peer::Ipv6(required(range.cidr_ipv6(), "cidrIpv6")?.to_owned()), range.description()));
    }
    for list in permission.prefix_list_ids() {
        let id = required(list.prefix_list_id(), "prefixListId")?;
        peers.push((Peer::PrefixList(id.to_owned()), list.description()));
    }
    for pair in permission.user_id_group_pairs() {
        let id = required(pair.group_id(), "groupId")?;
        peers.push((Peer::Group(id.to_owned()), pair.description()));
    }
    Ok(peers)
}

/// The peer as it is stored; it must exist.
fn check_peer(call: &Call<'_>, peer: Peer) -> Result<Peer, ApiError> {
    let malformed = |range: &str| ApiError::new("InvalidParameterValue", format!("CIDR block {range} is malformed"));
    match &peer {
        Peer::Ipv4(range) => {
            let net: Ipv4Net = range.parse().map_err(|_| malformed(range))?;
            if net != net.trunc() { Err(malformed(range)) } else { Ok(peer) }
        }
        Peer::Ipv6(range) => {
            let net: Ipv6Net = range.parse().map_err(|_| malformed(range))?;
            if net != net.trunc() { Err(malformed(range)) } else { Ok(peer) }
        }
        Peer::PrefixList(id) => prefix_list::check(call.region(), id).map(|()| peer),
        Peer::Group(id) => find(&call.world.ec2.security_groups, id).map(|_| peer.clone()),
    }
}

/// EC2 API reference, IpPermission: names or numbers of protocols; `-1` is all.
fn protocol(text: &str) -> Result<String, ApiError> {
    match text.to_ascii_lowercase().as_str() {
        "-1" | "all" => Ok("-1".to_owned()),
        "tcp" | "6" => Ok("tcp".to_owned()),
        "udp" | "17" => Ok("udp".to_owned()),
        "icmp" | "1" => Ok("icmp".to_owned()),
        "icmpv6" | "58" => Ok("icmpv6".to_owned()),
        other if other.parse::<u8>().is_ok() => Ok(other.to_owned()),
        _ => Err(invalid(text, "ipProtocol", "Unknown protocol.")),
    }
}

/// TCP and UDP need a range of ports; what has no ports allows all.
fn ports(protocol: &str, from: Option<i32>, to: Option<i32>) -> Result<(i32, i32), ApiError> {
    match protocol {
        "tcp" | "udp" => {
            let (from, to) = (*required(from.as_ref(), "fromPort")?, *required(to.as_ref(), "toPort")?);
            if !(0..=65535).contains(&from) || !(0..=65535).contains(&to) || from > to {
                return Err(invalid(format!("{from}-{to}"), "portRange", "Invalid TCP/UDP port range."));
            }
            Ok((from, to))
        }
        "icmp" | "icmpv6" => Ok((from.unwrap_or(-1), to.unwrap_or(-1))),
        _ => Ok((-1, -1)),
    }
}

fn check_description(description: Option<&str>) -> Result<(), ApiError> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || PUNCTUATION.contains(letter);
    match description {
        Some(text) if text.len() > MAX_DESCRIPTION || !text.chars().all(allowed) => {
            let message = format!(
                "Invalid rule description. Valid descriptions are strings less than 256 characters \
                 from the following set: a-zA-Z0-9{PUNCTUATION}"
            );
            Err(ApiError::new("InvalidParameterValue", message))
        }
        _ => Ok(()),
    }
}
