//! The way in: load balancer, listeners, rules, target groups.

use std::collections::BTreeMap;

use crate::{
    aws::elb::{ListenerRule, LoadBalancer, TargetGroup},
    engine::Handle,
};

/// How requests from outside reach the services.
pub struct Ingress {
    /// The load balancer.
    pub load_balancer: Handle<LoadBalancer>,
    /// The rule of each service that production traffic comes by.
    pub production_rules: BTreeMap<String, Handle<ListenerRule>>,
    /// The rule of each service that test traffic comes by during a deployment.
    pub test_rules: BTreeMap<String, Handle<ListenerRule>>,
    /// The target group of each service that serves first.
    pub blue: BTreeMap<String, Handle<TargetGroup>>,
    /// Its alternate.
    pub green: BTreeMap<String, Handle<TargetGroup>>,
}
