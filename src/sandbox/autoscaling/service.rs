//! The operations of Application Auto Scaling.

use super::{policies, tags, targets};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// AWS publishes no figures for Application Auto Scaling but that there are limits (API reference, "Common errors").
static AUTOSCALING: Service = Service {
    name: "application-autoscaling",
    sdk_id: "Application Auto Scaling",
    limits: Limits {
        reading: Rate { burst: 50.0, per_second: 15.0 },
        changing: Rate { burst: 50.0, per_second: 10.0 },
        code: "ThrottlingException",
        status: 400,
    },
};

/// Adds Application Auto Scaling.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    operations!(registry, &AUTOSCALING, aws_sdk_applicationautoscaling, {
        delete_scaling_policy::DeleteScalingPolicyError => policies::delete,
        deregister_scalable_target::DeregisterScalableTargetError => targets::deregister,
        describe_scalable_targets::DescribeScalableTargetsError => targets::describe,
        describe_scaling_policies::DescribeScalingPoliciesError => policies::describe,
        list_tags_for_resource::ListTagsForResourceError => tags::list,
        put_scaling_policy::PutScalingPolicyError => policies::put,
        register_scalable_target::RegisterScalableTargetError => targets::register,
        tag_resource::TagResourceError => tags::tag,
    });
}
