//! Security groups. Their rules are resources of their own ([`SecurityGroupRule`](super::SecurityGroupRule)).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, IpPermission, IpRange, ResourceType};
use futures::{join, try_join};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    default_group,
    rule_text::{self, Direction},
    security_group_rule,
    shared::{self, FILTER_VALUES, SecurityGroupId, Seen, VpcId, filter},
};
use crate::{
    aws::{Answer, Aws, tags},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
};

/// A security group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// The VPC that it is part of.
    pub vpc: Output<VpcId>,
    /// What it is for; given once and never changed (EC2 API reference, CreateSecurityGroup).
    pub description: String,
    /// Rules that no tag of ours stands on: empty. The rule that lets everything out, which every new group has, and what is
    /// added by hand are revoked.
    pub unmanaged_rules: Vec<String>,
}

impl Handle<SecurityGroup> {
    /// Its id.
    pub fn id(&self) -> Output<SecurityGroupId> {
        self.output("id")
    }
}

/// The groups that filters find.
///
/// # Errors
/// The call's own.
pub(super) async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::SecurityGroup>, Failure> {
    let call = aws.ec2.describe_security_groups().set_filters(Some(filters));
    call.into_paginator().items().send().collect::<Result<_, _>>().await.of("ec2:DescribeSecurityGroups")
}

/// All groups of VPCs, default ones included: one answer for the looks at the VPC and at its groups.
///
/// # Errors
/// The call's own.
pub(super) async fn of_vpcs<'a>(
    aws: &Aws,
    scope: &Scope<'_>,
    vpcs: impl IntoIterator<Item = &'a str>,
) -> Result<Arc<Vec<types::SecurityGroup>>, Failure> {
    shared::once_by(scope, "ec2:DescribeSecurityGroups", "vpc-id", vpcs, |filters| describe(aws, filters)).await
}

/// The groups that may be the environment's: those of its VPC where that is known, else those with its tags.
async fn candidates(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<types::SecurityGroup>, Failure> {
    let Some(vpcs) = shared::known(scope, "vpc") else { return describe(aws, shared::ours(scope.suffix).into()).await };
    let all = of_vpcs(aws, scope, vpcs).await?;
    Ok(all.iter().filter(|group| group.group_name() != Some("default")).cloned().collect())
}

/// The groups of a VPC without the default one, for people.
///
/// # Errors
/// The call's own.
pub async fn names_in(aws: &Aws, vpc: &str) -> Result<Vec<String>, Failure> {
    let groups = describe(aws, vec![filter("vpc-id", [vpc])]).await?;
    let others = groups.iter().filter(|group| group.group_name() != Some("default"));
    Ok(others.map(text).collect())
}

fn text(group: &types::SecurityGroup) -> String {
    let (id, name) = (group.group_id().unwrap_or_default(), group.group_name().unwrap_or_default());
    format!("security group {id} ({name})")
}

/// Groups that bear a target's name in its VPC and didn't show by their tags: with them a create would fail.
async fn by_name(
    aws: &Aws,
    scope: &Scope<'_>,
    found: &[types::SecurityGroup],
) -> Result<Vec<types::SecurityGroup>, Failure> {
    let seen: BTreeSet<&str> = found.iter().filter_map(types::SecurityGroup::group_name).collect();
    let missing = scope.targets.iter().filter(|target| !seen.contains(target.name.as_str()));
    let (vpcs, names): (BTreeSet<&str>, BTreeSet<&str>) =
        missing.filter_map(|target| Some((target.text("vpc")?, target.name.as_str()))).unzip();
    let mut groups = Vec::new();
    for some in names.into_iter().collect::<Vec<_>>().chunks(FILTER_VALUES) {
        let filters = vec![filter("vpc-id", vpcs.iter().copied()), filter("group-name", some.iter().copied())];
        groups.extend(describe(aws, filters).await?);
    }
    Ok(groups)
}

/// Whether a group is of this environment, or bears the name of one that it wants.
fn is_ours(scope: &Scope<'_>, group: &types::SecurityGroup) -> bool {
    let named = |name| scope.by_name(name).is_some();
    tags::key_of(&shared::read_tags(group.tags()), scope.suffix).is_some()
        || group.group_id().is_some_and(|id| scope.by_id(id).is_some())
        || group.group_name().is_some_and(named)
}

/// Unmanaged rules by group, sorted, for people.
async fn unmanaged(aws: &Aws, scope: &Scope<'_>, groups: &[&str]) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let mut unmanaged: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let rules = security_group_rule::of_groups(aws, scope, groups.iter().copied()).await?;
    for rule in rules.iter().filter(|rule| !shared::has_key(rule.tags())) {
        let group = rule.group_id().unwrap_or_default().to_owned();
        unmanaged.entry(group).or_default().push(rule_text::of_rule(rule));
    }
    unmanaged.values_mut().for_each(|rules| rules.sort());
    Ok(unmanaged)
}

/// The rule of a new group: everything may go out (VPC User Guide, "Default security groups for your VPCs").
fn default_egress() -> IpPermission {
    let everywhere = IpRange::builder().cidr_ip("0.0.0.0/0").build();
    IpPermission::builder().ip_protocol("-1").ip_ranges(everywhere).build()
}

async fn rules(aws: &Aws, group: &str) -> Result<Vec<types::SecurityGroupRule>, Failure> {
    security_group_rule::describe(aws, vec![filter("group-id", [group])]).await
}

/// Revokes rules of a group.
async fn revoke<'a>(
    aws: &Aws,
    group: &str,
    rules: impl Iterator<Item = &'a types::SecurityGroupRule> + Clone,
) -> Result<(), Failure> {
    let ids = |direction| {
        let picked = rules.clone().filter(move |rule| Direction::of(rule.is_egress()) == direction);
        picked.filter_map(|rule| rule.security_group_rule_id().map(str::to_owned)).collect()
    };
    // Both are seen to their end, so that no call is left in flight.
    let (ingress, egress) = join!(
        security_group_rule::revoke(aws, group, Direction::Ingress, ids(Direction::Ingress)),
        security_group_rule::revoke(aws, group, Direction::Egress, ids(Direction::Egress)),
    );
    ingress.and(egress)
}

/// Revokes the rules that no tag of ours stands on.
async fn revoke_unmanaged(aws: &Aws, group: &str) -> Result<(), Failure> {
    let rules = rules(aws, group).await?;
    if rules.is_empty() {
        // Emptied already, or too new to be visible; in that case it has the rule that every new group has.
        return default_group::revoke(aws, group, Direction::Egress, &[default_egress()]).await;
    }
    let unmanaged = rules.iter().filter(|rule| !shared::has_key(rule.tags()));
    shared::settling(revoke(aws, group, unmanaged).await)
}

#[async_trait]
impl Resource for SecurityGroup {
    type Clients = Aws;
    const KIND: &'static str = "security-group";

    fn manner() -> Manner {
        Manner {
            // A name is taken once in a VPC, and only another VPC makes a new group necessary.
            naming: Naming::Free,
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            // Interfaces of load balancers and tasks outlive these by minutes.
            delete: Wait::seconds(1, 2400),
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "description" => Field::SILENT,
            "unmanaged_rules" => Field::UPDATE.later(),
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        if scope.targets.is_empty() && !scope.sweep {
            return Ok(Vec::new());
        }
        let id = types::SecurityGroup::group_id;
        let found = candidates(aws, scope).await?;
        let mut groups = shared::complete(scope, found, "group-id", id, |filters| describe(aws, filters)).await?;
        let namesakes = by_name(aws, scope, &groups).await?;
        groups.extend(namesakes);
        groups.retain(|group| is_ours(scope, group));
        let ids: Vec<&str> = groups.iter().filter_map(id).collect();
        let unmanaged = unmanaged(aws, scope, &ids).await?;
        let sighting = |group: &types::SecurityGroup| {
            let rules = unmanaged.get(group.group_id()?).map(Vec::as_slice).unwrap_or_default();
            Seen {
                id: group.group_id(),
                tags: group.tags(),
                outputs: Outputs::new(),
                observed: shared::observed([
                    ("vpc", json!(group.vpc_id())),
                    ("description", json!(group.description())),
                    ("unmanaged_rules", json!(rules)),
                ]),
                life: Life::Live,
            }
            .named(scope, Self::KIND, group.group_name().unwrap_or_default().to_owned())
        };
        Ok(groups.iter().filter_map(sighting).collect())
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .ec2
            .create_security_group()
            .vpc_id(self.vpc.get()?)
            .group_name(&identity.name)
            .description(&self.description)
            .tag_specifications(shared::specification(ResourceType::SecurityGroup, &identity.tags))
            .send()
            .await
            .of("ec2:CreateSecurityGroup")?;
        let id = answer.group_id().unwrap_or_default();
        Ok(Created { id: id.to_owned(), outputs: shared::outputs(id) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("unmanaged_rules") {
            revoke_unmanaged(aws, &it.id).await?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // CreateSecurityGroup is synchronous.
        Ok(Readiness::Ready(shared::outputs(&it.id)))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let delete = || async {
            aws.ec2.delete_security_group().group_id(&it.id).send().await.of("ec2:DeleteSecurityGroup").map(drop)
        };
        let blocked = match delete().await {
            Err(failure) if failure.class == Class::Blocked => failure,
            other => return other,
        };
        // Groups whose rules refer to each other block each other: each gives up its own rules, and then all can go.
        let rules = rules(aws, &it.id).await?;
        if rules.is_empty() {
            return Err(blocked);
        }
        revoke(aws, &it.id, rules.iter()).await?;
        delete().await
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteSecurityGroup is synchronous.
        Ok(Gone::Yes)
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        let (interfaces, sources, destinations) = try_join!(
            shared::interfaces(aws, "group-id", &it.id),
            describe(aws, vec![filter("ip-permission.group-id", [it.id.as_str()])]),
            describe(aws, vec![filter("egress.ip-permission.group-id", [it.id.as_str()])]),
        )?;
        let others = sources.iter().chain(&destinations).filter(|group| group.group_id() != Some(&it.id));
        let rules: BTreeSet<String> = others.map(|group| format!("a rule of {}", text(group))).collect();
        Ok(interfaces.iter().map(shared::describe_interface).chain(rules).collect())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "ec2:CreateSecurityGroup",
            "ec2:CreateTags",
            "ec2:DeleteSecurityGroup",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroupRules",
            "ec2:DescribeSecurityGroups",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
        ]
    }
}
