//! Tests of the sandbox, through the real clients, in virtual time.

pub mod bench;
mod core;
mod ec2_endpoints;
mod ec2_groups;
mod ec2_network;
mod faults;
pub mod keys;
pub mod support;
