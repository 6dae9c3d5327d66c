//! The way in: load balancer, listeners, rules, target groups.

mod priorities;

use std::collections::BTreeMap;

use super::{Data, Draft, Network};
use crate::{
    aws::elb::{
        Action, AttributeValue, Conditions, Header, HealthCheck, Listener, ListenerRule, LoadBalancer, Share,
        TargetGroup,
    },
    config::Service,
    engine::{Chapter, Handle, Output},
    mesh::ports,
};

/// With this header a request comes to the version that is being deployed, before anybody else does.
pub const TEST_HEADER: &str = "x-platformctl-test";
/// Its value.
pub const TEST_HEADER_VALUE: &str = "green";

/// TLS 1.3, and 1.2 with forward secrecy (Elastic Load Balancing user guide, "Security policies").
const SSL_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";

/// The whole weight of a rule.
const ALL: u32 = 100;

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

/// Writes the chapter.
pub fn add(draft: &mut Draft<'_>, network: &Network, data: &Data) -> Ingress {
    let load_balancer = add_load_balancer(draft, network, data);
    let listener = add_listeners(draft, &load_balancer);
    let mut ingress = Ingress {
        load_balancer,
        production_rules: BTreeMap::new(),
        test_rules: BTreeMap::new(),
        blue: BTreeMap::new(),
        green: BTreeMap::new(),
    };
    let priorities = priorities::of(&draft.config.services);
    for (name, service) in &draft.config.services {
        let blue = add_target_group(draft, network, name, service, "blue");
        let green = add_target_group(draft, network, name, service, "green");
        // Both rules name both groups from the start: ECS demands it, and it makes them part of the load balancer.
        let forward = vec![Share { group: blue.arn(), weight: ALL }, Share { group: green.arn(), weight: 0 }];
        let rule = |priority, header| ListenerRule {
            listener: listener.arn(),
            priority,
            conditions: Conditions { paths: patterns(&service.path), header },
            forward: forward.clone(),
        };
        let header = Header { name: TEST_HEADER.to_owned(), value: TEST_HEADER_VALUE.to_owned() };
        let priority = priorities[name];
        let production = add_rule(draft, name, "production", rule(priority.production, None));
        let test = add_rule(draft, name, "test", rule(priority.test, Some(header)));
        ingress.production_rules.insert(name.clone(), production);
        ingress.test_rules.insert(name.clone(), test);
        ingress.blue.insert(name.clone(), blue);
        ingress.green.insert(name.clone(), green);
    }
    ingress
}

fn add_load_balancer(draft: &mut Draft<'_>, network: &Network, data: &Data) -> Handle<LoadBalancer> {
    let load_balancer = LoadBalancer {
        scheme: "internet-facing".to_owned(),
        vpc: network.vpc.id(),
        subnets: network.public.iter().map(|subnet| subnet.id()).collect(),
        security_groups: vec![network.alb_group.id()],
        attributes: load_balancer_attributes(draft, data),
        after: vec![network.internet_gateway.id().wrap("", "")],
    };
    draft.add(Chapter::Ingress, "main", &["alb"], load_balancer)
}

/// Elastic Load Balancing API reference, LoadBalancerAttribute.
fn load_balancer_attributes(draft: &Draft<'_>, data: &Data) -> BTreeMap<String, Output<AttributeValue>> {
    let idle_timeout = draft.config.ingress.idle_timeout_seconds.to_string();
    let mut attributes: BTreeMap<String, Output<AttributeValue>> = [
        ("deletion_protection.enabled", "false"),
        ("idle_timeout.timeout_seconds", &idle_timeout),
        ("routing.http.desync_mitigation_mode", "defensive"),
        ("routing.http.drop_invalid_header_fields.enabled", "true"),
        ("access_logs.s3.enabled", if data.alb_logs.is_some() { "true" } else { "false" }),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), Output::known(value)))
    .collect();
    if let Some(bucket) = &data.alb_logs {
        attributes.insert("access_logs.s3.bucket".to_owned(), bucket.name().wrap("", ""));
    }
    attributes
}

/// Adds the listeners and gives the one that the services' rules belong to: HTTPS where there is a certificate, and HTTP leads
/// there then; else HTTP.
fn add_listeners(draft: &mut Draft<'_>, load_balancer: &Handle<LoadBalancer>) -> Handle<Listener> {
    let not_found = Action::FixedResponse {
        status: "404".to_owned(),
        content_type: "text/plain".to_owned(),
        body: "no service has this path".to_owned(),
    };
    let certificate = draft.config.ingress.certificate_arn.clone();
    let http = Listener {
        load_balancer: load_balancer.arn(),
        port: 80,
        protocol: "HTTP".to_owned(),
        certificate: None,
        ssl_policy: None,
        default_action: if certificate.is_some() { redirect_to_https() } else { not_found.clone() },
    };
    let http = draft.add(Chapter::Ingress, "http", &["listener", "http"], http);
    let Some(certificate) = certificate else { return http };
    let https = Listener {
        load_balancer: load_balancer.arn(),
        port: 443,
        protocol: "HTTPS".to_owned(),
        certificate: Some(certificate),
        ssl_policy: Some(SSL_POLICY.to_owned()),
        default_action: not_found,
    };
    draft.add(Chapter::Ingress, "https", &["listener", "https"], https)
}

fn redirect_to_https() -> Action {
    Action::Redirect { protocol: "HTTPS".to_owned(), port: "443".to_owned(), status: "HTTP_301".to_owned() }
}

fn add_target_group(
    draft: &mut Draft<'_>,
    network: &Network,
    name: &str,
    service: &Service,
    color: &str,
) -> Handle<TargetGroup> {
    let check = draft.config.ingress.health_check;
    let group = TargetGroup {
        vpc: network.vpc.id(),
        port: ports::INGRESS,
        health_check: HealthCheck {
            path: service.health_path.clone(),
            interval_seconds: check.interval_seconds,
            timeout_seconds: check.timeout_seconds,
            healthy_threshold: check.healthy_threshold,
            unhealthy_threshold: check.unhealthy_threshold,
            matcher: "200".to_owned(),
        },
        attributes: target_group_attributes(draft.config.ingress.deregistration_delay_seconds),
    };
    draft.add(Chapter::Ingress, &format!("{name}-{color}"), &["tg", name, color], group)
}

/// Elastic Load Balancing API reference, TargetGroupAttribute.
fn target_group_attributes(deregistration_delay_seconds: u32) -> BTreeMap<String, String> {
    [
        ("deregistration_delay.timeout_seconds", deregistration_delay_seconds.to_string()),
        ("load_balancing.algorithm.type", "least_outstanding_requests".to_owned()),
        ("slow_start.duration_seconds", "0".to_owned()),
        ("stickiness.enabled", "false".to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

/// A service's path and everything below it.
fn patterns(path: &str) -> Vec<String> {
    match path {
        "/" => vec!["/*".to_owned()],
        path => vec![path.to_owned(), format!("{path}/*")],
    }
}

fn add_rule(draft: &mut Draft<'_>, service: &str, what: &str, rule: ListenerRule) -> Handle<ListenerRule> {
    draft.add(Chapter::Ingress, &format!("{service}-{what}"), &["rule", service, what], rule)
}
