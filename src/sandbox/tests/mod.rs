//! Tests of the sandbox, through the real clients, in virtual time.

mod bad_input;
pub mod bench;
mod core;
mod deletion_order;
mod ec2_endpoints;
mod ec2_flow_logs;
mod ec2_groups;
mod ec2_network;
pub mod estate;
mod faults;
pub mod keys;
pub mod support;
