//! Changes to the rules of security groups: authorize, revoke, modify.

use aws_sdk_ec2::operation::authorize_security_group_egress::{
    AuthorizeSecurityGroupEgressInput, AuthorizeSecurityGroupEgressOutput,
};
use aws_sdk_ec2::operation::authorize_security_group_ingress::{
    AuthorizeSecurityGroupIngressInput, AuthorizeSecurityGroupIngressOutput,
};
use aws_sdk_ec2::operation::modify_security_group_rules::{
    ModifySecurityGroupRulesInput, ModifySecurityGroupRulesOutput,
};
use aws_sdk_ec2::operation::revoke_security_group_egress::{
    RevokeSecurityGroupEgressInput, RevokeSecurityGroupEgressOutput,
};
use aws_sdk_ec2::operation::revoke_security_group_ingress::{
    RevokeSecurityGroupIngressInput, RevokeSecurityGroupIngressOutput,
};
use aws_sdk_ec2::types::{self, IpPermission, IpRange, RevokedSecurityGroupRule, TagSpecification};

use super::permissions::{self, Named};
use super::record::{Record, View, find, required, unsupported};
use super::security_group_rule::{Allowed, Peer, SecurityGroupRule};
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::quotas;

/// The permissions of a call that spells out a single one in parameters of its own.
fn single(protocol: Option<&str>, from: Option<i32>, to: Option<i32>, cidr: Option<&str>) -> Option<IpPermission> {
    let range = IpRange::builder().cidr_ip(cidr?).build();
    Some(
        IpPermission::builder()
            .set_ip_protocol(protocol.map(str::to_owned))
            .set_from_port(from)
            .set_to_port(to)
            .ip_ranges(range)
            .build(),
    )
}

macro_rules! permissions_of {
    ($input:expr) => {{
        let input = $input;
        unsupported(&[
            ("DryRun", input.dry_run() == Some(true)),
            ("groups by name", input.source_security_group_name().is_some()),
        ])?;
        let single = single(input.ip_protocol(), input.from_port(), input.to_port(), input.cidr_ip());
        input.ip_permissions().iter().cloned().chain(single).collect::<Vec<IpPermission>>()
    }};
}

pub(super) fn authorize_ingress(
    call: &mut Call<'_>,
    input: &AuthorizeSecurityGroupIngressInput,
) -> Result<AuthorizeSecurityGroupIngressOutput, ApiError> {
    let permissions = permissions_of!(input);
    let rules = authorize(call, input.group_id(), &permissions, input.tag_specifications(), false)?;
    Ok(AuthorizeSecurityGroupIngressOutput::builder().r#return(true).set_security_group_rules(Some(rules)).build())
}

pub(super) fn authorize_egress(
    call: &mut Call<'_>,
    input: &AuthorizeSecurityGroupEgressInput,
) -> Result<AuthorizeSecurityGroupEgressOutput, ApiError> {
    let permissions = permissions_of!(input);
    let rules = authorize(call, input.group_id(), &permissions, input.tag_specifications(), true)?;
    Ok(AuthorizeSecurityGroupEgressOutput::builder().r#return(true).set_security_group_rules(Some(rules)).build())
}

/// EC2 API reference, AuthorizeSecurityGroupIngress: all rules or none; none twice; 60 each way.
fn authorize(
    call: &mut Call<'_>,
    group_id: Option<&str>,
    permissions: &[IpPermission],
    specifications: &[TagSpecification],
    is_egress: bool,
) -> Result<Vec<types::SecurityGroupRule>, ApiError> {
    let group_id = required(group_id, "groupId")?;
    find(&call.world.ec2.security_groups, group_id)?;
    let named = permissions::parse(call, permissions, is_egress)?;
    if named.is_empty() {
        return Err(ApiError::new("MissingParameter", "The request must contain the parameter ipPermissions"));
    }
    for (position, (allowed, _)) in named.iter().enumerate() {
        check_networks(call, group_id, &allowed.peer)?;
        let is_there = call.world.ec2.rules_of(group_id).any(|rule| rule.allowed() == *allowed);
        if is_there || named[..position].iter().any(|(other, _)| other == allowed) {
            return Err(duplicate(allowed));
        }
    }
    check_quota(call, group_id, is_egress, named.len())?;
    let tags = tags::specified(specifications, &SecurityGroupRule::KIND)?;

    let mut rules = Vec::new();
    for (allowed, description) in named {
        let rule = SecurityGroupRule::new(call, group_id, allowed, description, tags.clone());
        rules.push(rule.to_sdk(&View::of(call)));
        call.world.ec2.security_group_rules.insert(rule.meta.id.clone(), rule);
    }
    Ok(rules)
}

fn check_networks(call: &Call<'_>, group_id: &str, peer: &Peer) -> Result<(), ApiError> {
    let groups = &call.world.ec2.security_groups;
    let vpc_of = |id: &str| groups.get(id).map(|group| &group.vpc_id);
    match peer {
        Peer::Group(other) if vpc_of(other) != vpc_of(group_id) => {
            let message = "You have specified two resources that belong to different networks.";
            Err(ApiError::new("InvalidGroup.NotFound", message))
        }
        _ => Ok(()),
    }
}

/// VPC User Guide, "Amazon VPC quotas": inbound and outbound rules are counted apart.
fn check_quota(call: &Call<'_>, group_id: &str, is_egress: bool, more: usize) -> Result<(), ApiError> {
    let present = call.world.ec2.rules_of(group_id).filter(|rule| rule.is_egress == is_egress).count();
    if (present + more) as f64 > call.quota(quotas::RULES_PER_GROUP) {
        let message = "The maximum number of rules per security group has been reached.";
        return Err(ApiError::new("RulesPerSecurityGroupLimitExceeded", message));
    }
    Ok(())
}

fn duplicate(allowed: &Allowed) -> ApiError {
    let peer = match &allowed.peer {
        Peer::Ipv4(peer) | Peer::Ipv6(peer) | Peer::PrefixList(peer) | Peer::Group(peer) => peer,
    };
    let message = format!(
        "the specified rule \"peer: {peer}, {}, from port: {}, to port: {}, ALLOW\" already exists",
        allowed.protocol.to_uppercase(),
        allowed.from_port,
        allowed.to_port
    );
    ApiError::new("InvalidPermission.Duplicate", message)
}

pub(super) fn revoke_ingress(
    call: &mut Call<'_>,
    input: &RevokeSecurityGroupIngressInput,
) -> Result<RevokeSecurityGroupIngressOutput, ApiError> {
    let permissions = permissions_of!(input);
    let revoked = revoke(call, input.group_id(), &permissions, input.security_group_rule_ids(), false)?;
    Ok(RevokeSecurityGroupIngressOutput::builder()
        .r#return(true)
        .set_revoked_security_group_rules(Some(revoked))
        .build())
}

pub(super) fn revoke_egress(
    call: &mut Call<'_>,
    input: &RevokeSecurityGroupEgressInput,
) -> Result<RevokeSecurityGroupEgressOutput, ApiError> {
    let permissions = permissions_of!(input);
    let revoked = revoke(call, input.group_id(), &permissions, input.security_group_rule_ids(), true)?;
    Ok(RevokeSecurityGroupEgressOutput::builder()
        .r#return(true)
        .set_revoked_security_group_rules(Some(revoked))
        .build())
}

/// EC2 API reference, RevokeSecurityGroupIngress: by rule ids, or by permissions that match exactly. All or none.
fn revoke(
    call: &mut Call<'_>,
    group_id: Option<&str>,
    permissions: &[IpPermission],
    rule_ids: &[String],
    is_egress: bool,
) -> Result<Vec<RevokedSecurityGroupRule>, ApiError> {
    let group_id = required(group_id, "groupId")?;
    find(&call.world.ec2.security_groups, group_id)?;
    let mut doomed = Vec::new();
    for id in rule_ids {
        let rule = find(&call.world.ec2.security_group_rules, id)?;
        if rule.group_id != group_id || rule.is_egress != is_egress {
            return Err(SecurityGroupRule::KIND.not_found(id));
        }
        doomed.push(rule.clone());
    }
    for (allowed, _) in permissions::parse(call, permissions, is_egress)? {
        let rule = call.world.ec2.rules_of(group_id).find(|rule| rule.allowed() == allowed).ok_or_else(|| {
            let message = "The specified rule does not exist in this security group.";
            ApiError::new("InvalidPermission.NotFound", message)
        })?;
        doomed.push(rule.clone());
    }
    if doomed.is_empty() {
        return Err(ApiError::new("MissingParameter", "The request must contain rules to revoke."));
    }
    for rule in &doomed {
        call.world.ec2.security_group_rules.remove(&rule.meta.id);
    }
    Ok(doomed.iter().map(revoked).collect())
}

fn revoked(rule: &SecurityGroupRule) -> RevokedSecurityGroupRule {
    let revoked = RevokedSecurityGroupRule::builder()
        .security_group_rule_id(&rule.meta.id)
        .group_id(&rule.group_id)
        .is_egress(rule.is_egress)
        .ip_protocol(&rule.protocol)
        .from_port(rule.from_port)
        .to_port(rule.to_port)
        .set_description(rule.description.clone());
    match &rule.peer {
        Peer::Ipv4(range) => revoked.cidr_ipv4(range),
        Peer::Ipv6(range) => revoked.cidr_ipv6(range),
        Peer::PrefixList(id) => revoked.prefix_list_id(id),
        Peer::Group(id) => revoked.referenced_group_id(id),
    }
    .build()
}

/// EC2 API reference, ModifySecurityGroupRules: a rule stays what it is, ingress or egress.
pub(super) fn modify_security_group_rules(
    call: &mut Call<'_>,
    input: &ModifySecurityGroupRulesInput,
) -> Result<ModifySecurityGroupRulesOutput, ApiError> {
    unsupported(&[("DryRun", input.dry_run() == Some(true))])?;
    let group_id = required(input.group_id(), "GroupId")?;
    find(&call.world.ec2.security_groups, group_id)?;
    let mut changes: Vec<(String, Named)> = Vec::new();
    for update in required(input.security_group_rules.as_deref(), "SecurityGroupRules")? {
        let id = required(update.security_group_rule_id(), "SecurityGroupRuleId")?;
        let rule = find(&call.world.ec2.security_group_rules, id)?;
        if rule.group_id != group_id {
            return Err(SecurityGroupRule::KIND.not_found(id));
        }
        let request = required(update.security_group_rule(), "SecurityGroupRule")?;
        let (allowed, description) = permissions::parse_request(call, request, rule.is_egress)?;
        check_networks(call, group_id, &allowed.peer)?;
        let others = |rule: &&SecurityGroupRule| rule.meta.id != id;
        if call.world.ec2.rules_of(group_id).filter(others).any(|rule| rule.allowed() == allowed) {
            return Err(duplicate(&allowed));
        }
        changes.push((id.to_owned(), (allowed, description)));
    }
    for (id, (allowed, description)) in changes {
        if let Some(rule) = call.world.ec2.security_group_rules.get_mut(&id) {
            rule.protocol = allowed.protocol;
            rule.from_port = allowed.from_port;
            rule.to_port = allowed.to_port;
            rule.peer = allowed.peer;
            rule.description = description;
        }
    }
    Ok(ModifySecurityGroupRulesOutput::builder().r#return(true).build())
}
