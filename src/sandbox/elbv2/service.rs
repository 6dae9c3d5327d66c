//! The operations of Elastic Load Balancing.

use super::{health, listeners, load_balancers, rules, tags, target_groups};
use crate::sandbox::error::ApiError;
use crate::sandbox::paging;
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

const LARGEST_PAGE: i32 = 400;

/// No rates are published (Elastic Load Balancing API reference, "Throttling"); these are cautious.
static ELB: Service = Service {
    name: "elasticloadbalancing",
    sdk_id: "Elastic Load Balancing v2",
    limits: Limits {
        reading: Rate { burst: 40.0, per_second: 20.0 },
        changing: Rate { burst: 40.0, per_second: 10.0 },
        code: "Throttling",
        status: 400,
    },
};

/// Adds Elastic Load Balancing.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    operations!(registry, &ELB, aws_sdk_elasticloadbalancingv2, {
        create_load_balancer::CreateLoadBalancerError => load_balancers::create,
        describe_load_balancers::DescribeLoadBalancersError => load_balancers::describe,
        describe_load_balancer_attributes::DescribeLoadBalancerAttributesError => load_balancers::describe_attributes,
        modify_load_balancer_attributes::ModifyLoadBalancerAttributesError => load_balancers::modify_attributes,
        set_security_groups::SetSecurityGroupsError => load_balancers::set_security_groups,
        set_subnets::SetSubnetsError => load_balancers::set_subnets,
        delete_load_balancer::DeleteLoadBalancerError => load_balancers::delete,
        create_target_group::CreateTargetGroupError => target_groups::create,
        describe_target_groups::DescribeTargetGroupsError => target_groups::describe,
        modify_target_group::ModifyTargetGroupError => target_groups::modify,
        describe_target_group_attributes::DescribeTargetGroupAttributesError => target_groups::describe_attributes,
        modify_target_group_attributes::ModifyTargetGroupAttributesError => target_groups::modify_attributes,
        delete_target_group::DeleteTargetGroupError => target_groups::delete,
        describe_target_health::DescribeTargetHealthError => health::describe,
        create_listener::CreateListenerError => listeners::create,
        describe_listeners::DescribeListenersError => listeners::describe,
        modify_listener::ModifyListenerError => listeners::modify,
        delete_listener::DeleteListenerError => listeners::delete,
        create_rule::CreateRuleError => rules::create,
        describe_rules::DescribeRulesError => rules::describe,
        modify_rule::ModifyRuleError => rules::modify,
        set_rule_priorities::SetRulePrioritiesError => rules::set_priorities,
        delete_rule::DeleteRuleError => rules::delete,
        add_tags::AddTagsError => tags::add,
        describe_tags::DescribeTagsError => tags::describe,
    });
}

/// A refusal for a parameter.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

/// One page of a list: 1 to 400 (API reference, the Describe calls, "PageSize").
pub(super) fn page<T>(
    items: Vec<T>,
    size: Option<i32>,
    marker: Option<&str>,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = usize::try_from(size.unwrap_or(LARGEST_PAGE)).unwrap_or(0);
    if !(1..=LARGEST_PAGE as usize).contains(&size) {
        return Err(invalid(format!("The page size '{size}' must be between 1 and {LARGEST_PAGE}")));
    }
    paging::page(items, size, marker).ok_or_else(|| invalid("Invalid marker"))
}

/// A name of a load balancer or target group: up to 32 letters, digits and inner hyphens (API reference, CreateLoadBalancer, "Name").
pub(super) fn check_name(name: &str) -> Result<(), ApiError> {
    let characters = name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
    if name.is_empty() || name.len() > 32 || !characters || name.starts_with('-') || name.ends_with('-') {
        return Err(invalid(format!(
            "The name '{name}' must have 1 to 32 letters, digits and hyphens, and must not begin or end with a hyphen"
        )));
    }
    Ok(())
}
