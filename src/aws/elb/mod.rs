//! Elastic Load Balancing v2: the load balancer, its listeners and rules, target groups.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

mod action;
mod listener;
mod listener_rule;
mod load_balancer;
mod shared;
mod target_group;

pub use action::{Action, Share};
pub use listener::Listener;
pub use listener_rule::{Conditions, Header, ListenerRule};
pub use load_balancer::LoadBalancer;
pub use shared::{
    AttributeValue, DnsName, ListenerArn, ListenerRuleArn, LoadBalancerArn, LoadBalancerDimension, TargetGroupArn,
    TargetGroupDimension,
};
pub use target_group::{HealthCheck, TargetGroup};

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<LoadBalancer>(aws);
    kinds.add::<TargetGroup>(aws);
    kinds.add::<Listener>(aws);
    kinds.add::<ListenerRule>(aws);
}
