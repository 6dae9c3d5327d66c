//! Read-only looks at things that are nobody's resource: how services fare, who is healthy, what the account may have.
//!
//! Each look is one question in as few calls as AWS allows. What isn't there is absent from the answer and no failure.

pub mod alarms;
pub mod balancing;
pub mod data_planes;
pub mod linked_roles;
pub mod quotas;
pub mod rotation;
pub mod scaling;
pub mod secrets;
pub mod services;
pub mod tasks;
mod time;
pub mod usage;

/// The IAM actions that these looks need besides those of the kinds.
pub const ACTIONS: [&str; 6] = [
    "ecs:DescribeTaskDefinition",
    "ecs:ListClusters",
    "elasticloadbalancing:DescribeTargetHealth",
    "iam:GetRole",
    "servicequotas:GetAWSDefaultServiceQuota",
    "servicequotas:GetServiceQuota",
];
