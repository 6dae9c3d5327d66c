//! The network: a VPC over three zones, the ways in and out, who may talk to whom, and the record of who did.

mod addresses;
mod groups;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use ipnet::Ipv4Net;

use super::Draft;
use crate::{
    aws::{
        ec2::{
            ElasticIp, FlowLog, InternetGateway, NatGateway, NatRoute, Route, RouteTable, SecurityGroup,
            SecurityGroupRule, Subnet, Vpc, VpcEndpoint,
        },
        iam::Role,
        kms::KmsKey,
        logs::{self, LogGroup},
    },
    config::NatMode,
    engine::{Chapter, Handle},
};

/// What other chapters build on.
pub struct Network {
    /// The VPC.
    pub vpc: Handle<Vpc>,
    /// The Internet gateway. What gets a public address without naming it in a field (a load balancer) must be made after it and be gone
    /// before it is.
    pub internet_gateway: Handle<InternetGateway>,
    /// The public subnets, by zone: for the load balancer and the NAT gateways.
    pub public: Vec<Handle<Subnet>>,
    /// The private subnets, by zone: for the tasks.
    pub private: Vec<Handle<Subnet>>,
    /// The ways from the private subnets to the Internet, by zone: what pulls images must start after them.
    pub private_routes: Vec<Handle<NatRoute>>,
    /// The load balancer's group.
    pub alb_group: Handle<SecurityGroup>,
    /// Each service's group.
    pub service_groups: BTreeMap<String, Handle<SecurityGroup>>,
    /// The rules of each service's group: without them its tasks reach nothing.
    pub service_rules: BTreeMap<String, Vec<Handle<SecurityGroupRule>>>,
    /// The database's group, where there is a database.
    pub database_group: Option<Handle<SecurityGroup>>,
}

/// The zones in names. By position, so that a zone's subnets keep their names whatever the account calls it.
const ZONES: [&str; 3] = ["a", "b", "c"];

/// Seconds that one flow log record sums up. AWS's default; shorter ones only make more records.
const FLOW_LOG_SECONDS: u32 = 600;

/// Writes the chapter, but for the flow logs.
pub fn add(draft: &mut Draft<'_>) -> Network {
    let vpc = add_vpc(draft);
    let internet_gateway = draft.add(Chapter::Network, "main", &["igw"], InternetGateway::of(vpc.id()));
    let public = add_subnets(draft, &vpc, "public", addresses::public);
    let private = add_subnets(draft, &vpc, "private", addresses::private);
    let gateways = add_nat_gateways(draft, &internet_gateway, &public);
    let public_table = add_public_table(draft, &vpc, &internet_gateway, &public);
    let private_tables = add_private_tables(draft, &vpc, &private);
    let private_routes = add_nat_routes(draft, &public_table, &private_tables, &gateways);
    add_endpoints(draft, &vpc, &private_tables);
    let groups::Groups { alb_group, service_groups, service_rules, database_group } = groups::add(draft, &vpc);
    Network {
        vpc,
        internet_gateway,
        public,
        private,
        private_routes,
        alb_group,
        service_groups,
        service_rules,
        database_group,
    }
}

/// The name of the flow logs' group.
pub fn flow_logs_group(suffix: &str) -> String {
    format!("{}flow-logs", logs::prefix(suffix))
}

/// Writes the flow logs, which need the key and the role of later chapters.
pub fn add_flow_logs(draft: &mut Draft<'_>, network: &Network, key: &Handle<KmsKey>, role: &Handle<Role>) {
    let retention_days = draft.config.network.flow_log_retention_days;
    let name = flow_logs_group(draft.suffix.as_str());
    let group = LogGroup { retention_days, key: key.arn() };
    let group = draft.blueprint.add(Chapter::Network, "flow-logs", name, group);
    let log = FlowLog {
        vpc: network.vpc.id(),
        log_group: group.name(),
        role: role.arn(),
        aggregation_seconds: FLOW_LOG_SECONDS,
    };
    draft.add(Chapter::Network, "vpc", &["flow-log"], log);
}

fn add_vpc(draft: &mut Draft<'_>) -> Handle<Vpc> {
    let cidr = draft.config.network.cidr;
    let vpc = Vpc { cidr, dns_support: true, dns_hostnames: true, default_group_rules: Vec::new() };
    draft.add(Chapter::Network, "main", &["vpc"], vpc)
}

fn add_subnets(
    draft: &mut Draft<'_>,
    vpc: &Handle<Vpc>,
    tier: &str,
    range: fn(Ipv4Net, usize) -> Ipv4Net,
) -> Vec<Handle<Subnet>> {
    let cidr = draft.config.network.cidr;
    let zones = &draft.facts.zones;
    let add = |(position, letter): (usize, &&str)| {
        let subnet = Subnet { vpc: vpc.id(), cidr: range(cidr, position), zone: zones[position].clone() };
        draft.add(Chapter::Network, &format!("{tier}-{letter}"), &["subnet", tier, letter], subnet)
    };
    ZONES.iter().enumerate().map(add).collect()
}

/// One gateway in each zone's public subnet, or one for all.
fn add_nat_gateways(
    draft: &mut Draft<'_>,
    internet_gateway: &Handle<InternetGateway>,
    public: &[Handle<Subnet>],
) -> Vec<Handle<NatGateway>> {
    let count = match draft.config.network.nat {
        NatMode::PerZone => ZONES.len(),
        NatMode::Single => 1,
    };
    let add = |(letter, subnet): (&&str, &Handle<Subnet>)| {
        let address = draft.add(Chapter::Network, letter, &["eip", letter], ElasticIp {});
        let gateway = NatGateway { subnet: subnet.id(), address: address.id(), after: internet_gateway.id() };
        draft.add(Chapter::Network, letter, &["nat", letter], gateway)
    };
    ZONES.iter().zip(public).take(count).map(add).collect()
}

fn everywhere() -> Ipv4Net {
    Ipv4Net::default()
}

fn add_public_table(
    draft: &mut Draft<'_>,
    vpc: &Handle<Vpc>,
    internet_gateway: &Handle<InternetGateway>,
    public: &[Handle<Subnet>],
) -> Handle<RouteTable> {
    let routes = vec![Route { destination: everywhere(), target: internet_gateway.id() }];
    let subnets = public.iter().map(Handle::<Subnet>::id).collect();
    draft.add(Chapter::Network, "public", &["rtb", "public"], RouteTable { vpc: vpc.id(), routes, subnets })
}

fn add_private_tables(draft: &mut Draft<'_>, vpc: &Handle<Vpc>, private: &[Handle<Subnet>]) -> Vec<Handle<RouteTable>> {
    let add = |(letter, subnet): (&&str, &Handle<Subnet>)| {
        let table = RouteTable { vpc: vpc.id(), routes: Vec::new(), subnets: vec![subnet.id()] };
        draft.add(Chapter::Network, &format!("private-{letter}"), &["rtb", "private", letter], table)
    };
    ZONES.iter().zip(private).map(add).collect()
}

/// From each private table through the gateway of its zone, or through the only one.
fn add_nat_routes(
    draft: &mut Draft<'_>,
    public_table: &Handle<RouteTable>,
    private_tables: &[Handle<RouteTable>],
    gateways: &[Handle<NatGateway>],
) -> Vec<Handle<NatRoute>> {
    let add = |((letter, table), gateway): ((&&str, &Handle<RouteTable>), &Handle<NatGateway>)| {
        let route = NatRoute {
            table: table.id(),
            destination: everywhere(),
            gateway: gateway.id(),
            after: vec![public_table.id()],
        };
        draft.add(Chapter::Network, &format!("private-{letter}"), &["nat-route", "private", letter], route)
    };
    // With one gateway for each zone the cycle never comes round; with one for all it is always that one.
    ZONES.iter().zip(private_tables).zip(gateways.iter().cycle()).map(add).collect()
}

/// Ways to S3 (which also holds the layers of ECR's images) and DynamoDB that are free and spare the NAT gateways.
fn add_endpoints(draft: &mut Draft<'_>, vpc: &Handle<Vpc>, private_tables: &[Handle<RouteTable>]) {
    for service in ["s3", "dynamodb"] {
        let endpoint = VpcEndpoint {
            vpc: vpc.id(),
            service: format!("com.amazonaws.{}.{service}", draft.facts.region),
            route_tables: private_tables.iter().map(Handle::<RouteTable>::id).collect(),
        };
        draft.add(Chapter::Network, service, &["vpce", service], endpoint);
    }
}
