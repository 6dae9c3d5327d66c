//! Target groups of Application Load Balancers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::shared::{TargetGroupArn, TargetGroupDimension};
use crate::{
    aws::ec2::shared::VpcId,
    engine::{Handle, Output},
};

/// A target group of IP addresses, which is what Fargate's tasks need.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TargetGroup {
    /// The VPC that its targets are in.
    pub vpc: Output<VpcId>,
    /// The port that its targets are called on, unless they were registered with another one.
    pub port: u16,
    /// How they are checked.
    pub health_check: HealthCheck,
    /// Its attributes, as Elastic Load Balancing names them; those that are not named here are left as they are.
    pub attributes: BTreeMap<String, String>,
}

/// How targets are checked: over HTTP, on the port that they serve on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Path that is asked for.
    pub path: String,
    /// Seconds from one check to the next.
    pub interval_seconds: u32,
    /// Seconds that an answer may take.
    pub timeout_seconds: u32,
    /// Good answers in a row until a target counts as healthy.
    pub healthy_threshold: u32,
    /// Bad answers in a row until a target counts as unhealthy.
    pub unhealthy_threshold: u32,
    /// Status codes that count as good: `200`, `200-299`.
    pub matcher: String,
}

impl Handle<TargetGroup> {
    /// Its ARN.
    pub fn arn(&self) -> Output<TargetGroupArn> {
        self.output("arn")
    }

    /// Its name as CloudWatch's dimension `TargetGroup`: `targetgroup/name/id`.
    pub fn full_name(&self) -> Output<TargetGroupDimension> {
        self.output("full_name")
    }
}
