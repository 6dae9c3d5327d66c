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

/// The IAM actions that `deploy`, `rollback`, `continue` and `abort` need.
pub const ACTIONS: [&str; 26] = [
    "cloudwatch:DescribeAlarms",
    "ecr:BatchGetImage",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecs:ContinueServiceDeployment",
    "ecs:DeleteTaskDefinitions",
    "ecs:DeregisterTaskDefinition",
    "ecs:DescribeServiceDeployments",
    "ecs:DescribeServiceRevisions",
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "ecs:DescribeTasks",
    "ecs:ListServiceDeployments",
    "ecs:ListTaskDefinitions",
    "ecs:ListTasks",
    "ecs:RegisterTaskDefinition",
    "ecs:StopServiceDeployment",
    "ecs:TagResource",
    "ecs:UpdateService",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetHealth",
    "iam:PassRole",
    "iam:SimulatePrincipalPolicy",
    "logs:DescribeLogGroups",
    "logs:GetLogEvents",
    "secretsmanager:DescribeSecret",
];

/// The IAM actions that `history` needs.
pub const HISTORY: [&str; 4] = [
    "ecs:DescribeServiceRevisions",
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "ecs:ListServiceDeployments",
];
