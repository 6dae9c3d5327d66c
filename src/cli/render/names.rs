//! Every resource's key and name, and how near it is to the limit of its kind.

use serde_json::{Value, json};

use super::Chosen;
use crate::{
    engine::Node,
    view::{
        Paint,
        table::{Field, Mood, table},
    },
};

/// The longest name of each kind that is created by name, in characters. What is not listed has an id of AWS's; its name is a tag.
const LIMITS: &[(&str, usize)] = &[
    // Tag values (AWS Tagging API reference).
    ("vpc", 256),
    // Amazon EC2 API reference, CreateSecurityGroup.
    ("security-group", 255),
    // AWS KMS API reference, CreateAlias.
    ("kms-alias", 256),
    // Amazon CloudWatch Logs API reference, CreateLogGroup.
    ("log-group", 512),
    // Amazon ECR API reference, CreateRepository.
    ("ecr-repository", 256),
    // IAM API reference, CreateRole.
    ("iam-role", 64),
    // Amazon S3 User Guide, "General purpose bucket naming rules".
    ("bucket", 63),
    // Amazon DynamoDB API reference, CreateTable.
    ("table", 255),
    // AWS Secrets Manager API reference, CreateSecret.
    ("credentials-secret", 512),
    ("login-secret", 512),
    ("mesh-authority", 512),
    ("mesh-certificate", 512),
    // Amazon RDS API reference, CreateDBSubnetGroup, CreateDBCluster and CreateDBInstance.
    ("db-subnet-group", 255),
    ("db-cluster", 63),
    ("db-instance", 63),
    // AWS Lambda API reference, CreateFunction.
    ("lambda-function", 64),
    // AWS Cloud Map API reference, CreatePrivateDnsNamespace and CreateService.
    ("namespace", 253),
    ("discovery-service", 127),
    // Elastic Load Balancing API reference, CreateLoadBalancer and CreateTargetGroup.
    ("load-balancer", 32),
    ("target-group", 32),
    // Amazon ECS API reference, CreateCluster, CreateService and RegisterTaskDefinition.
    ("cluster", 255),
    ("ecs-service", 255),
    ("task-definition", 255),
    // Application Auto Scaling API reference, PutScalingPolicy.
    ("scaling-policy", 256),
    // Amazon CloudWatch API reference, PutMetricAlarm and PutDashboard.
    ("alarm", 255),
    ("dashboard", 255),
    // Amazon SNS API reference, CreateTopic.
    ("sns-topic", 256),
    // AWS App Mesh API reference, CreateMesh and others.
    ("mesh", 255),
    ("virtual-node", 255),
    ("virtual-router", 255),
    ("route", 255),
    ("virtual-service", 255),
];

fn limit(node: &Node) -> Option<usize> {
    LIMITS.iter().find(|(kind, _)| *kind == node.key.kind()).map(|(_, limit)| *limit)
}

/// As a table.
pub fn text(chosen: &Chosen<'_>, paint: Paint, width: usize) -> String {
    let row = |node: &Node| {
        let length = node.name.chars().count();
        let (of, mood) = match limit(node) {
            None => (String::new(), Mood::Plain),
            Some(limit) => {
                let mood = if length > limit { Mood::Bad } else { Mood::Plain };
                (format!("{length} of {limit}"), mood)
            }
        };
        vec![
            Field::from(node.chapter.title()),
            node.key.as_str().into(),
            node.name.as_str().into(),
            Field::new(of, mood),
        ]
    };
    table(paint, width, &["chapter", "key", "name", "length"], chosen.nodes().map(row).collect())
}

/// As a list.
pub fn json(chosen: &Chosen<'_>) -> Value {
    let row = |node: &Node| {
        json!({
            "key": node.key,
            "chapter": node.chapter,
            "name": node.name,
            "length": node.name.chars().count(),
            "limit": limit(node),
        })
    };
    chosen.nodes().map(row).collect()
}
