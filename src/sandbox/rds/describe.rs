//! What RDS holds, described.

use aws_sdk_rds::operation::describe_db_clusters::{DescribeDbClustersInput, DescribeDbClustersOutput};
use aws_sdk_rds::operation::describe_db_instances::{DescribeDbInstancesInput, DescribeDbInstancesOutput};
use aws_sdk_rds::operation::describe_db_subnet_groups::{DescribeDbSubnetGroupsInput, DescribeDbSubnetGroupsOutput};
use aws_sdk_rds::types::{
    AvailabilityZone, DbCluster, DbClusterMember, DbInstance, DbSubnetGroup, MasterUserSecret,
    ServerlessV2ScalingConfigurationInfo, Subnet, VpcSecurityGroupMembership,
};

use super::state::{self, Cluster, Instance, SubnetGroup};
use super::tags::{invalid, to_sdk};
use crate::rotator::settings::PORT;
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::paging;

pub(super) const ENGINE: &str = "aurora-postgresql";

/// RDS API reference, DescribeDBClusters, MaxRecords: 20 to 100, 100 by default.
fn page<T: Clone>(all: Vec<T>, size: Option<i32>, marker: Option<&str>) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = size.unwrap_or(100);
    if !(20..=100).contains(&size) {
        return Err(invalid("MaxRecords must be between 20 and 100."));
    }
    paging::page(all, usize::try_from(size).unwrap_or(100), marker).ok_or_else(|| invalid("The marker is invalid."))
}

/// As the SDK's type.
pub(super) fn subnet_group(group: &SubnetGroup) -> DbSubnetGroup {
    let subnet = |id: &String| {
        let zone = AvailabilityZone::builder().build();
        Subnet::builder().subnet_identifier(id).subnet_availability_zone(zone).subnet_status("Active").build()
    };
    DbSubnetGroup::builder()
        .db_subnet_group_name(&group.name)
        .db_subnet_group_arn(&group.arn)
        .db_subnet_group_description(&group.description)
        .vpc_id(&group.vpc)
        .subnet_group_status("Complete")
        .set_subnets(Some(group.subnets.iter().map(subnet).collect()))
        .build()
}

/// As the SDK's type.
pub(super) fn cluster<'a>(it: &Cluster, instances: impl Iterator<Item = &'a Instance>, now: Moment) -> DbCluster {
    let member = |instance: &Instance| {
        DbClusterMember::builder().db_instance_identifier(&instance.id).is_cluster_writer(true).build()
    };
    let members = instances.filter(|instance| instance.cluster == it.id).map(member).collect();
    let group = |id: &String| VpcSecurityGroupMembership::builder().vpc_security_group_id(id).status("active").build();
    let (least, most) = it.capacity;
    let capacity = ServerlessV2ScalingConfigurationInfo::builder().min_capacity(least).max_capacity(most);
    // RDS makes the secret while it makes the cluster, and tells of it when that is done.
    let secret = MasterUserSecret::builder().secret_arn(&it.master_secret).kms_key_id(&it.key).secret_status("active");
    DbCluster::builder()
        .db_cluster_identifier(&it.id)
        .db_cluster_arn(&it.arn)
        .status(it.status(now))
        .engine(ENGINE)
        .engine_version(&it.version)
        .engine_mode("provisioned")
        .database_name(&it.database)
        .master_username(&it.master)
        .set_master_user_secret((now >= it.available_at).then(|| secret.build()))
        .endpoint(&it.endpoint)
        .port(i32::from(PORT))
        .storage_encrypted(true)
        .kms_key_id(&it.key)
        .db_subnet_group(&it.subnet_group)
        .set_vpc_security_groups(Some(it.groups.iter().map(group).collect()))
        .serverless_v2_scaling_configuration(capacity.set_seconds_until_auto_pause(it.pause).build())
        .backup_retention_period(it.backup_days)
        .deletion_protection(it.deletion_protection)
        .iam_database_authentication_enabled(it.iam)
        .http_endpoint_enabled(it.http)
        .set_enabled_cloudwatch_logs_exports(Some(it.logs.clone()))
        .set_db_cluster_members(Some(members))
        .cluster_create_time(it.created_at.datetime())
        .set_tag_list(to_sdk(&it.tags))
        .build()
}

/// As the SDK's type.
pub(super) fn instance(it: &Instance, now: Moment) -> DbInstance {
    DbInstance::builder()
        .db_instance_identifier(&it.id)
        .db_instance_arn(&it.arn)
        .db_instance_status(it.status(now))
        .db_cluster_identifier(&it.cluster)
        .db_instance_class(&it.class)
        .engine(ENGINE)
        .publicly_accessible(it.public)
        .auto_minor_version_upgrade(it.minor_upgrades)
        .instance_create_time(it.created_at.datetime())
        .set_tag_list(to_sdk(&it.tags))
        .build()
}

/// RDS API reference, DescribeDBClusters.
pub(super) fn clusters(
    call: &mut Call<'_>,
    input: &DescribeDbClustersInput,
) -> Result<DescribeDbClustersOutput, ApiError> {
    let state = &call.world.rds;
    let described = |it: &Cluster| cluster(it, state.instances.values(), call.now);
    let found = match input.db_cluster_identifier() {
        Some(id) => vec![described(state::cluster(call, Some(id))?)],
        None => state.clusters.values().map(described).collect(),
    };
    let (found, marker) = page(found, input.max_records(), input.marker())?;
    Ok(DescribeDbClustersOutput::builder().set_db_clusters(Some(found)).set_marker(marker).build())
}

/// RDS API reference, DescribeDBInstances.
pub(super) fn instances(
    call: &mut Call<'_>,
    input: &DescribeDbInstancesInput,
) -> Result<DescribeDbInstancesOutput, ApiError> {
    let found = match input.db_instance_identifier() {
        Some(id) => vec![instance(state::instance(call, Some(id))?, call.now)],
        None => call.world.rds.instances.values().map(|it| instance(it, call.now)).collect(),
    };
    let (found, marker) = page(found, input.max_records(), input.marker())?;
    Ok(DescribeDbInstancesOutput::builder().set_db_instances(Some(found)).set_marker(marker).build())
}

/// RDS API reference, DescribeDBSubnetGroups.
pub(super) fn subnet_groups(
    call: &mut Call<'_>,
    input: &DescribeDbSubnetGroupsInput,
) -> Result<DescribeDbSubnetGroupsOutput, ApiError> {
    let found = match input.db_subnet_group_name() {
        Some(name) => vec![subnet_group(state::subnet_group(call, Some(name))?)],
        None => call.world.rds.subnet_groups.values().map(subnet_group).collect(),
    };
    let (found, marker) = page(found, input.max_records(), input.marker())?;
    Ok(DescribeDbSubnetGroupsOutput::builder().set_db_subnet_groups(Some(found)).set_marker(marker).build())
}
