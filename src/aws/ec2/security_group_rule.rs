//! Rules of security groups. Each has an id and tags of its own, so groups can refer to each other without a cycle.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self, Filter, IpPermission, IpRange, PrefixListId as PrefixList, ResourceType, SecurityGroupRuleRequest,
    SecurityGroupRuleUpdate, UserIdGroupPair,
};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    rule_text::Direction,
    shared::{self, PrefixListId, SecurityGroupId, SecurityGroupRuleId, Seen},
};
use crate::{
    aws::{Answer, Aws},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
};

/// A rule of a security group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityGroupRule {
    /// The group that it is part of.
    pub group: Output<SecurityGroupId>,
    /// Which way connections may be opened.
    pub direction: Direction,
    /// What they may carry.
    pub protocol: Protocol,
    /// To which ports; none where the protocol is [`Protocol::All`].
    pub ports: Option<Ports>,
    /// From or to whom.
    pub peer: Peer,
    /// What for.
    pub description: String,
}

/// The protocols that we let through.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Protocol {
    /// TCP.
    #[serde(rename = "tcp")]
    Tcp,
    /// UDP.
    #[serde(rename = "udp")]
    Udp,
    /// Every protocol, on every port.
    #[serde(rename = "-1")]
    All,
}

impl Protocol {
    /// As EC2 writes it.
    fn as_str(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::All => "-1",
        }
    }
}

/// A range of ports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ports {
    /// The first.
    pub from: u16,
    /// The last.
    pub to: u16,
}

impl Ports {
    /// A single port.
    pub const fn one(port: u16) -> Self {
        Ports { from: port, to: port }
    }
}

/// The other end of a rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// The members of a group.
    Group(Output<SecurityGroupId>),
    /// A range of addresses.
    Cidr(Ipv4Net),
    /// The addresses of a service that AWS lists, such as S3.
    PrefixList(Output<PrefixListId>),
}

impl Handle<SecurityGroupRule> {
    /// Its id, for what must not start before the rule is there.
    pub fn id(&self) -> Output<SecurityGroupRuleId> {
        self.output("id")
    }
}

/// The rules that filters find. DescribeSecurityGroupRules knows `group-id`, `security-group-rule-id` and `tag:…` only.
///
/// # Errors
/// The call's own.
pub(super) async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::SecurityGroupRule>, Failure> {
    let call = aws.ec2.describe_security_group_rules().set_filters(Some(filters));
    call.into_paginator().items().send().collect::<Result<_, _>>().await.of("ec2:DescribeSecurityGroupRules")
}

/// All rules of groups: one answer for the looks at the groups and at their rules.
///
/// # Errors
/// The call's own.
pub(super) async fn of_groups<'a>(
    aws: &Aws,
    scope: &Scope<'_>,
    groups: impl IntoIterator<Item = &'a str>,
) -> Result<Arc<Vec<types::SecurityGroupRule>>, Failure> {
    shared::once_by(scope, "ec2:DescribeSecurityGroupRules", "group-id", groups, |filters| describe(aws, filters)).await
}

/// Revokes rules by id; none is success.
///
/// # Errors
/// The call's own; [`Class::Absent`](crate::engine::Class::Absent) where the group or one of the rules is gone.
pub(super) async fn revoke(aws: &Aws, group: &str, direction: Direction, ids: Vec<String>) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    match direction {
        Direction::Ingress => {
            let call = aws.ec2.revoke_security_group_ingress().group_id(group).set_security_group_rule_ids(Some(ids));
            call.send().await.of("ec2:RevokeSecurityGroupIngress").map(drop)
        }
        Direction::Egress => {
            let call = aws.ec2.revoke_security_group_egress().group_id(group).set_security_group_rule_ids(Some(ids));
            call.send().await.of("ec2:RevokeSecurityGroupEgress").map(drop)
        }
    }
}

/// What a delete needs besides the id. Neither ever changes.
fn outputs(group: &str, direction: Direction) -> Outputs {
    Outputs::from([("group".to_owned(), group.to_owned()), ("direction".to_owned(), direction.as_str().to_owned())])
}

fn observed_peer(rule: &types::SecurityGroupRule) -> Value {
    if let Some(group) = rule.referenced_group_info().and_then(|info| info.group_id()) {
        return json!({ "group": group });
    }
    match rule.prefix_list_id() {
        Some(list) => json!({ "prefix_list": list }),
        None => json!({ "cidr": rule.cidr_ipv4().or(rule.cidr_ipv6()) }),
    }
}

/// EC2 says -1 for both ports where there are none.
fn observed_ports(rule: &types::SecurityGroupRule) -> Value {
    match (rule.from_port(), rule.to_port()) {
        (Some(from), Some(to)) if from >= 0 => json!({ "from": from, "to": to }),
        _ => Value::Null,
    }
}

impl SecurityGroupRule {
    fn permission(&self) -> Result<IpPermission, Failure> {
        let permission = IpPermission::builder()
            .ip_protocol(self.protocol.as_str())
            .set_from_port(self.ports.map(|ports| ports.from.into()))
            .set_to_port(self.ports.map(|ports| ports.to.into()));
        let text = &self.description;
        let permission = match &self.peer {
            Peer::Group(group) => permission
                .user_id_group_pairs(UserIdGroupPair::builder().group_id(group.get()?).description(text).build()),
            Peer::Cidr(range) => {
                permission.ip_ranges(IpRange::builder().cidr_ip(range.to_string()).description(text).build())
            }
            Peer::PrefixList(list) => {
                permission.prefix_list_ids(PrefixList::builder().prefix_list_id(list.get()?).description(text).build())
            }
        };
        Ok(permission.build())
    }

    /// The whole rule again: what is left out would be reset (EC2 API reference, ModifySecurityGroupRules).
    fn request(&self) -> Result<SecurityGroupRuleRequest, Failure> {
        // EC2 wants ports here also where there are none.
        let port = |port: Option<u16>| port.map_or(-1, i32::from);
        let request = SecurityGroupRuleRequest::builder()
            .ip_protocol(self.protocol.as_str())
            .from_port(port(self.ports.map(|ports| ports.from)))
            .to_port(port(self.ports.map(|ports| ports.to)))
            .description(&self.description);
        Ok(match &self.peer {
            Peer::Group(group) => request.referenced_group_id(group.get()?),
            Peer::Cidr(range) => request.cidr_ipv4(range.to_string()),
            Peer::PrefixList(list) => request.prefix_list_id(list.get()?),
        }
        .build())
    }

    /// The id of the rule that EC2 answers an authorization with.
    async fn authorize(&self, aws: &Aws, identity: &Identity) -> Result<Option<String>, Failure> {
        let (group, permission) = (self.group.get()?, self.permission()?);
        let tags = shared::specification(ResourceType::SecurityGroupRule, &identity.tags);
        let rules = match self.direction {
            Direction::Ingress => {
                let call = aws.ec2.authorize_security_group_ingress().group_id(group).ip_permissions(permission);
                let answer = call.tag_specifications(tags).send().await;
                answer.of("ec2:AuthorizeSecurityGroupIngress")?.security_group_rules
            }
            Direction::Egress => {
                let call = aws.ec2.authorize_security_group_egress().group_id(group).ip_permissions(permission);
                let answer = call.tag_specifications(tags).send().await;
                answer.of("ec2:AuthorizeSecurityGroupEgress")?.security_group_rules
            }
        };
        Ok(rules.unwrap_or_default().into_iter().next().and_then(|rule| rule.security_group_rule_id))
    }
}

#[async_trait]
impl Resource for SecurityGroupRule {
    type Clients = Aws;
    const KIND: &'static str = "security-group-rule";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Free,
            // A group takes a rule only once (`InvalidPermission.Duplicate`).
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "protocol" | "ports" | "description" => Field::UPDATE,
            // A peer of one type can't become one of another (EC2 API reference, SecurityGroupRuleRequest).
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        if scope.targets.is_empty() && !scope.sweep {
            return Ok(Vec::new());
        }
        let found = match shared::known(scope, "group") {
            Some(groups) => of_groups(aws, scope, groups).await?.to_vec(),
            None => describe(aws, vec![shared::environment(scope.suffix)]).await?,
        };
        let id = types::SecurityGroupRule::security_group_rule_id;
        let look = |filters| describe(aws, filters);
        let rules = shared::complete(scope, found, "security-group-rule-id", id, look).await?;
        let sighting = |rule: &types::SecurityGroupRule| {
            let direction = Direction::of(rule.is_egress());
            Seen {
                id: rule.security_group_rule_id(),
                tags: rule.tags(),
                outputs: outputs(rule.group_id()?, direction),
                observed: shared::observed([
                    ("group", json!(rule.group_id())),
                    ("direction", json!(direction)),
                    ("protocol", json!(rule.ip_protocol())),
                    ("ports", observed_ports(rule)),
                    ("peer", observed_peer(rule)),
                    ("description", json!(rule.description())),
                ]),
                life: Life::Live,
            }
            .sighting(scope, Self::KIND)
        };
        Ok(rules.iter().filter_map(sighting).collect())
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let id = self.authorize(aws, identity).await?.unwrap_or_default();
        let mut all = shared::outputs(&id);
        all.extend(outputs(self.group.get()?, self.direction));
        Ok(Created { id, outputs: all })
    }

    async fn update(&self, aws: &Aws, it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        let change = SecurityGroupRuleUpdate::builder()
            .security_group_rule_id(&it.id)
            .security_group_rule(self.request()?)
            .build();
        let call = aws.ec2.modify_security_group_rules().group_id(self.group.get()?).security_group_rules(change);
        call.send().await.of("ec2:ModifySecurityGroupRules")?;
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // AuthorizeSecurityGroupIngress and …Egress are synchronous.
        let mut all = shared::outputs(&it.id);
        all.extend(outputs(self.group.get()?, self.direction));
        Ok(Readiness::Ready(all))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let egress = it.output("direction")? == Direction::Egress.as_str();
        revoke(aws, it.output("group")?, Direction::of(Some(egress)), vec![it.id.clone()]).await
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // RevokeSecurityGroupIngress and …Egress are synchronous.
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:CreateTags",
            "ec2:DescribeSecurityGroupRules",
            "ec2:ModifySecurityGroupRules",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
        ]
    }
}
