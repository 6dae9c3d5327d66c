//! All that ECS holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::cluster::Cluster;
use super::deployment::Deployment;
use super::revision::Revision;
use super::service::Service;
use super::task::Task;
use super::task_definition::{Status, TaskDefinition};
use crate::sandbox::clock::Moment;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

/// All that ECS holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EcsState {
    /// Clusters by name.
    pub clusters: BTreeMap<String, Cluster>,
    /// The latest revision of each family, which deletion doesn't take back. ECS Developer Guide, "Task definition states".
    pub families: BTreeMap<String, u32>,
    /// Task definitions by ARN.
    pub task_definitions: BTreeMap<String, TaskDefinition>,
    /// Services by ARN; those that were deleted stay for a while.
    pub services: BTreeMap<String, Service>,
    /// Service revisions by ARN: what a service was at each deployment.
    pub revisions: BTreeMap<String, Revision>,
    /// Service deployments by ARN.
    pub deployments: BTreeMap<String, Deployment>,
    /// Tasks by ARN; those that stopped stay for a while.
    pub tasks: BTreeMap<String, Task>,
    /// When Container Insights writes what it measured last, by cluster.
    pub reports: BTreeMap<String, Moment>,
    /// Client tokens of services: they outlive the services.
    pub tokens: BTreeSet<String>,
}

impl EcsState {
    /// The tags of a cluster, a service or a task definition, to change them.
    pub(super) fn tags_mut(&mut self, arn: &str) -> Option<&mut Tags> {
        if let Some(cluster) = self.clusters.values_mut().find(|cluster| cluster.arn == arn) {
            return Some(&mut cluster.tags);
        }
        if let Some(service) = self.services.get_mut(arn) {
            return Some(&mut service.tags);
        }
        self.task_definitions.get_mut(arn).map(|definition| &mut definition.tags)
    }

    /// The tags of a cluster, a service or a task definition.
    pub(super) fn tags(&self, arn: &str) -> Option<&Tags> {
        let cluster = self.clusters.values().find(|cluster| cluster.arn == arn).map(|cluster| &cluster.tags);
        let service = || self.services.get(arn).map(|service| &service.tags);
        let definition = || self.task_definitions.get(arn).map(|definition| &definition.tags);
        cluster.or_else(service).or_else(definition)
    }
}

impl Simulated for EcsState {
    fn inventory(&self, now: Moment, _place: &Place) -> Vec<Item> {
        let item = |kind: &'static str, id: &str, arn: &str, tags: &Tags| Item {
            kind,
            id: id.to_owned(),
            arn: arn.to_owned(),
            tags: tags.clone(),
        };
        let clusters = self.clusters.values().filter(|cluster| cluster.deleted_at.is_none());
        let clusters = clusters.map(|cluster| item("ecs:cluster", &cluster.name, &cluster.arn, &cluster.tags));
        let definitions = self.task_definitions.values().filter(|it| it.status != Status::DeleteInProgress);
        let definitions = definitions.map(|it| item("ecs:task-definition", &it.id(), &it.arn, &it.tags));
        let services = self.services.values().filter(|service| !service.is_inactive(now));
        let services = services.map(|service| item("ecs:service", &service.name, &service.arn, &service.tags));
        let tasks = self.tasks.values().filter(|task| !task.has_stopped(now));
        let tasks = tasks.map(|task| item("ecs:task", task.id(), &task.arn, &task.tags));
        clusters.chain(definitions).chain(services).chain(tasks).collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        self.tags_mut(arn)
    }
}
