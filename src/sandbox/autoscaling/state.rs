//! All that Application Auto Scaling holds.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};
use serde::{Deserialize, Serialize};

use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::cloudwatch::Query;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

/// All that Application Auto Scaling holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AutoScalingState {
    /// Scalable targets by resource: `service/cluster/service`.
    pub targets: BTreeMap<String, Target>,
    /// Scaling policies by ARN.
    pub policies: BTreeMap<String, Policy>,
    /// When something of a resource was changed last.
    pub changed: BTreeMap<String, Moment>,
}

/// One change of a resource at a time: the next may begin when the former is answered. API reference, PutScalingPolicy: "ConcurrentUpdateException: Concurrent updates caused an exception, for
/// example, if you request an update to an Application Auto Scaling resource that already has a pending update."
pub(super) fn begin_change(call: &mut Call<'_>, resource: &str) -> Result<(), ApiError> {
    let now = call.now;
    if call.world.autoscaling.changed.get(resource).is_some_and(|at| now < *at + call.way_back()) {
        let message = format!("You already have a pending update to an Auto Scaling resource: {resource}");
        return Err(ApiError::new("ConcurrentUpdateException", message));
    }
    call.world.autoscaling.changed.insert(resource.to_owned(), now);
    Ok(())
}

/// The range that the task count of a service may move in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Target {
    /// Its ARN.
    pub arn: String,
    /// What is scaled: `service/cluster/service`.
    pub resource: String,
    /// Tasks at least.
    pub min: i32,
    /// Tasks at most.
    pub max: i32,
    /// When it was registered.
    pub created_at: Moment,
    /// Its tags.
    pub tags: Tags,
}

/// What a task count follows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// Its ARN.
    pub arn: String,
    /// Its name, unique for the resource.
    pub name: String,
    /// What is scaled.
    pub resource: String,
    /// What is followed, and how.
    pub tracking: Tracking,
    /// The names of the alarms that AWS made for it.
    pub alarms: Vec<String>,
    /// When it was made.
    pub created_at: Moment,
}

/// Target tracking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tracking {
    /// The value that the metric is kept near.
    pub target_value: f64,
    /// The metric.
    pub followed: Followed,
    /// Seconds between one scale-out and the next.
    pub scale_out_cooldown: Option<i32>,
    /// Seconds between one scale-in and the next.
    pub scale_in_cooldown: Option<i32>,
    /// Whether nothing is ever scaled in.
    pub disable_scale_in: Option<bool>,
}

/// A metric that is followed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Followed {
    /// One that has a name: `ECSServiceAverageCPUUtilization`.
    Predefined(String),
    /// Metric math.
    Customized(Vec<Query>),
}

/// Application Auto Scaling's error for whatever the caller got wrong.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

/// The error for a scalable target that is not there.
pub(super) fn no_target(resource: &str) -> ApiError {
    let message = format!(
        "No scalable target registered for service namespace: ecs, resource ID: {resource}, scalable dimension: ecs:service:DesiredCount"
    );
    ApiError::new("ObjectNotFoundException", message)
}

/// Cluster and service of a resource.
///
/// # Errors
/// `ValidationException` for another namespace, another dimension, or a resource that is not an ECS service's.
pub(super) fn ecs_service<'a>(
    namespace: Option<&ServiceNamespace>,
    resource: Option<&'a str>,
    dimension: Option<&ScalableDimension>,
) -> Result<(&'a str, &'a str), ApiError> {
    only_ecs(namespace)?;
    if dimension != Some(&ScalableDimension::EcsServiceDesiredCount) {
        return Err(invalid("Unsupported service namespace, resource type or scalable dimension"));
    }
    let parts: Vec<&str> = resource.unwrap_or_default().split('/').collect();
    match parts.as_slice() {
        ["service", cluster, service] if !cluster.is_empty() && !service.is_empty() => Ok((cluster, service)),
        _ => Err(invalid("Unsupported service namespace, resource type or scalable dimension")),
    }
}

/// The sandbox knows one namespace.
pub(super) fn only_ecs(namespace: Option<&ServiceNamespace>) -> Result<(), ApiError> {
    match namespace {
        Some(ServiceNamespace::Ecs) => Ok(()),
        Some(other) => Err(invalid(format!("The sandbox does not simulate the namespace {other}"))),
        None => Err(invalid("ServiceNamespace must not be null")),
    }
}

/// API reference, DescribeScalableTargets and DescribeScalingPolicies: "If you specify a scalable dimension, you must also specify a
/// resource ID."
pub(super) fn dimension_needs_resource(is_dimension: bool, is_resource: bool) -> Result<(), ApiError> {
    if is_dimension && !is_resource { Err(invalid("ResourceId is required with ScalableDimension")) } else { Ok(()) }
}

/// Takes a policy's alarms away with it.
pub(super) fn remove_policy(call: &mut Call<'_>, arn: &str) {
    if let Some(policy) = call.world.autoscaling.policies.remove(arn) {
        call.world.cloudwatch.alarms.retain(|name, _| !policy.alarms.contains(name));
    }
}

impl Simulated for AutoScalingState {
    fn inventory(&self, _now: Moment, _place: &Place) -> Vec<Item> {
        let target = |it: &Target| Item {
            kind: "application-autoscaling:scalable-target",
            id: it.resource.clone(),
            arn: it.arn.clone(),
            tags: it.tags.clone(),
        };
        let policy = |it: &Policy| Item {
            kind: "autoscaling:scalingPolicy",
            id: it.name.clone(),
            arn: it.arn.clone(),
            tags: Tags::new(),
        };
        self.targets.values().map(target).chain(self.policies.values().map(policy)).collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        self.targets.values_mut().find(|it| it.arn == arn).map(|it| &mut it.tags)
    }
}
