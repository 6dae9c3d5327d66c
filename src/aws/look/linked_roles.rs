//! Roles that AWS's own services make for themselves, once an account.

use crate::{
    aws::{Answer, Aws},
    engine::{Failure, failure::absent_is_fine},
};

/// The service-linked roles that an environment uses, with the service of each (the services' guides, "Using service-linked roles").
pub const LINKED_ROLES: [(&str, &str); 4] = [
    ("AWSServiceRoleForECS", "ecs.amazonaws.com"),
    ("AWSServiceRoleForElasticLoadBalancing", "elasticloadbalancing.amazonaws.com"),
    ("AWSServiceRoleForApplicationAutoScaling_ECSService", "ecs.application-autoscaling.amazonaws.com"),
    ("AWSServiceRoleForRDS", "rds.amazonaws.com"),
];

/// Whether a role is there.
///
/// # Errors
/// The call's own.
pub async fn exists(aws: &Aws, role: &str) -> Result<bool, Failure> {
    let answer = aws.iam.get_role().role_name(role).send().await.of("iam:GetRole");
    Ok(absent_is_fine(answer.map(Some))?.is_some())
}
