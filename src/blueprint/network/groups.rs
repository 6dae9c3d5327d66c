//! Security groups: one for the load balancer, one for each service, opened only along what the configuration declares.

use std::collections::BTreeMap;

use super::everywhere;
use crate::{
    aws::ec2::{Direction, Peer, Ports, Protocol, SecurityGroup, SecurityGroupRule, Vpc},
    blueprint::Draft,
    engine::{Chapter, Handle},
    mesh::ports,
    rotator::settings::PORT,
};

/// What the chapter gets.
pub struct Groups {
    pub alb_group: Handle<SecurityGroup>,
    pub service_groups: BTreeMap<String, Handle<SecurityGroup>>,
    pub service_rules: BTreeMap<String, Vec<Handle<SecurityGroupRule>>>,
    pub database_group: Option<Handle<SecurityGroup>>,
}

/// One rule, before it has its place in a group.
struct Opening {
    direction: Direction,
    protocol: Protocol,
    port: u16,
    peer: Peer,
    description: String,
}

impl Opening {
    fn tcp(direction: Direction, port: u16, peer: Peer, description: impl Into<String>) -> Self {
        Opening { direction, protocol: Protocol::Tcp, port, peer, description: description.into() }
    }
}

/// Writes groups and rules.
pub fn add(draft: &mut Draft<'_>, vpc: &Handle<Vpc>) -> Groups {
    let alb_group = add_group(draft, vpc, "alb", "Load balancer of the environment");
    let service_groups: BTreeMap<String, Handle<SecurityGroup>> = draft
        .services()
        .into_iter()
        .map(|service| {
            let group = add_group(draft, vpc, &service, &format!("Tasks of the service {service}"));
            (service, group)
        })
        .collect();
    add_alb_rules(draft, &alb_group, &service_groups);
    let mut service_rules: BTreeMap<String, Vec<Handle<SecurityGroupRule>>> = service_groups
        .keys()
        .map(|service| (service.clone(), add_service_rules(draft, service, &alb_group, &service_groups)))
        .collect();
    let database_group = draft.config.database.is_some().then(|| add_group(draft, vpc, "database", "The database"));
    if let Some(database) = &database_group {
        for (service, rules) in add_database_rules(draft, database, &service_groups) {
            service_rules.entry(service).or_default().extend(rules);
        }
    }
    Groups { alb_group, service_groups, service_rules, database_group }
}

fn add_group(draft: &mut Draft<'_>, vpc: &Handle<Vpc>, key: &str, description: &str) -> Handle<SecurityGroup> {
    let group = SecurityGroup { vpc: vpc.id(), description: description.to_owned(), unmanaged_rules: Vec::new() };
    draft.add(Chapter::Network, key, &["security-group", key], group)
}

/// Adds a rule. Its key is the group's and, after a dot, which no service's name holds, what it is for.
fn add_rule(
    draft: &mut Draft<'_>,
    group: &Handle<SecurityGroup>,
    purpose: &str,
    opening: Opening,
) -> Handle<SecurityGroupRule> {
    let key = format!("{}.{purpose}", group.key().name());
    let rule = SecurityGroupRule {
        group: group.id(),
        direction: opening.direction,
        protocol: opening.protocol,
        ports: Some(Ports::one(opening.port)),
        peer: opening.peer,
        description: opening.description,
    };
    draft.add(Chapter::Network, &key, &["security-group-rule", &key], rule)
}

/// HTTP, and HTTPS where there is a certificate, from who may come; onward to the services' ingress ports only.
fn add_alb_rules(
    draft: &mut Draft<'_>,
    alb: &Handle<SecurityGroup>,
    services: &BTreeMap<String, Handle<SecurityGroup>>,
) {
    let ingress = &draft.config.ingress;
    let https = ingress.certificate_arn.as_ref().map(|_| ("https", 443));
    for (name, port) in [("http", 80)].into_iter().chain(https) {
        for range in &ingress.allowed_cidrs {
            let purpose = format!("{name}.{}", range.to_string().replace('/', "_"));
            let opening = Opening::tcp(Direction::Ingress, port, Peer::Cidr(*range), format!("{name} from {range}"));
            add_rule(draft, alb, &purpose, opening);
        }
    }
    for (service, group) in services {
        let to = format!("Requests to {service}");
        let opening = Opening::tcp(Direction::Egress, ports::INGRESS, Peer::Group(group.id()), to);
        add_rule(draft, alb, &format!("to.{service}"), opening);
    }
}

/// From each service that uses the database to it, and to nowhere from it.
fn add_database_rules(
    draft: &mut Draft<'_>,
    database: &Handle<SecurityGroup>,
    services: &BTreeMap<String, Handle<SecurityGroup>>,
) -> Vec<(String, [Handle<SecurityGroupRule>; 2])> {
    let config = draft.config;
    let users = config.services.iter().filter(|(_, service)| service.database);
    let mut add = |service: &String| {
        let group = &services[service];
        let from = Opening::tcp(Direction::Ingress, PORT, Peer::Group(group.id()), format!("Queries from {service}"));
        let to = Opening::tcp(Direction::Egress, PORT, Peer::Group(database.id()), "Queries to the database");
        let from = add_rule(draft, database, &format!("from.{service}"), from);
        [from, add_rule(draft, group, "to-database", to)]
    };
    users.map(|(service, _)| (service.clone(), add(service))).collect()
}

/// Where a service's callers reach it, and what such rules are called. App Mesh has the callee's own port. The names differ, so that
/// a change of the provider opens the new way before it closes the old one; in its middle both are open.
fn ways_in(draft: &Draft<'_>, callee: &str, purpose: &str, other: &str) -> Vec<(u16, String)> {
    let plane = draft.facts.mesh;
    let app_mesh = || (draft.config.services[callee].port, format!("{purpose}.{other}.app-mesh"));
    let envoy = || (ports::MESH, format!("{purpose}.{other}"));
    plane.has_app_mesh().then(app_mesh).into_iter().chain(plane.has_envoy().then(envoy)).collect()
}

/// In: the load balancer on the ingress port, declared callers on the mesh port. Out: declared callees on the mesh port, AWS's APIs and
/// registries by HTTPS, name resolution.
fn add_service_rules(
    draft: &mut Draft<'_>,
    service: &str,
    alb: &Handle<SecurityGroup>,
    services: &BTreeMap<String, Handle<SecurityGroup>>,
) -> Vec<Handle<SecurityGroupRule>> {
    use Direction::{Egress, Ingress};
    let config = draft.config;
    let group = &services[service];
    let from_alb = Opening::tcp(Ingress, ports::INGRESS, Peer::Group(alb.id()), "Requests from the load balancer");
    let mut rules = vec![add_rule(draft, group, "from-alb", from_alb)];

    let callers = config.services.iter().filter(|(_, other)| other.calls.iter().any(|callee| callee == service));
    for (caller, _) in callers {
        for (port, purpose) in ways_in(draft, service, "from", caller) {
            let peer = Peer::Group(services[caller].id());
            let opening = Opening::tcp(Ingress, port, peer, format!("Calls from {caller}"));
            rules.push(add_rule(draft, group, &purpose, opening));
        }
    }
    for callee in &config.services[service].calls {
        for (port, purpose) in ways_in(draft, callee, "to", callee) {
            let peer = Peer::Group(services[callee].id());
            let opening = Opening::tcp(Egress, port, peer, format!("Calls to {callee}"));
            rules.push(add_rule(draft, group, &purpose, opening));
        }
    }

    let aws = Opening::tcp(Egress, 443, Peer::Cidr(everywhere()), "APIs of AWS and image registries");
    rules.push(add_rule(draft, group, "https", aws));
    let resolver = || Peer::Cidr(config.network.cidr);
    let tcp = Opening::tcp(Egress, 53, resolver(), "Name resolution");
    rules.push(add_rule(draft, group, "dns-tcp", tcp));
    let udp = Opening { protocol: Protocol::Udp, ..Opening::tcp(Egress, 53, resolver(), "Name resolution") };
    rules.push(add_rule(draft, group, "dns-udp", udp));
    rules
}
