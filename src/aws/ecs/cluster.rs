//! The cluster.

use serde::{Deserialize, Serialize};

use super::shared::{ClusterArn, ClusterName};
use crate::engine::{Handle, Output};

/// An ECS cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cluster {}

impl Handle<Cluster> {
    /// Its ARN.
    pub fn arn(&self) -> Output<ClusterArn> {
        self.output("arn")
    }

    /// Its name.
    pub fn name(&self) -> Output<ClusterName> {
        self.output("name")
    }
}
