//! Scaling policies.

use aws_sdk_applicationautoscaling::operation::delete_scaling_policy::{
    DeleteScalingPolicyInput, DeleteScalingPolicyOutput,
};
use aws_sdk_applicationautoscaling::operation::describe_scaling_policies::{
    DescribeScalingPoliciesInput, DescribeScalingPoliciesOutput,
};
use aws_sdk_applicationautoscaling::operation::put_scaling_policy::{PutScalingPolicyInput, PutScalingPolicyOutput};
use aws_sdk_applicationautoscaling::types::{
    Alarm as Named, PolicyType, ScalableDimension, ScalingPolicy, ServiceNamespace,
};

use super::policy_rules;
use super::state::{self, Followed, Policy, Tracking, dimension_needs_resource, invalid, no_target};
use crate::sandbox::call::Call;
use crate::sandbox::cloudwatch::{Alarm, Stat, State, Watched};
use crate::sandbox::error::ApiError;
use crate::sandbox::paging;
use crate::sandbox::world::Tags;

/// User guide, "Quotas for Application Auto Scaling".
const PER_TARGET: usize = 50;
/// API reference, DescribeScalingPolicies: ten a page.
const PAGE: i32 = 10;

/// API reference, PutScalingPolicy: makes it, or replaces all settings of what has the name.
pub(super) fn put(call: &mut Call<'_>, input: &PutScalingPolicyInput) -> Result<PutScalingPolicyOutput, ApiError> {
    state::ecs_service(input.service_namespace(), input.resource_id(), input.scalable_dimension())?;
    let (name, resource) = (input.policy_name().unwrap_or_default(), input.resource_id().unwrap_or_default());
    let tracking = policy_rules::check(input)?;
    let target = call.world.autoscaling.targets.get(resource).filter(|it| call.visible(it.created_at));
    target.ok_or_else(|| no_target(resource))?;
    let others: Vec<&Policy> =
        call.world.autoscaling.policies.values().filter(|it| it.resource == resource && it.name != name).collect();
    if others.len() >= PER_TARGET {
        return Err(ApiError::new("LimitExceededException", "A scalable target can have no more than 50 policies"));
    }
    let predefined = matches!(tracking.followed, Followed::Predefined(_));
    if predefined && others.iter().any(|it| it.tracking.followed == tracking.followed) {
        return Err(invalid("Only one TargetTrackingScaling policy for a given metric specification is allowed."));
    }
    let former = call.world.autoscaling.policies.values().find(|it| it.resource == resource && it.name == name);
    let former = former.map(|it| (it.arn.clone(), it.created_at));
    let (arn, created_at) = match former {
        Some(former) => former,
        None => {
            let id = call.uuid();
            let path = format!("scalingPolicy:{id}:resource/ecs/{resource}:policyName/{name}");
            (call.arn("autoscaling", &path), call.now)
        }
    };
    state::begin_change(call, resource)?;
    state::remove_policy(call, &arn);
    let alarms = add_alarms(call, resource, &arn, &tracking);
    let policy =
        Policy { arn: arn.clone(), name: name.to_owned(), resource: resource.to_owned(), tracking, alarms, created_at };
    let alarms = named(call, &policy)?;
    call.world.autoscaling.policies.insert(arn.clone(), policy);
    Ok(PutScalingPolicyOutput::builder().policy_arn(arn).set_alarms(Some(alarms)).build()?)
}

/// User guide, "Target tracking scaling policies": one alarm for scaling out after three minutes, one for scaling in after fifteen.
fn add_alarms(call: &mut Call<'_>, resource: &str, policy: &str, tracking: &Tracking) -> Vec<String> {
    const ALARMS: [(&str, &str, i32, f64); 2] =
        [("AlarmHigh", "GreaterThanThreshold", 3, 1.0), ("AlarmLow", "LessThanThreshold", 15, 0.9)];
    let wanted =
        ALARMS.into_iter().filter(|(what, ..)| *what == "AlarmHigh" || tracking.disable_scale_in != Some(true));
    wanted
        .map(|(what, comparison, periods, share)| {
            let name = format!("TargetTracking-{resource}-{what}-{}", call.uuid());
            let now = call.now;
            let alarm = Alarm {
                arn: call.arn("cloudwatch", &format!("alarm:{name}")),
                name: name.clone(),
                scaling_policy: Some(policy.to_owned()),
                description: Some(format!("DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy}.")),
                actions_enabled: true,
                ok_actions: Vec::new(),
                alarm_actions: vec![policy.to_owned()],
                insufficient_data_actions: Vec::new(),
                watched: watched(resource, &tracking.followed),
                evaluation_periods: periods,
                datapoints_to_alarm: None,
                threshold: tracking.target_value * share,
                comparison: comparison.to_owned(),
                missing_data: None,
                state: State::InsufficientData,
                reason: "Unchecked: Initial alarm creation".to_owned(),
                state_since: now,
                created_at: now,
                updated_at: now,
                tags: Tags::new(),
            };
            call.world.cloudwatch.alarms.insert(name.clone(), alarm);
            name
        })
        .collect()
}

fn watched(resource: &str, followed: &Followed) -> Watched {
    let name = match followed {
        Followed::Customized(queries) => return Watched::Queries(queries.clone()),
        Followed::Predefined(name) => name,
    };
    let mut parts = resource.split('/').skip(1);
    let dimension = |name: &str, value: Option<&str>| (name.to_owned(), value.unwrap_or_default().to_owned());
    let metric = if name.contains("Memory") { "MemoryUtilization" } else { "CPUUtilization" };
    Watched::Metric(Stat {
        namespace: "AWS/ECS".to_owned(),
        metric: metric.to_owned(),
        dimensions: vec![dimension("ClusterName", parts.next()), dimension("ServiceName", parts.next())],
        period: 60,
        statistic: "Average".to_owned(),
        unit: None,
    })
}

fn named(call: &Call<'_>, policy: &Policy) -> Result<Vec<Named>, ApiError> {
    let alarms = policy.alarms.iter().filter_map(|name| call.world.cloudwatch.alarms.get(name));
    let named = alarms.map(|it| Named::builder().alarm_name(&it.name).alarm_arn(&it.arn).build());
    Ok(named.collect::<Result<_, _>>()?)
}

/// API reference, DescribeScalingPolicies.
pub(super) fn describe(
    call: &mut Call<'_>,
    input: &DescribeScalingPoliciesInput,
) -> Result<DescribeScalingPoliciesOutput, ApiError> {
    state::only_ecs(input.service_namespace())?;
    dimension_needs_resource(input.scalable_dimension().is_some(), input.resource_id().is_some())?;
    let size = input.max_results().unwrap_or(PAGE);
    if !(1..=PAGE).contains(&size) {
        return Err(invalid("MaxResults must be between 1 and 10"));
    }
    let names = input.policy_names();
    let wanted = |it: &&Policy| {
        (names.is_empty() || names.contains(&it.name))
            && input.resource_id().is_none_or(|resource| it.resource == resource)
            && call.visible(it.created_at)
    };
    let found = call.world.autoscaling.policies.values().filter(wanted).map(|it| it.to_sdk(call));
    let found = found.collect::<Result<Vec<_>, _>>()?;
    let page = paging::page(found, usize::try_from(size).unwrap_or(1), input.next_token());
    let (found, token) =
        page.ok_or_else(|| ApiError::new("InvalidNextTokenException", "The next token supplied was invalid"))?;
    Ok(DescribeScalingPoliciesOutput::builder().set_scaling_policies(Some(found)).set_next_token(token).build())
}

/// API reference, DeleteScalingPolicy: with its alarms.
pub(super) fn delete(
    call: &mut Call<'_>,
    input: &DeleteScalingPolicyInput,
) -> Result<DeleteScalingPolicyOutput, ApiError> {
    state::ecs_service(input.service_namespace(), input.resource_id(), input.scalable_dimension())?;
    let (name, resource) = (input.policy_name().unwrap_or_default(), input.resource_id().unwrap_or_default());
    let policy = call.world.autoscaling.policies.values().find(|it| it.resource == resource && it.name == name);
    let arn = policy.map(|it| it.arn.clone()).ok_or_else(|| {
        ApiError::new("ObjectNotFoundException", format!("No scaling policy found for policy name: {name}"))
    })?;
    state::begin_change(call, resource)?;
    state::remove_policy(call, &arn);
    Ok(DeleteScalingPolicyOutput::builder().build())
}

impl Policy {
    /// As the SDK's type.
    fn to_sdk(&self, call: &Call<'_>) -> Result<ScalingPolicy, ApiError> {
        Ok(ScalingPolicy::builder()
            .policy_arn(&self.arn)
            .policy_name(&self.name)
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id(&self.resource)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .policy_type(PolicyType::TargetTrackingScaling)
            .target_tracking_scaling_policy_configuration(policy_rules::to_sdk(&self.tracking)?)
            .set_alarms(Some(named(call, self)?))
            .creation_time(self.created_at.datetime())
            .build()?)
    }
}
