//! Scalable targets.

use aws_sdk_applicationautoscaling::operation::deregister_scalable_target::{
    DeregisterScalableTargetInput, DeregisterScalableTargetOutput,
};
use aws_sdk_applicationautoscaling::operation::describe_scalable_targets::{
    DescribeScalableTargetsInput, DescribeScalableTargetsOutput,
};
use aws_sdk_applicationautoscaling::operation::register_scalable_target::{
    RegisterScalableTargetInput, RegisterScalableTargetOutput,
};
use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget, ServiceNamespace, SuspendedState};

use super::state::{self, Target, dimension_needs_resource, invalid, no_target};
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;
use crate::sandbox::{ecs, iam, paging};

/// API reference, DescribeScalableTargets.
const MOST: usize = 50;

/// API reference, RegisterScalableTarget: registers, or changes the range of what is registered.
pub(super) fn register(
    call: &mut Call<'_>,
    input: &RegisterScalableTargetInput,
) -> Result<RegisterScalableTargetOutput, ApiError> {
    let resource = input.resource_id();
    let (cluster, service) = state::ecs_service(input.service_namespace(), resource, input.scalable_dimension())?;
    let resource = resource.unwrap_or_default();
    if !exists(call, cluster, service) {
        return Err(invalid(format!("ECS service doesn't exist: {resource}")));
    }
    let former = call.world.autoscaling.targets.get(resource).cloned();
    let (min, max) = (
        input.min_capacity().or(former.as_ref().map(|it| it.min)),
        input.max_capacity().or(former.as_ref().map(|it| it.max)),
    );
    let (Some(min), Some(max)) = (min, max) else {
        return Err(invalid("Both minimum and maximum capacity must be specified for a new scalable target"));
    };
    if min < 0 || max < min {
        return Err(invalid("Maximum capacity cannot be less than minimum capacity"));
    }
    let given = tags::merged(&Tags::new(), input.tags())?;
    if former.is_some() && !given.is_empty() {
        // User guide, "Tagging support for Application Auto Scaling": TagResource tags what exists.
        return Err(invalid("Tags can't be given for a scalable target that exists; use TagResource"));
    }
    state::begin_change(call, resource)?;
    let id = call.hex(34);
    let target = match former {
        Some(former) => Target { min, max, ..former },
        None => Target {
            arn: call.arn("application-autoscaling", &format!("scalable-target/{id}")),
            resource: resource.to_owned(),
            min,
            max,
            created_at: call.now,
            tags: given,
        },
    };
    let arn = target.arn.clone();
    call.world.autoscaling.targets.insert(resource.to_owned(), target);
    iam::link(call, "ecs.application-autoscaling.amazonaws.com");
    keep_in_range(call, cluster, service, min, max);
    Ok(RegisterScalableTargetOutput::builder().scalable_target_arn(arn).build())
}

/// Draining services are still there.
fn exists(call: &Call<'_>, cluster: &str, service: &str) -> bool {
    let now = call.now;
    let mut services = call.world.ecs.services.values();
    services.any(|it| it.cluster == cluster && it.name == service && !it.is_inactive(now))
}

/// User guide, "Register scalable targets": a count outside the range is brought into it at once.
fn keep_in_range(call: &mut Call<'_>, cluster: &str, service: &str, min: i32, max: i32) {
    let mut services = call.world.ecs.services.values();
    let it = services.find(|it| it.cluster == cluster && it.name == service && it.is_active());
    let Some(desired) = it.map(|it| it.desired) else { return };
    let bound = |count: i32| u32::try_from(count).unwrap_or_default();
    let wanted = desired.clamp(bound(min), bound(max));
    if wanted != desired {
        ecs::set_desired(call, cluster, service, wanted);
    }
}

/// API reference, DescribeScalableTargets.
pub(super) fn describe(
    call: &mut Call<'_>,
    input: &DescribeScalableTargetsInput,
) -> Result<DescribeScalableTargetsOutput, ApiError> {
    state::only_ecs(input.service_namespace())?;
    let ids = input.resource_ids();
    dimension_needs_resource(input.scalable_dimension().is_some(), !ids.is_empty())?;
    let size = input.max_results().unwrap_or(50);
    if ids.len() > MOST || !(1..=50).contains(&size) {
        return Err(invalid("No more than 50 resources and results can be asked for at once"));
    }
    let ours = input.scalable_dimension().is_none_or(|it| *it == ScalableDimension::EcsServiceDesiredCount);
    let wanted = |it: &&Target| ours && (ids.is_empty() || ids.contains(&it.resource)) && call.visible(it.created_at);
    let found = call.world.autoscaling.targets.values().filter(wanted).map(|it| it.to_sdk(call));
    let found = found.collect::<Result<Vec<_>, _>>()?;
    let page = paging::page(found, usize::try_from(size).unwrap_or(MOST), input.next_token());
    let (found, token) =
        page.ok_or_else(|| ApiError::new("InvalidNextTokenException", "The next token supplied was invalid"))?;
    Ok(DescribeScalableTargetsOutput::builder().set_scalable_targets(Some(found)).set_next_token(token).build())
}

/// API reference, DeregisterScalableTarget: with its policies, and their alarms.
pub(super) fn deregister(
    call: &mut Call<'_>,
    input: &DeregisterScalableTargetInput,
) -> Result<DeregisterScalableTargetOutput, ApiError> {
    state::ecs_service(input.service_namespace(), input.resource_id(), input.scalable_dimension())?;
    let resource = input.resource_id().unwrap_or_default();
    if !call.world.autoscaling.targets.contains_key(resource) {
        return Err(no_target(resource));
    }
    state::begin_change(call, resource)?;
    call.world.autoscaling.targets.remove(resource);
    let policies = call.world.autoscaling.policies.values().filter(|it| it.resource == resource);
    let arns: Vec<String> = policies.map(|it| it.arn.clone()).collect();
    for arn in arns {
        state::remove_policy(call, &arn);
    }
    Ok(DeregisterScalableTargetOutput::builder().build())
}

impl Target {
    /// As the SDK's type.
    fn to_sdk(&self, call: &Call<'_>) -> Result<ScalableTarget, ApiError> {
        let role = "role/aws-service-role/ecs.application-autoscaling.amazonaws.com/\
                    AWSServiceRoleForApplicationAutoScaling_ECSService";
        let role = format!("arn:aws:iam::{}:{role}", call.account());
        let suspended = SuspendedState::builder()
            .dynamic_scaling_in_suspended(false)
            .dynamic_scaling_out_suspended(false)
            .scheduled_scaling_suspended(false);
        Ok(ScalableTarget::builder()
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id(&self.resource)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .min_capacity(self.min)
            .max_capacity(self.max)
            .role_arn(role)
            .creation_time(self.created_at.datetime())
            .suspended_state(suspended.build())
            .scalable_target_arn(&self.arn)
            .build()?)
    }
}
