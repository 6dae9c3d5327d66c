//! RDS: Aurora clusters, their instances, subnet groups.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod cluster;
pub mod instance;
mod shared;
pub mod subnet_group;

pub use cluster::{ClusterArn, DbCluster, Endpoint, MasterSecretArn};
pub use instance::{DbInstance, DbInstanceArn};
pub use subnet_group::{DbSubnetGroup, DbSubnetGroupName};

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<DbSubnetGroup>(aws);
    kinds.add::<DbCluster>(aws);
    kinds.add::<DbInstance>(aws);
}
