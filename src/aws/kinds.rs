//! The table of all kinds.

use std::sync::Arc;

use super::{
    Aws, appmesh, autoscaling, cloudmap, cloudwatch, dynamodb, ec2, ecr, ecs, elb, iam, kms, lambda, logs, rds, s3,
    secrets, sns, tags::Search,
};
use crate::engine::Kinds;

/// Every kind that the blueprint uses, bound to the clients.
pub fn kinds(aws: &Arc<Aws>) -> Kinds {
    let mut kinds = Kinds::new(Arc::new(Search(aws.clone())));
    for register in [
        ec2::register,
        kms::register,
        logs::register,
        ecr::register,
        iam::register,
        s3::register,
        dynamodb::register,
        rds::register,
        lambda::register,
        secrets::register,
        cloudmap::register,
        appmesh::register,
        elb::register,
        ecs::register,
        autoscaling::register,
        cloudwatch::register,
        sns::register,
    ] {
        register(&mut kinds, aws);
    }
    kinds
}
