//! ECS: the cluster, task definitions, services.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod cluster;
pub mod container;
pub mod content;
pub mod exec;
mod revisions;
pub(super) mod rollout;
pub mod rollout_settings;
pub mod service;
mod service_settings;
pub mod shared;
pub mod task_definition;
#[cfg(test)]
mod tests;
mod watch;

pub use cluster::Cluster;
pub use container::{Check, Container, Log, Mount, Proxy, SecretKey, Variable};
pub use service::Service;
pub use shared::{ClusterArn, ClusterName, ServiceArn, ServiceName, Share, TaskDefinitionArn};
pub use task_definition::{Placeholder, TaskDefinition};
pub use watch::Watch;

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<Cluster>(aws);
    kinds.add::<TaskDefinition>(aws);
    kinds.add::<Service>(aws);
}
