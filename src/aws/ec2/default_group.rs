//! The security group that comes with every VPC and can't be deleted: all that can be done is to empty it, so that nothing that is
//! started without a group of its own can talk to anything (AWS Foundational Security Best Practices, EC2.2).

use std::collections::BTreeMap;

use aws_sdk_ec2::types::IpPermission;
use futures::join;

use super::{
    rule_text::{self, Direction},
    security_group,
    shared::{self, filter},
};
use crate::{
    aws::{Answer, Aws},
    engine::{Class, Failure, Scope},
};

/// Its name: no other group may have it (EC2 API reference, CreateSecurityGroup).
const NAME: &str = "default";

/// The rules of the default groups by VPC, sorted, for people.
///
/// # Errors
/// The call's own.
pub async fn rules(aws: &Aws, scope: &Scope<'_>, vpcs: &[&str]) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let mut rules = BTreeMap::new();
    let groups = security_group::of_vpcs(aws, scope, vpcs.iter().copied()).await?;
    for group in groups.iter().filter(|group| group.group_name() == Some(NAME)) {
        let ingress = rule_text::of_permissions(Direction::Ingress, group.ip_permissions());
        let egress = rule_text::of_permissions(Direction::Egress, group.ip_permissions_egress());
        let mut all: Vec<String> = ingress.chain(egress).collect();
        all.sort();
        rules.insert(group.vpc_id().unwrap_or_default().to_owned(), all);
    }
    Ok(rules)
}

/// Revokes every rule of a VPC's default group.
///
/// # Errors
/// Those of the calls; [`Class::Settling`] while the group of a new VPC isn't visible yet.
pub async fn empty(aws: &Aws, vpc: &str) -> Result<(), Failure> {
    let groups = security_group::describe(aws, vec![filter("vpc-id", [vpc]), filter("group-name", [NAME])]).await?;
    let Some(group) = groups.first() else {
        return Err(Failure::new(Class::Settling, format!("the default security group of {vpc} is not visible yet")));
    };
    let id = group.group_id().unwrap_or_default();
    let (ingress, egress) = join!(
        revoke(aws, id, Direction::Ingress, group.ip_permissions()),
        revoke(aws, id, Direction::Egress, group.ip_permissions_egress()),
    );
    ingress.and(egress)
}

/// Revokes permissions of a group; none is success, and so is one that somebody else revoked in the meantime.
///
/// # Errors
/// Those of the call.
pub async fn revoke(aws: &Aws, group: &str, direction: Direction, permissions: &[IpPermission]) -> Result<(), Failure> {
    if permissions.is_empty() {
        return Ok(());
    }
    let permissions = Some(permissions.to_vec());
    let result = match direction {
        Direction::Ingress => {
            let call = aws.ec2.revoke_security_group_ingress().group_id(group).set_ip_permissions(permissions);
            call.send().await.of("ec2:RevokeSecurityGroupIngress").map(drop)
        }
        Direction::Egress => {
            let call = aws.ec2.revoke_security_group_egress().group_id(group).set_ip_permissions(permissions);
            call.send().await.of("ec2:RevokeSecurityGroupEgress").map(drop)
        }
    };
    match result {
        Err(failure) if failure.code.as_deref() == Some("InvalidPermission.NotFound") => Ok(()),
        other => shared::settling(other),
    }
}
