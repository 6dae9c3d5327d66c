//! EC2: the network.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

mod default_group;
pub mod elastic_ip;
pub mod flow_log;
pub mod internet_gateway;
pub mod nat_gateway;
pub mod nat_route;
pub mod route_table;
pub mod rule_text;
pub mod security_group;
pub mod security_group_rule;
pub mod shared;
pub mod subnet;
#[cfg(test)]
mod tests;
pub mod vpc;
pub mod vpc_endpoint;
pub mod zones;

pub use elastic_ip::ElasticIp;
pub use flow_log::FlowLog;
pub use internet_gateway::InternetGateway;
pub use nat_gateway::NatGateway;
pub use nat_route::NatRoute;
pub use route_table::{Route, RouteTable};
pub use rule_text::Direction;
pub use security_group::SecurityGroup;
pub use security_group_rule::{Peer, Ports, Protocol, SecurityGroupRule};
pub use subnet::Subnet;
pub use vpc::Vpc;
pub use vpc_endpoint::VpcEndpoint;

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<Vpc>(aws);
    kinds.add::<Subnet>(aws);
    kinds.add::<InternetGateway>(aws);
    kinds.add::<ElasticIp>(aws);
    kinds.add::<NatGateway>(aws);
    kinds.add::<RouteTable>(aws);
    kinds.add::<NatRoute>(aws);
    kinds.add::<VpcEndpoint>(aws);
    kinds.add::<SecurityGroup>(aws);
    kinds.add::<SecurityGroupRule>(aws);
    kinds.add::<FlowLog>(aws);
}
