//! The network.

use std::collections::BTreeMap;

use crate::{
    aws::ec2::{RouteTable, SecurityGroup, Subnet, Vpc},
    engine::Handle,
};

/// The network.
pub struct Network {
    /// The VPC.
    pub vpc: Handle<Vpc>,
    /// The public subnets, by zone.
    pub public: Vec<Handle<Subnet>>,
    /// The private subnets, by zone.
    pub private: Vec<Handle<Subnet>>,
    /// The private subnets' route tables, by zone.
    pub private_routes: Vec<Handle<RouteTable>>,
    /// The load balancer's security group.
    pub alb_group: Handle<SecurityGroup>,
    /// Each service's security group.
    pub service_groups: BTreeMap<String, Handle<SecurityGroup>>,
}
