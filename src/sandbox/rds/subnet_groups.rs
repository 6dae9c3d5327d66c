//! Subnet groups, made, changed and deleted.

use std::collections::BTreeSet;

use aws_sdk_rds::operation::create_db_subnet_group::{CreateDbSubnetGroupInput, CreateDbSubnetGroupOutput};
use aws_sdk_rds::operation::delete_db_subnet_group::{DeleteDbSubnetGroupInput, DeleteDbSubnetGroupOutput};
use aws_sdk_rds::operation::modify_db_subnet_group::{ModifyDbSubnetGroupInput, ModifyDbSubnetGroupOutput};

use super::describe;
use super::state::{SubnetGroup, subnet_group};
use super::tags::{self, invalid};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// The VPC of some subnets: one, and subnets in two zones at least (RDS API reference, CreateDBSubnetGroup).
fn vpc(call: &Call<'_>, ids: &[String]) -> Result<String, ApiError> {
    let (mut zones, mut vpcs) = (BTreeSet::new(), BTreeSet::new());
    for id in ids {
        let missing = || ApiError::new("InvalidSubnet", format!("The subnet ID '{id}' does not exist"));
        let subnet = call.world.ec2.subnets.get(id).ok_or_else(missing)?;
        zones.insert(subnet.zone.clone());
        vpcs.insert(subnet.vpc_id.clone());
    }
    if zones.len() < 2 {
        let message = "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Add subnets to cover at least 2 AZs.";
        return Err(ApiError::new("DBSubnetGroupDoesNotCoverEnoughAZs", message));
    }
    match (vpcs.pop_first(), vpcs.is_empty()) {
        (Some(vpc), true) => Ok(vpc),
        _ => Err(ApiError::new("InvalidSubnet", "All subnets must be in one VPC.")),
    }
}

/// RDS API reference, CreateDBSubnetGroup.
pub(super) fn create(
    call: &mut Call<'_>,
    input: &CreateDbSubnetGroupInput,
) -> Result<CreateDbSubnetGroupOutput, ApiError> {
    let name = tags::identifier(input.db_subnet_group_name())?.to_owned();
    let description = input.db_subnet_group_description().unwrap_or_default().to_owned();
    if description.is_empty() || name == "default" {
        return Err(invalid("DBSubnetGroupDescription must be given, and the name may not be 'default'."));
    }
    if call.world.rds.subnet_groups.contains_key(&name) {
        let message = format!("The DB subnet group '{name}' already exists.");
        return Err(ApiError::new("DBSubnetGroupAlreadyExists", message));
    }
    let vpc = vpc(call, input.subnet_ids())?;
    let arn = call.arn("rds", &format!("subgrp:{name}"));
    let tags = tags::read(input.tags())?;
    let group = SubnetGroup { name: name.clone(), arn, description, vpc, subnets: input.subnet_ids().to_vec(), tags };
    let output = CreateDbSubnetGroupOutput::builder().db_subnet_group(describe::subnet_group(&group));
    call.world.rds.subnet_groups.insert(name, group);
    Ok(output.build())
}

/// RDS API reference, ModifyDBSubnetGroup.
pub(super) fn modify(
    call: &mut Call<'_>,
    input: &ModifyDbSubnetGroupInput,
) -> Result<ModifyDbSubnetGroupOutput, ApiError> {
    let mut group = subnet_group(call, input.db_subnet_group_name())?.clone();
    if vpc(call, input.subnet_ids())? != group.vpc {
        return Err(ApiError::new("InvalidSubnet", "The subnets are of another VPC than the group's."));
    }
    group.subnets = input.subnet_ids().to_vec();
    if let Some(text) = input.db_subnet_group_description() {
        group.description = text.to_owned();
    }
    let output = ModifyDbSubnetGroupOutput::builder().db_subnet_group(describe::subnet_group(&group));
    call.world.rds.subnet_groups.insert(group.name.clone(), group);
    Ok(output.build())
}

/// RDS API reference, DeleteDBSubnetGroup: "The specified database subnet group must not be associated with any DB instances".
pub(super) fn delete(
    call: &mut Call<'_>,
    input: &DeleteDbSubnetGroupInput,
) -> Result<DeleteDbSubnetGroupOutput, ApiError> {
    let name = subnet_group(call, input.db_subnet_group_name())?.name.clone();
    if let Some(cluster) = call.world.rds.clusters.values().find(|cluster| cluster.subnet_group == name) {
        let message = format!(
            "Cannot delete the subnet group '{name}' because at least one database cluster: {} is still using it.",
            cluster.id
        );
        return Err(ApiError::new("InvalidDBSubnetGroupStateFault", message));
    }
    call.world.rds.subnet_groups.remove(&name);
    Ok(DeleteDbSubnetGroupOutput::builder().build())
}
