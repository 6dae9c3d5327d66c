//! All that RDS holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

/// All that RDS holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RdsState {
    /// Subnet groups by name.
    pub subnet_groups: BTreeMap<String, SubnetGroup>,
    /// Clusters by identifier.
    pub clusters: BTreeMap<String, Cluster>,
    /// Instances by identifier.
    pub instances: BTreeMap<String, Instance>,
}

/// A subnet group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SubnetGroup {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What it is for.
    pub description: String,
    /// The VPC of its subnets.
    pub vpc: String,
    /// Its subnets.
    pub subnets: Vec<String>,
    /// Its tags.
    pub tags: Tags,
}

/// An Aurora cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cluster {
    /// Its identifier.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created_at: Moment,
    /// Until when it is `creating`.
    pub available_at: Moment,
    /// When it will be gone, once that was ordered.
    pub gone_at: Option<Moment>,
    /// The engine's version.
    pub version: String,
    /// The database that was made with it.
    pub database: String,
    /// The master user.
    pub master: String,
    /// The ARN of the secret with the master user's password.
    pub master_secret: String,
    /// The ARN of the key that encrypts it.
    pub key: String,
    /// Its subnet group.
    pub subnet_group: String,
    /// Its security groups.
    pub groups: Vec<String>,
    /// Where its writer is reached.
    pub endpoint: String,
    /// Capacity at least and at most.
    pub capacity: (f64, f64),
    /// Seconds until it pauses, where it may.
    pub pause: Option<i32>,
    /// When somebody was connected last.
    #[serde(default)]
    pub used_at: Option<Moment>,
    /// When it will have resumed, once that began.
    #[serde(default)]
    pub resumes_at: Option<Moment>,
    /// Days that backups are kept.
    pub backup_days: i32,
    /// Whether it refuses to be deleted.
    pub deletion_protection: bool,
    /// Whether roles can log in with IAM's tokens.
    pub iam: bool,
    /// Whether the Data API answers.
    pub http: bool,
    /// The logs that it exports.
    pub logs: Vec<String>,
    /// Its tags.
    pub tags: Tags,
    /// The roles in its database, without the master user.
    pub roles: BTreeMap<String, DbRole>,
    /// The schemas in its database, with their owners.
    pub schemas: BTreeMap<String, String>,
}

/// A role in a database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbRole {
    /// Whether it may log in.
    pub login: bool,
    /// What its password is held against.
    pub verifier: Option<String>,
    /// The roles that it is a member of.
    pub member_of: Vec<String>,
}

/// An instance of a cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Instance {
    /// Its identifier.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// The cluster that it is part of.
    pub cluster: String,
    /// When it was made.
    pub created_at: Moment,
    /// Until when it is `creating`.
    pub available_at: Moment,
    /// When it will be gone, once that was ordered.
    pub gone_at: Option<Moment>,
    /// Its class.
    pub class: String,
    /// Whether it has a public address.
    pub public: bool,
    /// Whether AWS moves it to newer minor versions.
    pub minor_upgrades: bool,
    /// Its network interface.
    pub interface: String,
    /// Its tags.
    pub tags: Tags,
}

/// RDS user guide, "DB cluster status" and "DB instance status".
fn status(now: Moment, available_at: Moment, gone_at: Option<Moment>) -> &'static str {
    match gone_at {
        Some(_) => "deleting",
        None if now < available_at => "creating",
        None => "available",
    }
}

impl Cluster {
    /// As the API writes it.
    pub fn status(&self, now: Moment) -> &'static str {
        status(now, self.available_at, self.gone_at)
    }

    /// The error for what only an available cluster can do.
    pub(super) fn available(&self, now: Moment) -> Result<&Self, ApiError> {
        match self.status(now) {
            "available" => Ok(self),
            status => Err(ApiError::new(
                "InvalidDBClusterStateFault",
                format!("Cluster {} is not in a valid state for this operation: it is {status}.", self.id),
            )),
        }
    }
}

impl Instance {
    /// As the API writes it.
    pub fn status(&self, now: Moment) -> &'static str {
        status(now, self.available_at, self.gone_at)
    }
}

pub(super) fn cluster<'a>(call: &'a Call<'_>, id: Option<&str>) -> Result<&'a Cluster, ApiError> {
    let id = id.unwrap_or_default();
    call.world.rds.clusters.get(id).ok_or_else(|| no_cluster(id))
}

pub(super) fn cluster_mut<'a>(call: &'a mut Call<'_>, id: &str) -> Result<&'a mut Cluster, ApiError> {
    call.world.rds.clusters.get_mut(id).ok_or_else(|| no_cluster(id))
}

fn no_cluster(id: &str) -> ApiError {
    ApiError::new("DBClusterNotFoundFault", format!("DBCluster {id} not found.")).with_status(404)
}

pub(super) fn instance<'a>(call: &'a Call<'_>, id: Option<&str>) -> Result<&'a Instance, ApiError> {
    let id = id.unwrap_or_default();
    let missing = || ApiError::new("DBInstanceNotFound", format!("DBInstance {id} not found.")).with_status(404);
    call.world.rds.instances.get(id).ok_or_else(missing)
}

pub(super) fn subnet_group<'a>(call: &'a Call<'_>, name: Option<&str>) -> Result<&'a SubnetGroup, ApiError> {
    let name = name.unwrap_or_default();
    let missing = || {
        ApiError::new("DBSubnetGroupNotFoundFault", format!("DB subnet group '{name}' does not exist."))
            .with_status(404)
    };
    call.world.rds.subnet_groups.get(name).ok_or_else(missing)
}

/// Removes what is gone. The master user's secret goes with its cluster (Aurora User Guide, "Password management with Amazon Aurora and AWS
/// Secrets Manager").
pub(super) fn advance(call: &mut Call<'_>) {
    let (now, state) = (call.now, &call.world.rds);
    let due = |at: &Option<Moment>| at.is_some_and(|at| now >= at);
    let instances: Vec<String> =
        state.instances.values().filter(|it| due(&it.gone_at)).map(|it| it.id.clone()).collect();
    let clusters: Vec<(String, String)> = state
        .clusters
        .values()
        .filter(|it| due(&it.gone_at))
        .map(|it| (it.id.clone(), it.master_secret.clone()))
        .collect();
    for id in instances {
        call.world.rds.instances.remove(&id);
    }
    for (id, secret) in clusters {
        call.world.rds.clusters.remove(&id);
        call.world.secretsmanager.secrets.retain(|_, it| it.arn != secret);
    }
}

impl Simulated for RdsState {
    fn inventory(&self, now: Moment, _place: &Place) -> Vec<Item> {
        let here = |gone: Option<Moment>| gone.is_none_or(|at| now < at);
        let item = |kind: &'static str, id: &str, arn: &str, tags: &Tags| Item {
            kind,
            id: id.to_owned(),
            arn: arn.to_owned(),
            tags: tags.clone(),
        };
        let groups = self.subnet_groups.values().map(|it| item("rds:subgrp", &it.name, &it.arn, &it.tags));
        let clusters = self.clusters.values().filter(|it| here(it.gone_at));
        let clusters = clusters.map(|it| item("rds:cluster", &it.id, &it.arn, &it.tags));
        let instances = self.instances.values().filter(|it| here(it.gone_at));
        let instances = instances.map(|it| item("rds:db", &it.id, &it.arn, &it.tags));
        groups.chain(clusters).chain(instances).collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        let groups = self.subnet_groups.values_mut().map(|it| (&it.arn, &mut it.tags));
        let clusters = self.clusters.values_mut().map(|it| (&it.arn, &mut it.tags));
        let instances = self.instances.values_mut().map(|it| (&it.arn, &mut it.tags));
        groups.chain(clusters).chain(instances).find(|(of, _)| *of == arn).map(|(_, tags)| tags)
    }
}
