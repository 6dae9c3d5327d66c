//! All services of the simulated AWS.

use super::registry::Registry;
use super::{
    appmesh, autoscaling, cloudwatch, dynamodb, ec2, ecr, ecs, elbv2, iam, kms, lambda, logs, rds, s3, secretsmanager,
    servicediscovery, servicequotas, sns, sts, tagging,
};

/// A registry of every operation that the simulation knows.
pub(super) fn registry() -> Registry {
    let mut registry = Registry::default();
    appmesh::register(&mut registry);
    autoscaling::register(&mut registry);
    cloudwatch::register(&mut registry);
    dynamodb::register(&mut registry);
    ec2::register(&mut registry);
    ecr::register(&mut registry);
    ecs::register(&mut registry);
    elbv2::register(&mut registry);
    iam::register(&mut registry);
    kms::register(&mut registry);
    lambda::register(&mut registry);
    logs::register(&mut registry);
    rds::register(&mut registry);
    s3::register(&mut registry);
    secretsmanager::register(&mut registry);
    servicediscovery::register(&mut registry);
    servicequotas::register(&mut registry);
    sns::register(&mut registry);
    sts::register(&mut registry);
    tagging::register(&mut registry);
    registry
}
