//! What all kinds of Elastic Load Balancing have in common: markers, tags, names read off ARNs.

use crate::markers;

markers! {
    /// A load balancer's ARN.
    LoadBalancerArn,
    /// A target group's ARN.
    TargetGroupArn,
    /// A listener's ARN.
    ListenerArn,
    /// A listener rule's ARN.
    ListenerRuleArn,
    /// What CloudWatch calls a load balancer: `app/name/id` (Elastic Load Balancing user guide, "CloudWatch metrics").
    LoadBalancerDimension,
    /// What CloudWatch calls a target group: `targetgroup/name/id`.
    TargetGroupDimension,
    /// A DNS name.
    DnsName,
    /// The value of an attribute of a load balancer.
    AttributeValue,
}
