//! Task roles: what a service's own containers may do.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    Things,
    statement::{document, statement},
    trust_tasks,
};
use crate::{
    aws::{appmesh::VirtualNode, dynamodb::Table, iam::Role, s3::Bucket},
    blueprint::{Draft, cluster::sessions_log, containers::metrics_namespace},
    engine::Handle,
};

/// The role of one service.
pub fn role(draft: &Draft<'_>, things: &Things<'_>, service: &str) -> Role {
    let mut statements = vec![send_metrics(draft, service)];
    if let Some(bucket) = things.data.buckets.get(service) {
        statements.extend(use_bucket(draft, things, bucket));
    }
    if let Some(table) = things.data.tables.get(service) {
        statements.extend(use_table(draft, things, table));
    }
    if let Some(node) = things.mesh.virtual_nodes.get(service) {
        statements.push(join_mesh(node));
    }
    if draft.config.cluster.execute_command {
        statements.extend(open_sessions(draft, things));
    }
    Role {
        description: format!("What the tasks of {service} may do"),
        trust: trust_tasks(draft.facts),
        policies: BTreeMap::from([("task".to_owned(), document(statements))]),
        managed: BTreeSet::new(),
    }
}

/// The action knows no resources, so its namespace is what confines it (Service Authorization Reference, Amazon CloudWatch).
fn send_metrics(draft: &Draft<'_>, service: &str) -> Value {
    let namespace = metrics_namespace(draft.suffix.as_str(), service);
    let condition = json!({ "StringEquals": { "cloudwatch:namespace": namespace } });
    statement("SendMetrics", &["cloudwatch:PutMetricData"], json!("*"), Some(condition))
}

/// Objects of the service's own bucket, and the key through S3.
fn use_bucket(draft: &Draft<'_>, things: &Things<'_>, bucket: &Handle<Bucket>) -> [Value; 3] {
    let objects = [
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
    ];
    let lists = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"];
    let all_objects = bucket.arn().wrap::<Bucket>("", "/*");
    [
        statement("UseObjects", &objects, json!(all_objects), None),
        statement("ListBucket", &lists, json!(bucket.arn()), None),
        // Reading decrypts data keys, writing makes them (S3 user guide, "Using server-side encryption with AWS KMS keys").
        use_key(draft, things, "UseKeyThroughS3", "s3", &["kms:Decrypt", "kms:GenerateDataKey"]),
    ]
}

/// Items of the service's own table and its indexes, and the key through DynamoDB.
fn use_table(draft: &Draft<'_>, things: &Things<'_>, table: &Handle<Table>) -> [Value; 2] {
    let items = [
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "dynamodb:UpdateItem",
    ];
    let resources = json!([table.arn(), table.arn().wrap::<Table>("", "/index/*")]);
    [
        statement("UseTable", &items, resources, None),
        // DynamoDB checks that whoever reads may decrypt (DynamoDB developer guide, "DynamoDB encryption at rest usage notes").
        use_key(draft, things, "UseKeyThroughDynamoDb", "dynamodb", &["kms:Decrypt", "kms:DescribeKey"]),
    ]
}

/// The key, only through another service (KMS developer guide, "kms:ViaService").
fn use_key(draft: &Draft<'_>, things: &Things<'_>, sid: &str, service: &str, actions: &[&str]) -> Value {
    let via = format!("{service}.{}.amazonaws.com", draft.facts.region);
    let condition = json!({ "StringEquals": { "kms:ViaService": via } });
    statement(sid, actions, json!(things.encryption.key.arn()), Some(condition))
}

/// Envoy's configuration for the service's own virtual node (App Mesh user guide, "Envoy Proxy authorization").
fn join_mesh(node: &Handle<VirtualNode>) -> Value {
    statement("JoinMesh", &["appmesh:StreamAggregatedResources"], json!(node.arn()), None)
}

/// What ECS Exec's agent does inside of a task (ECS developer guide, "Monitor Amazon ECS containers with ECS Exec").
fn open_sessions(draft: &Draft<'_>, things: &Things<'_>) -> [Value; 4] {
    let channels = [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ];
    let group = sessions_log(draft.suffix.as_str());
    let group = draft.facts.arn("logs", &format!("log-group:{group}:*"));
    let groups = draft.facts.arn("logs", "log-group:*");
    let write = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"];
    // Sessions are encrypted under the target's name, which begins with the cluster's (Session Manager: `ecs:{cluster}_{task}_{container}`).
    let target = format!("ecs:{}_*", draft.name(&["cluster"]));
    let condition = json!({ "StringLike": { "kms:EncryptionContext:aws:ssm:TargetId": target } });
    [
        // These actions know no resources (Service Authorization Reference, Amazon Session Manager Message Gateway Service).
        statement("OpenSessions", &channels, json!("*"), None),
        statement("LogSessions", &write, json!(group), None),
        // Listing is of all log groups of the account or of none (Service Authorization Reference, CloudWatch Logs).
        statement("FindLogGroups", &["logs:DescribeLogGroups"], json!(groups), None),
        statement("DecryptSessions", &["kms:Decrypt"], json!(things.encryption.key.arn()), Some(condition)),
    ]
}
