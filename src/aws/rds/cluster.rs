//! Aurora clusters.

use async_trait::async_trait;
use aws_sdk_rds::types::{
    CloudwatchLogsExportConfiguration, DbCluster as Described, ServerlessV2ScalingConfiguration,
    ServerlessV2ScalingConfigurationInfo,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{shared, subnet_group::DbSubnetGroupName};
use crate::{
    aws::{Answer, Aws, ec2::shared::SecurityGroupId, kms::KmsKeyArn, tags},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Key, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Target, Wait, When, failure::absent_is_fine,
    },
    markers, tag_list,
};

markers! {
    /// A cluster's ARN.
    ClusterArn,
    /// Where the cluster's writer is reached.
    Endpoint,
    /// The ARN of the secret in which RDS keeps the master user's password.
    MasterSecretArn,
    /// A cluster's name.
    ClusterName,
}

/// An Aurora cluster of the engine mode `provisioned`, whose instances may be serverless. RDS keeps the master user's password in a secret of
/// its own and rotates it (Aurora User Guide, "Password management with Amazon Aurora and AWS Secrets Manager").
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DbCluster {
    /// `aurora-postgresql`.
    pub engine: String,
    /// `major.minor`. Minor versions that AWS moved on to by itself are left.
    pub engine_version: String,
    /// The database that is made with it.
    pub database: String,
    /// The master user.
    pub master_user: String,
    /// What encrypts storage and the master user's secret.
    pub key: Output<KmsKeyArn>,
    /// Where its interfaces are.
    pub subnet_group: Output<DbSubnetGroupName>,
    /// Who may reach it.
    pub security_groups: Vec<Output<SecurityGroupId>>,
    /// Aurora capacity units at least; 0 lets it pause.
    pub min_capacity: f64,
    /// Aurora capacity units at most.
    pub max_capacity: f64,
    /// Seconds without a connection until it pauses, where it may.
    pub pause_after_seconds: Option<u32>,
    /// Days that backups are kept.
    pub backup_days: u32,
    /// RDS refuses to delete it.
    pub deletion_protection: bool,
    /// Roles can log in with IAM's tokens.
    pub iam_authentication: bool,
    /// SQL can be sent to it by the Data API.
    pub data_api: bool,
    /// Logs that it sends to CloudWatch.
    pub log_exports: Vec<String>,
    /// What must be there before it though it doesn't name it: the log groups, which RDS would make without a key.
    pub after: Vec<Output<()>>,
}

impl Handle<DbCluster> {
    /// Its ARN.
    pub fn arn(&self) -> Output<ClusterArn> {
        self.output("arn")
    }

    /// Its name.
    pub fn name(&self) -> Output<ClusterName> {
        self.output("name")
    }

    /// Where its writer is reached.
    pub fn endpoint(&self) -> Output<Endpoint> {
        self.output("endpoint")
    }

    /// The secret with the master user's password.
    pub fn master_secret(&self) -> Output<MasterSecretArn> {
        self.output("master_secret")
    }
}

fn name(it: &Described) -> &str {
    it.db_cluster_identifier().unwrap_or_default()
}

fn outputs(it: &Described) -> Outputs {
    let secret = it.master_user_secret().and_then(|secret| secret.secret_arn());
    let known = [
        ("name", it.db_cluster_identifier()),
        ("arn", it.db_cluster_arn()),
        ("endpoint", it.endpoint()),
        ("master_secret", secret),
    ];
    known.into_iter().filter_map(|(output, value)| Some((output.to_owned(), value?.to_owned()))).collect()
}

/// All clusters of the account, with their tags.
pub(super) async fn all(aws: &Aws) -> Result<Vec<Described>, Failure> {
    let mut found = Vec::new();
    let mut pages = aws.rds.describe_db_clusters().max_records(100).into_paginator().send();
    while let Some(page) = pages.next().await {
        found.extend(page.of("rds:DescribeDBClusters")?.db_clusters.unwrap_or_default());
    }
    Ok(found)
}

async fn describe(aws: &Aws, id: &str) -> Result<Option<Described>, Failure> {
    let answer = aws.rds.describe_db_clusters().db_cluster_identifier(id).send().await.of("rds:DescribeDBClusters");
    let clusters = absent_is_fine(answer.map(|answer| answer.db_clusters.unwrap_or_default()))?;
    Ok(clusters.into_iter().next())
}

fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The version to compare with: a newer minor one than is asked for is AWS's doing.
fn version_seen<'a>(seen: &'a str, wanted: Option<&'a str>) -> &'a str {
    match wanted.and_then(version).zip(version(seen)) {
        Some((wanted_version, seen_version))
            if wanted_version.0 == seen_version.0 && seen_version.1 >= wanted_version.1 =>
        {
            wanted.unwrap_or(seen)
        }
        _ => seen,
    }
}

fn observed(it: &Described, target: Option<&Target>) -> Map<String, Value> {
    let capacity = it.serverless_v2_scaling_configuration();
    let seen = it.engine_version().unwrap_or_default();
    let groups: Vec<&str> = it.vpc_security_groups().iter().filter_map(|group| group.vpc_security_group_id()).collect();
    let fields = [
        ("engine", json!(it.engine())),
        ("engine_version", json!(version_seen(seen, target.and_then(|target| target.text("engine_version"))))),
        ("database", json!(it.database_name())),
        ("master_user", json!(it.master_username())),
        ("key", json!(it.kms_key_id())),
        ("subnet_group", json!(it.db_subnet_group())),
        ("security_groups", json!(groups)),
        ("min_capacity", json!(capacity.and_then(ServerlessV2ScalingConfigurationInfo::min_capacity))),
        ("max_capacity", json!(capacity.and_then(ServerlessV2ScalingConfigurationInfo::max_capacity))),
        ("pause_after_seconds", json!(capacity.and_then(pause))),
        ("backup_days", json!(it.backup_retention_period())),
        ("deletion_protection", json!(it.deletion_protection().unwrap_or_default())),
        ("iam_authentication", json!(it.iam_database_authentication_enabled().unwrap_or_default())),
        ("data_api", json!(it.http_endpoint_enabled().unwrap_or_default())),
        ("log_exports", json!(it.enabled_cloudwatch_logs_exports())),
    ];
    fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}

/// Only a cluster that may go down to zero pauses.
fn pause(capacity: &ServerlessV2ScalingConfigurationInfo) -> Option<i32> {
    (capacity.min_capacity() == Some(0.0)).then(|| capacity.seconds_until_auto_pause()).flatten()
}

fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

impl DbCluster {
    fn capacity(&self) -> ServerlessV2ScalingConfiguration {
        ServerlessV2ScalingConfiguration::builder()
            .min_capacity(self.min_capacity)
            .max_capacity(self.max_capacity)
            .set_seconds_until_auto_pause(self.pause_after_seconds.map(number))
            .build()
    }

    fn group_ids(&self) -> Result<Vec<String>, Failure> {
        self.security_groups.iter().map(|group| Ok(group.get()?.to_owned())).collect()
    }

    /// Logs that are exported now and are not to be.
    async fn surplus_logs(&self, aws: &Aws, id: &str) -> Result<Vec<String>, Failure> {
        let present = describe(aws, id).await?.map(|it| it.enabled_cloudwatch_logs_exports.unwrap_or_default());
        Ok(present.unwrap_or_default().into_iter().filter(|log| !self.log_exports.contains(log)).collect())
    }

    async fn switch_data_api(&self, aws: &Aws, arn: &str) -> Result<(), Failure> {
        if self.data_api {
            aws.rds.enable_http_endpoint().resource_arn(arn).send().await.of("rds:EnableHttpEndpoint")?;
        } else {
            aws.rds.disable_http_endpoint().resource_arn(arn).send().await.of("rds:DisableHttpEndpoint")?;
        }
        Ok(())
    }
}

#[async_trait]
impl Resource for DbCluster {
    type Clients = Aws;
    const KIND: &'static str = "db-cluster";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            // An instance can join only an available cluster (RDS API reference, CreateDBInstance, InvalidDBClusterStateFault).
            usable: When::Ready,
            create: Wait::seconds(120, 1800),
            delete: Wait::seconds(90, 1800),
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "security_groups" | "log_exports" => Field::UPDATE.unordered(),
            "engine_version"
            | "min_capacity"
            | "max_capacity"
            | "pause_after_seconds"
            | "backup_days"
            | "deletion_protection"
            | "iam_authentication"
            | "data_api" => Field::UPDATE,
            "after" => Field::SILENT,
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        if shared::is_idle(scope) {
            return Ok(Vec::new());
        }
        let sighting = |it: &Described| {
            let target = scope.by_id(name(it)).or_else(|| scope.by_name(name(it)));
            let seen = Sighting {
                key: Key::new(Self::KIND, "?"),
                name: name(it).to_owned(),
                id: name(it).to_owned(),
                outputs: outputs(it),
                observed: observed(it, target),
                tags: None,
                life: shared::life(it.status().unwrap_or_default()),
            };
            tags::identify(scope, seen, &shared::read_tags(it.tag_list()))
        };
        Ok(all(aws).await?.iter().filter_map(sighting).collect())
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let key = self.key.get()?;
        let answer = aws
            .rds
            .create_db_cluster()
            .db_cluster_identifier(&identity.name)
            .engine(&self.engine)
            .engine_version(&self.engine_version)
            .database_name(&self.database)
            .master_username(&self.master_user)
            .manage_master_user_password(true)
            .master_user_secret_kms_key_id(key)
            .storage_encrypted(true)
            .kms_key_id(key)
            .db_subnet_group_name(self.subnet_group.get()?)
            .set_vpc_security_group_ids(Some(self.group_ids()?))
            .serverless_v2_scaling_configuration(self.capacity())
            .backup_retention_period(number(self.backup_days))
            .deletion_protection(self.deletion_protection)
            .enable_iam_database_authentication(self.iam_authentication)
            .enable_http_endpoint(self.data_api)
            .set_enable_cloudwatch_logs_exports(Some(self.log_exports.clone()))
            .copy_tags_to_snapshot(true)
            .set_tags(Some(tag_list!(aws_sdk_rds, identity.tags)))
            .send()
            .await
            .of("rds:CreateDBCluster")?;
        let known = answer.db_cluster().map(outputs).unwrap_or_default();
        Ok(Created { id: identity.name.clone(), outputs: known })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("data_api") {
            self.switch_data_api(aws, it.output("arn")?).await?;
        }
        if changes.fields.iter().all(|field| field == "data_api") {
            return Ok(Outputs::new());
        }
        let mut call = aws.rds.modify_db_cluster().db_cluster_identifier(&it.id).apply_immediately(true);
        if changes.touches("engine_version") {
            // To another major version RDS moves only where it is told so (RDS API reference, ModifyDBCluster).
            call = call.engine_version(&self.engine_version).allow_major_version_upgrade(true);
        }
        if changes.touches_any(&["min_capacity", "max_capacity", "pause_after_seconds"]) {
            call = call.serverless_v2_scaling_configuration(self.capacity());
        }
        if changes.touches("security_groups") {
            call = call.set_vpc_security_group_ids(Some(self.group_ids()?));
        }
        if changes.touches("log_exports") {
            let logs = CloudwatchLogsExportConfiguration::builder()
                .set_enable_log_types(Some(self.log_exports.clone()))
                .set_disable_log_types(Some(self.surplus_logs(aws, &it.id).await?));
            call = call.cloudwatch_logs_export_configuration(logs.build());
        }
        call.backup_retention_period(number(self.backup_days))
            .deletion_protection(self.deletion_protection)
            .enable_iam_database_authentication(self.iam_authentication)
            .send()
            .await
            .of("rds:ModifyDBCluster")?;
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        tags::tag_arn(aws, it.output("arn")?, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let Some(found) = describe(aws, &it.id).await? else {
            return Ok(Readiness::Waiting("not visible yet".to_owned()));
        };
        let outputs = outputs(&found);
        Ok(match found.status() {
            Some("available") if outputs.contains_key("master_secret") => Readiness::Ready(outputs),
            Some("available") => Readiness::Waiting("the master user has no secret yet".to_owned()),
            Some(status @ ("failed" | "inaccessible-encryption-credentials")) => Readiness::Failed(
                Failure::new(Class::Invalid, format!("cluster {} is {status}", it.name))
                    .remedy("look at the cluster's events in RDS, then destroy and bring up the environment again"),
            ),
            status => Readiness::Waiting(status.unwrap_or("creating").to_owned()),
        })
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        // Backups go with it, too: an environment leaves no trace (RDS API reference, DeleteDBCluster).
        let call = aws.rds.delete_db_cluster().db_cluster_identifier(&it.id).skip_final_snapshot(true);
        let answer = call.delete_automated_backups(true).send().await.of("rds:DeleteDBCluster");
        match answer {
            // It is being deleted already.
            Err(failure) if failure.class == Class::Blocked => match describe(aws, &it.id).await? {
                Some(found) if found.status() == Some("deleting") => Ok(()),
                _ => Err(failure),
            },
            other => other.map(|_| ()),
        }
    }

    async fn gone(aws: &Aws, it: &Physical) -> Result<Gone, Failure> {
        Ok(shared::gone(describe(aws, &it.id).await?.as_ref().map(|found| found.status().unwrap_or("deleting"))))
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        let Some(found) = describe(aws, &it.id).await? else { return Ok(Vec::new()) };
        if found.deletion_protection() == Some(true) {
            return Ok(vec![format!("deletion protection of cluster {}: somebody switched it on", it.name)]);
        }
        let members = found.db_cluster_members().iter().filter_map(|member| member.db_instance_identifier());
        Ok(members.map(|member| format!("instance {member}")).collect())
    }

    fn actions() -> &'static [&'static str] {
        // The master user's secret is made in the caller's name (Aurora User Guide, "Permissions required for Secrets Manager integration").
        &[
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:GenerateDataKey",
            "rds:AddTagsToResource",
            "rds:CreateDBCluster",
            "rds:DeleteDBCluster",
            "rds:DescribeDBClusters",
            "rds:DisableHttpEndpoint",
            "rds:EnableHttpEndpoint",
            "rds:ModifyDBCluster",
            "secretsmanager:CreateSecret",
            "secretsmanager:TagResource",
            "tag:TagResources",
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_minor_versions_are_left_and_others_are_seen() {
        assert_eq!(version_seen("16.9", Some("16.8")), "16.8");
        assert_eq!(version_seen("16.8", Some("16.8")), "16.8");
        assert_eq!(version_seen("16.4", Some("16.8")), "16.4");
        assert_eq!(version_seen("15.12", Some("16.8")), "15.12");
        assert_eq!(version_seen("17.4", Some("16.8")), "17.4");
        assert_eq!(version_seen("16.9", None), "16.9");
    }
}
