//! ECS: the cluster, task definitions, services.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod cluster;
pub mod service;
pub mod shared;
pub mod task_definition;

pub use cluster::Cluster;
pub use service::Service;
pub use shared::{ClusterArn, ClusterName, ServiceArn, ServiceName, TaskDefinitionArn};
pub use task_definition::TaskDefinition;

/// Adds this service's kinds.
pub fn register(_kinds: &mut Kinds, _aws: &Arc<Aws>) {}
