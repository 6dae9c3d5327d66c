//! ECS services.

use serde::{Deserialize, Serialize};

use super::shared::{ServiceArn, ServiceName};
use crate::engine::{Handle, Output};

/// An ECS service on Fargate, deployed blue/green behind a load balancer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Service {}

impl Handle<Service> {
    /// Its ARN.
    pub fn arn(&self) -> Output<ServiceArn> {
        self.output("arn")
    }

    /// Its name.
    pub fn name(&self) -> Output<ServiceName> {
        self.output("name")
    }
}
