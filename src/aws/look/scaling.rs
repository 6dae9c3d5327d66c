//! The ranges that autoscaling moves task counts in.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget, ServiceNamespace};
use serde::Serialize;

use crate::{
    aws::{Answer, Aws},
    engine::Failure,
};

/// DescribeScalableTargets takes that many ids (Application Auto Scaling API reference).
const AT_ONCE: usize = 50;

/// The range that autoscaling moves a task count in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ScalingRange {
    /// Tasks at least.
    pub min: i32,
    /// Tasks at most.
    pub max: i32,
    /// True where scaling in or out is suspended.
    pub suspended: bool,
}

/// The range of each resource (`service/cluster/name`).
///
/// # Errors
/// The calls' own.
pub async fn ranges(aws: &Aws, resources: &[String]) -> Result<BTreeMap<String, ScalingRange>, Failure> {
    let mut found = BTreeMap::new();
    for resources in resources.chunks(AT_ONCE) {
        let answer = aws
            .autoscaling
            .describe_scalable_targets()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .set_resource_ids(Some(resources.to_vec()))
            .send()
            .await
            .of("application-autoscaling:DescribeScalableTargets")?;
        found.extend(answer.scalable_targets().iter().map(|it| (it.resource_id().to_owned(), range(it))));
    }
    Ok(found)
}

fn range(it: &ScalableTarget) -> ScalingRange {
    let is_suspended = it.suspended_state().is_some_and(|state| {
        [
            state.dynamic_scaling_in_suspended(),
            state.dynamic_scaling_out_suspended(),
            state.scheduled_scaling_suspended(),
        ]
        .contains(&Some(true))
    });
    ScalingRange { min: it.min_capacity(), max: it.max_capacity(), suspended: is_suspended }
}
