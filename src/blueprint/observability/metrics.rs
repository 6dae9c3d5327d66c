//! The metrics that alarms, scaling and the dashboard look at.

use std::collections::BTreeMap;

use crate::{
    aws::{
        cloudwatch::{DimensionValue, Metric, Query},
        elb::{LoadBalancerDimension, TargetGroup},
    },
    blueprint::Ingress,
    engine::{Handle, Output},
};

/// Metrics are looked at by the minute, which is how often AWS's services send them.
pub const PERIOD_SECONDS: u32 = 60;
/// The two versions of a service during a deployment. Either may serve at other times, so that both are always looked at.
pub const COLORS: [&str; 2] = ["blue", "green"];

const LOAD_BALANCER: &str = "AWS/ApplicationELB";

fn metric(
    namespace: &str,
    name: &str,
    statistic: &str,
    dimensions: impl IntoIterator<Item = (&'static str, Output<DimensionValue>)>,
) -> Metric {
    Metric {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: dimensions.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        period_seconds: PERIOD_SECONDS,
        statistic: statistic.to_owned(),
    }
}

fn group<'a>(ingress: &'a Ingress, service: &str, color: &str) -> &'a Handle<TargetGroup> {
    if color == COLORS[0] { &ingress.blue[service] } else { &ingress.green[service] }
}

/// A metric of one of a service's target groups (Elastic Load Balancing user guide, "CloudWatch metrics for your Application Load
/// Balancer").
pub fn of_group(ingress: &Ingress, service: &str, color: &str, name: &str, statistic: &str) -> Metric {
    let balancer: Output<LoadBalancerDimension> = ingress.load_balancer.full_name();
    let group = group(ingress, service, color).full_name().wrap("", "");
    // RequestCountPerTarget is known by target group only.
    let balancer = Some(("LoadBalancer", balancer.wrap("", ""))).filter(|_| name != "RequestCountPerTarget");
    metric(LOAD_BALANCER, name, statistic, balancer.into_iter().chain([("TargetGroup", group)]))
}

/// The same metric of both groups, as `{id}_blue` and `{id}_green`.
pub fn of_both(ingress: &Ingress, service: &str, id: &str, name: &str, statistic: &str) -> Vec<Query> {
    let query = |color: &str| {
        let metric = of_group(ingress, service, color, name, statistic);
        Query::metric(&format!("{id}_{color}"), &format!("{name} {color}"), metric)
    };
    COLORS.map(query).to_vec()
}

/// A metric of an ECS service, from `AWS/ECS` or `ECS/ContainerInsights`.
pub fn of_service(
    namespace: &str,
    name: &str,
    statistic: &str,
    cluster: Output<DimensionValue>,
    service: Output<DimensionValue>,
) -> Metric {
    metric(namespace, name, statistic, BTreeMap::from([("ClusterName", cluster), ("ServiceName", service)]))
}

/// Metric math: the sum over both groups, of which mostly only one has data: what is missing counts as nothing. Never by FILL: metrics
/// come with a delay, so that the latest minute would always be the filled-in value, and who asks for several minutes in a row would never
/// get them (CloudWatch User Guide, "Metric math functions": basic arithmetic, FILL).
pub fn sum(id: &str) -> String {
    let [blue, green] = COLORS;
    format!("{id}_{blue}+{id}_{green}")
}

/// Metric math: the greater of both groups, minute by minute.
pub fn greatest(id: &str) -> String {
    let [blue, green] = COLORS;
    format!("MAX([{id}_{blue},{id}_{green}])")
}

/// What the CloudWatch agent makes of the name of an Envoy metric: it separates the parts with underscores.
pub fn envoy(name: &str) -> String {
    format!("envoy_{}", name.replace('.', "_"))
}
