//! EC2: the network.
//!
//! One file per kind of thing. Each kind is a [`record`] with its own state, described by ids or filters; what all of
//! EC2 holds is in [`state`]. Other services put their network interfaces here: `network_interface::create` and
//! `network_interface::expire`.

pub mod address;
mod cidr;
mod filters;
pub mod flow_log;
pub mod internet_gateway;
pub mod nat_gateway;
pub mod network_acl;
pub mod network_interface;
mod permissions;
mod prefix_list;
pub mod record;
pub mod route;
pub mod route_table;
mod rules;
pub mod security_group;
pub mod security_group_rule;
mod service;
pub mod state;
pub mod subnet;
mod tags;
mod tokens;
pub mod vpc;
pub mod vpc_endpoint;
mod vpc_endpoints;
pub(in crate::sandbox) mod zones;

pub(in crate::sandbox) use service::register;
pub use state::Ec2State;
