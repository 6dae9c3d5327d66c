//! Targets and their health: what ECS uses, and what DescribeTargetHealth shows.

use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::operation::describe_target_health::{
    DescribeTargetHealthInput, DescribeTargetHealthOutput,
};
use aws_sdk_elasticloadbalancingv2::types::{
    TargetDescription, TargetHealth, TargetHealthDescription, TargetHealthReasonEnum, TargetHealthStateEnum,
};

use super::actions::Act;
use super::state::{Elbv2State, Target, TargetGroup};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::durations::Durations;
use crate::sandbox::error::ApiError;

/// The target groups that a rule forwards to; nothing where there is no such rule, or it does anything else.
pub fn forwards_to(state: &Elbv2State, rule: &str) -> Option<Vec<String>> {
    match state.rules.get(rule)?.actions.as_slice() {
        [Act::Forward(shares)] => Some(shares.iter().map(|(arn, _)| arn.clone()).collect()),
        _ => None,
    }
}

/// Sends a share of a rule's traffic, in percent, to one of two target groups, and the rest to the other. ECS Developer Guide, "Application Load
/// Balancer resources for blue/green": ECS rewrites the rule into a weighted forward.
pub fn set_weights(state: &mut Elbv2State, rule: &str, serving: &str, other: &str, share: f64) {
    if let Some(rule) = state.rules.get_mut(rule) {
        // Weights are whole numbers; a share of traffic is never none of it.
        let weight = (share.round() as i32).clamp(1, 100);
        rule.actions = vec![Act::Forward(vec![(serving.to_owned(), weight), (other.to_owned(), 100 - weight)])];
    }
}

/// Where a rule sends traffic, with weights.
pub fn weights(state: &Elbv2State, rule: &str) -> Vec<(String, i32)> {
    match state.rules.get(rule).map(|rule| rule.actions.as_slice()) {
        Some([Act::Forward(shares)]) => shares.clone(),
        _ => Vec::new(),
    }
}

/// Whether a group has a target that passes the health check at a moment.
pub fn has_healthy(state: &Elbv2State, durations: &Durations, group: &str, at: Moment) -> bool {
    let Some(found) = state.target_groups.get(group) else { return false };
    let healthy = |target: &Target| {
        let since = healthy_at(state, durations, group, target.since);
        target.answers && target.leaving.is_none() && since.is_some_and(|since| since <= at)
    };
    found.targets.iter().any(healthy)
}

/// Enters a target that answers the health check, or doesn't.
pub fn register(state: &mut Elbv2State, group: &str, address: &str, port: i32, since: Moment, answers: bool) {
    if let Some(group) = state.target_groups.get_mut(group) {
        group.targets.retain(|target| target.address != address || target.port != port);
        group.targets.push(Target { address: address.to_owned(), port, since, leaving: None, answers });
    }
}

/// Takes a target out; it drains for the deregistration delay.
pub fn deregister(state: &mut Elbv2State, group: &str, address: &str, port: i32, at: Moment) {
    let targets = state.target_groups.get_mut(group).into_iter().flat_map(|group| &mut group.targets);
    for target in targets.filter(|target| target.address == address && target.port == port) {
        target.leaving.get_or_insert(at);
    }
}

/// When a target that answers from a moment on is healthy: checks begin once a load balancer in front is active.
pub fn healthy_at(state: &Elbv2State, durations: &Durations, group: &str, since: Moment) -> Option<Moment> {
    let active =
        state.in_front_of(group).into_iter().map(|balancer| balancer.created_at + durations.alb_active).min()?;
    Some(active.max(since) + durations.healthy)
}

/// How long a target drains.
fn drains(group: &TargetGroup) -> Duration {
    let delay = group.attributes.get("deregistration_delay.timeout_seconds").and_then(|value| value.parse().ok());
    Duration::from_secs(delay.unwrap_or(300))
}

/// DescribeTargetHealth.
pub(super) fn describe(
    call: &mut Call<'_>,
    input: &DescribeTargetHealthInput,
) -> Result<DescribeTargetHealthOutput, ApiError> {
    let arn = input.target_group_arn().unwrap_or_default();
    let group = call.world.elbv2.target_groups.get(arn);
    let group =
        group.ok_or_else(|| ApiError::new("TargetGroupNotFound", format!("Target groups '{arn}' not found")))?;
    let gone = |target: &&Target| target.leaving.is_none_or(|at| call.now < at + drains(group));
    let describe = |target: &Target| {
        let (state, reason) = if target.leaving.is_some() {
            (TargetHealthStateEnum::Draining, Some(TargetHealthReasonEnum::DeregistrationInProgress))
        } else {
            match healthy_at(&call.world.elbv2, call.durations(), arn, target.since) {
                None => (TargetHealthStateEnum::Unused, Some(TargetHealthReasonEnum::NotInUse)),
                Some(at) if call.now < at => {
                    (TargetHealthStateEnum::Initial, Some(TargetHealthReasonEnum::InitialHealthChecking))
                }
                Some(_) if !target.answers => {
                    (TargetHealthStateEnum::Unhealthy, Some(TargetHealthReasonEnum::ResponseCodeMismatch))
                }
                Some(_) => (TargetHealthStateEnum::Healthy, None),
            }
        };
        TargetHealthDescription::builder()
            .target(TargetDescription::builder().id(&target.address).port(target.port).build())
            .target_health(TargetHealth::builder().state(state).set_reason(reason).build())
            .build()
    };
    let described = group.targets.iter().filter(gone).map(describe).collect();
    Ok(DescribeTargetHealthOutput::builder().set_target_health_descriptions(Some(described)).build())
}
