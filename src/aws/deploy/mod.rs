//! The calls of deployments: services and their deployments, revisions, images, what keeps tasks from starting, logs.

pub mod change;
pub mod deployment;
pub mod diagnosis;
pub mod image;
pub mod manifest;
pub mod permission;
pub mod registry;
pub mod revision;
pub mod service;

pub use deployment::{Brief, Deployment, Side, Waiting};
pub use image::{Reference, Seen as SeenImage};
pub use manifest::Platform;
pub use revision::Revision;
pub use service::Service;

/// The IAM actions that these calls need besides those of the kinds and looks.
pub const ACTIONS: [&str; 13] = [
    "ecr:BatchGetImage",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecs:ContinueServiceDeployment",
    "ecs:DescribeServiceRevisions",
    "ecs:ExecuteCommand",
    "ecs:ListServiceDeployments",
    "ecs:StopServiceDeployment",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetHealth",
    "iam:SimulatePrincipalPolicy",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
];
