//! Rules of security groups.

use aws_sdk_ec2::operation::describe_security_group_rules::{
    DescribeSecurityGroupRulesInput, DescribeSecurityGroupRulesOutput,
};
use aws_sdk_ec2::types::{self, ReferencedSecurityGroup};
use serde::{Deserialize, Serialize};

use super::record::{self, Kind, Meta, Record, View, has_meta, query};
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// The other end of what a rule allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Peer {
    /// An IPv4 range.
    Ipv4(String),
    /// An IPv6 range.
    Ipv6(String),
    /// A prefix list.
    PrefixList(String),
    /// A security group of the same VPC.
    Group(String),
}

/// What a rule allows. No group has two rules that allow the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Allowed {
    pub(super) is_egress: bool,
    pub(super) protocol: String,
    pub(super) from_port: i32,
    pub(super) to_port: i32,
    pub(super) peer: Peer,
}

/// A rule of a security group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityGroupRule {
    /// Id, time of birth, tags.
    pub meta: Meta,
    /// The group that it belongs to.
    pub group_id: String,
    /// Outbound, or inbound.
    pub is_egress: bool,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1` for all.
    pub protocol: String,
    /// -1 for all.
    pub from_port: i32,
    /// -1 for all.
    pub to_port: i32,
    /// The other end.
    pub peer: Peer,
    /// What its maker wrote.
    pub description: Option<String>,
}

impl Record for SecurityGroupRule {
    const KIND: Kind = Kind {
        prefix: "sgr",
        resource_type: "security-group-rule",
        item: "ec2:security-group-rule",
        noun: "security group rule ID",
        not_found: "InvalidSecurityGroupRuleId.NotFound",
        malformed: "InvalidSecurityGroupRuleId.Malformed",
    };
    const FILTERS: &'static [&'static str] = &["group-id", "security-group-rule-id"];

    has_meta!();

    fn values(&self, filter: &str, _view: &View<'_>) -> Vec<String> {
        vec![if filter == "group-id" { self.group_id.clone() } else { self.meta.id.clone() }]
    }
}

impl SecurityGroupRule {
    pub(super) fn new(
        call: &mut Call<'_>,
        group_id: &str,
        allowed: Allowed,
        description: Option<String>,
        tags: Tags,
    ) -> Self {
        Self {
            meta: Meta::new(call, &Self::KIND, tags),
            group_id: group_id.to_owned(),
            is_egress: allowed.is_egress,
            protocol: allowed.protocol,
            from_port: allowed.from_port,
            to_port: allowed.to_port,
            peer: allowed.peer,
            description,
        }
    }

    /// What every new group has: it may reach everything.
    pub(super) fn open_egress(call: &mut Call<'_>, group_id: &str) -> Self {
        Self::everything(call, group_id, true, Peer::Ipv4("0.0.0.0/0".to_owned()))
    }

    /// The default group may also be reached by its own members. VPC User Guide, "Default security groups".
    pub(super) fn defaults_of_default_group(call: &mut Call<'_>, group_id: &str) -> [Self; 2] {
        let ingress = Self::everything(call, group_id, false, Peer::Group(group_id.to_owned()));
        [ingress, Self::open_egress(call, group_id)]
    }

    fn everything(call: &mut Call<'_>, group_id: &str, is_egress: bool, peer: Peer) -> Self {
        let allowed = Allowed { is_egress, protocol: "-1".to_owned(), from_port: -1, to_port: -1, peer };
        Self::new(call, group_id, allowed, None, Tags::new())
    }

    pub(super) fn allowed(&self) -> Allowed {
        Allowed {
            is_egress: self.is_egress,
            protocol: self.protocol.clone(),
            from_port: self.from_port,
            to_port: self.to_port,
            peer: self.peer.clone(),
        }
    }

    pub(super) fn to_sdk(&self, view: &View<'_>) -> types::SecurityGroupRule {
        let rule = types::SecurityGroupRule::builder()
            .security_group_rule_id(&self.meta.id)
            .security_group_rule_arn(format!(
                "arn:aws:ec2:{}:{}:security-group-rule/{}",
                view.region, view.account, self.meta.id
            ))
            .group_id(&self.group_id)
            .group_owner_id(view.account)
            .is_egress(self.is_egress)
            .ip_protocol(&self.protocol)
            .from_port(self.from_port)
            .to_port(self.to_port)
            .set_description(self.description.clone())
            .set_tags(tags::to_sdk(&self.meta.tags));
        match &self.peer {
            Peer::Ipv4(range) => rule.cidr_ipv4(range),
            Peer::Ipv6(range) => rule.cidr_ipv6(range),
            Peer::PrefixList(id) => rule.prefix_list_id(id),
            Peer::Group(id) => rule
                .referenced_group_info(ReferencedSecurityGroup::builder().group_id(id).user_id(view.account).build()),
        }
        .build()
    }
}

pub(super) fn describe_security_group_rules(
    call: &mut Call<'_>,
    input: &DescribeSecurityGroupRulesInput,
) -> Result<DescribeSecurityGroupRulesOutput, ApiError> {
    let query = query!(input, security_group_rule_ids, filters);
    let (rules, next_token) = record::describe(call, &call.world.ec2.security_group_rules, &query)?;
    let view = View::of(call);
    let rules = rules.into_iter().map(|rule| rule.to_sdk(&view)).collect();
    Ok(DescribeSecurityGroupRulesOutput::builder()
        .set_security_group_rules(Some(rules))
        .set_next_token(next_token)
        .build())
}
