//! Clusters, made, changed and deleted.

use std::collections::BTreeMap;

use aws_sdk_rds::operation::create_db_cluster::{CreateDbClusterInput, CreateDbClusterOutput};
use aws_sdk_rds::operation::delete_db_cluster::{DeleteDbClusterInput, DeleteDbClusterOutput};
use aws_sdk_rds::operation::disable_http_endpoint::{DisableHttpEndpointInput, DisableHttpEndpointOutput};
use aws_sdk_rds::operation::enable_http_endpoint::{EnableHttpEndpointInput, EnableHttpEndpointOutput};
use aws_sdk_rds::operation::modify_db_cluster::{ModifyDbClusterInput, ModifyDbClusterOutput};
use aws_sdk_rds::types::ServerlessV2ScalingConfiguration;

use super::describe::{self, ENGINE};
use super::state::{Cluster, cluster, cluster_mut, subnet_group};
use super::tags::{self, invalid};
use crate::rotator::{password, secret::Credentials};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::{iam, kms, secretsmanager};

fn combination(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterCombination", message)
}

/// Aurora User Guide, "Aurora Serverless v2 capacity": half units from 0 to 256, at most one unit or more; a pause only where it may go
/// down to zero.
fn capacity(wanted: Option<&ServerlessV2ScalingConfiguration>) -> Result<((f64, f64), Option<i32>), ApiError> {
    let wanted = wanted.ok_or_else(|| invalid("The sandbox simulates Aurora Serverless v2 only."))?;
    let (least, most) = (wanted.min_capacity().unwrap_or(-1.0), wanted.max_capacity().unwrap_or(-1.0));
    let halves = |units: f64| (units * 2.0).fract() == 0.0 && (0.0..=256.0).contains(&units);
    if !halves(least) || !halves(most) || most < 1.0 || most < least {
        return Err(invalid("Serverless v2 capacity isn't valid: it is 0 to 256 in steps of 0.5, at most 1 or more."));
    }
    let pause = wanted.seconds_until_auto_pause();
    match pause {
        Some(_) if least > 0.0 => {
            Err(combination("SecondsUntilAutoPause can be set only with a minimum capacity of 0."))
        }
        Some(seconds) if !(300..=86_400).contains(&seconds) => {
            Err(invalid("SecondsUntilAutoPause must be between 300 and 86400."))
        }
        None if least == 0.0 => Ok(((least, most), Some(300))),
        pause => Ok(((least, most), pause)),
    }
}

fn backup_days(days: Option<i32>) -> Result<i32, ApiError> {
    let days = days.unwrap_or(1);
    if (1..=35).contains(&days) { Ok(days) } else { Err(invalid("BackupRetentionPeriod must be between 1 and 35.")) }
}

/// The security groups exist and are of the subnet group's VPC.
fn groups(call: &Call<'_>, ids: &[String], vpc: &str) -> Result<Vec<String>, ApiError> {
    let wrong = |id: &&String| call.world.ec2.security_groups.get(*id).is_none_or(|group| group.vpc_id != vpc);
    match ids.iter().find(wrong) {
        Some(id) => Err(ApiError::new(
            "InvalidVPCNetworkStateFault",
            format!("The DB cluster and EC2 security group are in different VPCs, or there is no such group: {id}"),
        )),
        None => Ok(ids.to_vec()),
    }
}

fn logs(wanted: &[String]) -> Result<Vec<String>, ApiError> {
    match wanted.iter().find(|log| !["postgresql", "instance", "iam-db-auth-error"].contains(&log.as_str())) {
        Some(log) => Err(combination(format!("You cannot use the log types '{log}' with engine {ENGINE}."))),
        None => Ok(wanted.to_vec()),
    }
}

/// RDS API reference, CreateDBCluster.
pub(super) fn create(call: &mut Call<'_>, input: &CreateDbClusterInput) -> Result<CreateDbClusterOutput, ApiError> {
    let id = tags::identifier(input.db_cluster_identifier())?.to_owned();
    if call.world.rds.clusters.contains_key(&id) {
        let message = format!("DB Cluster already exists: {id}");
        return Err(ApiError::new("DBClusterAlreadyExistsFault", message));
    }
    if input.engine() != Some(ENGINE) || input.manage_master_user_password() != Some(true) {
        return Err(combination("The sandbox simulates aurora-postgresql whose master password RDS manages."));
    }
    if input.master_user_password().is_some() {
        return Err(combination("You can't specify MasterUserPassword for a cluster with ManageMasterUserPassword."));
    }
    let master = input.master_username().unwrap_or_default().to_owned();
    // Aurora User Guide, "Naming constraints"; reserved words of PostgreSQL and of RDS.
    if master.is_empty() || master.len() > 63 || ["admin", "rdsadmin", "user", "public"].contains(&master.as_str()) {
        return Err(invalid(format!(
            "MasterUsername {master} cannot be used as it is a reserved word used by the engine"
        )));
    }
    let version = input.engine_version().unwrap_or_default().to_owned();
    if version.split('.').count() != 2 {
        return Err(invalid(format!("Cannot find version {version} for {ENGINE}")));
    }
    let group = subnet_group(call, input.db_subnet_group_name())?;
    let (subnets, vpc) = (group.name.clone(), group.vpc.clone());
    let groups = groups(call, input.vpc_security_group_ids(), &vpc)?;
    let key = input.kms_key_id().unwrap_or_default();
    let inaccessible =
        |_| ApiError::new("KMSKeyNotAccessibleFault", format!("The specified KMS key '{key}' can't be accessed."));
    let key = kms::usable(call, key).map_err(inaccessible)?.arn.clone();
    let (capacity, pause) = capacity(input.serverless_v2_scaling_configuration())?;
    let (backup_days, logs) =
        (backup_days(input.backup_retention_period())?, logs(input.enable_cloudwatch_logs_exports())?);
    let tags = tags::read(input.tags())?;
    let master_key = input.master_user_secret_kms_key_id().unwrap_or(&key).to_owned();
    let text = Credentials { database: None, username: master.clone(), password: password::generate() }.to_json();
    let name = format!("rds!cluster-{}", call.uuid());
    let master_secret = secretsmanager::keep_for_service(call, &name, &master_key, text, "rds");
    let unique = call.hex(12);
    let made = Cluster {
        arn: call.arn("rds", &format!("cluster:{id}")),
        endpoint: format!("{id}.cluster-{unique}.{}.rds.amazonaws.com", call.region()),
        created_at: call.now,
        available_at: call.now + call.durations().aurora_cluster_available,
        gone_at: None,
        version,
        database: input.database_name().unwrap_or("postgres").to_owned(),
        master,
        master_secret,
        key,
        subnet_group: subnets,
        groups,
        capacity,
        pause,
        used_at: None,
        resumes_at: None,
        backup_days,
        deletion_protection: input.deletion_protection().unwrap_or_default(),
        iam: input.enable_iam_database_authentication().unwrap_or_default(),
        http: input.enable_http_endpoint().unwrap_or_default(),
        logs,
        tags,
        roles: BTreeMap::new(),
        schemas: BTreeMap::new(),
        id: id.clone(),
    };
    let output = CreateDbClusterOutput::builder().db_cluster(describe::cluster(&made, std::iter::empty(), call.now));
    call.world.rds.clusters.insert(id, made);
    iam::link(call, "rds.amazonaws.com");
    Ok(output.build())
}

/// RDS API reference, ModifyDBCluster. Everything is applied at once: there is no maintenance window.
pub(super) fn modify(call: &mut Call<'_>, input: &ModifyDbClusterInput) -> Result<ModifyDbClusterOutput, ApiError> {
    let mut it = cluster(call, input.db_cluster_identifier())?.available(call.now)?.clone();
    if input.apply_immediately() != Some(true) {
        return Err(invalid("The sandbox has no maintenance window: ApplyImmediately must be true."));
    }
    if let Some(version) = input.engine_version() {
        let major = |text: &str| text.split('.').next().unwrap_or_default().to_owned();
        if major(version) != major(&it.version) && input.allow_major_version_upgrade() != Some(true) {
            return Err(combination(
                "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.",
            ));
        }
        version.clone_into(&mut it.version);
    }
    if input.serverless_v2_scaling_configuration().is_some() {
        (it.capacity, it.pause) = capacity(input.serverless_v2_scaling_configuration())?;
    }
    if !input.vpc_security_group_ids().is_empty() {
        let vpc = subnet_group(call, Some(&it.subnet_group))?.vpc.clone();
        it.groups = groups(call, input.vpc_security_group_ids(), &vpc)?;
    }
    if let Some(change) = input.cloudwatch_logs_export_configuration() {
        it.logs.retain(|log| !change.disable_log_types().contains(log));
        for log in logs(change.enable_log_types())? {
            if !it.logs.contains(&log) {
                it.logs.push(log);
            }
        }
    }
    it.backup_days = input.backup_retention_period().map_or(Ok(it.backup_days), |days| backup_days(Some(days)))?;
    it.deletion_protection = input.deletion_protection().unwrap_or(it.deletion_protection);
    it.iam = input.enable_iam_database_authentication().unwrap_or(it.iam);
    let described = describe::cluster(&it, call.world.rds.instances.values(), call.now);
    call.world.rds.clusters.insert(it.id.clone(), it);
    Ok(ModifyDbClusterOutput::builder().db_cluster(described).build())
}

/// RDS API reference, DeleteDBCluster.
pub(super) fn delete(call: &mut Call<'_>, input: &DeleteDbClusterInput) -> Result<DeleteDbClusterOutput, ApiError> {
    let found = cluster(call, input.db_cluster_identifier())?;
    if found.deletion_protection {
        return Err(combination("Cannot delete protected Cluster, please disable deletion protection and try again."));
    }
    if input.skip_final_snapshot() != Some(true) {
        return Err(combination("The sandbox keeps no snapshots: SkipFinalSnapshot must be true."));
    }
    found.available(call.now)?;
    let (id, now) = (found.id.clone(), call.now);
    if call.world.rds.instances.values().any(|instance| instance.cluster == id && instance.gone_at.is_none()) {
        let message = "Cluster cannot be deleted, it still contains DB instances in non-deleting state.";
        return Err(ApiError::new("InvalidDBClusterStateFault", message));
    }
    let last = call.world.rds.instances.values().filter(|it| it.cluster == id).filter_map(|it| it.gone_at).max();
    let gone_at = last.unwrap_or(now).max(now) + call.durations().aurora_cluster_deleted;
    cluster_mut(call, &id)?.gone_at = Some(gone_at);
    let described = describe::cluster(cluster(call, Some(&id))?, call.world.rds.instances.values(), now);
    Ok(DeleteDbClusterOutput::builder().db_cluster(described).build())
}

fn switch(call: &mut Call<'_>, arn: Option<&str>, on: bool) -> Result<(), ApiError> {
    let found = call.world.rds.clusters.values().find(|cluster| Some(cluster.arn.as_str()) == arn);
    let missing = || ApiError::new("ResourceNotFoundFault", "The specified resource does not exist.");
    let id = found.ok_or_else(missing)?.available(call.now)?.id.clone();
    cluster_mut(call, &id)?.http = on;
    Ok(())
}

/// RDS API reference, EnableHttpEndpoint.
pub(super) fn enable_http_endpoint(
    call: &mut Call<'_>,
    input: &EnableHttpEndpointInput,
) -> Result<EnableHttpEndpointOutput, ApiError> {
    switch(call, input.resource_arn(), true)?;
    Ok(EnableHttpEndpointOutput::builder()
        .set_resource_arn(input.resource_arn.clone())
        .http_endpoint_enabled(true)
        .build())
}

/// RDS API reference, DisableHttpEndpoint.
pub(super) fn disable_http_endpoint(
    call: &mut Call<'_>,
    input: &DisableHttpEndpointInput,
) -> Result<DisableHttpEndpointOutput, ApiError> {
    switch(call, input.resource_arn(), false)?;
    Ok(DisableHttpEndpointOutput::builder()
        .set_resource_arn(input.resource_arn.clone())
        .http_endpoint_enabled(false)
        .build())
}
