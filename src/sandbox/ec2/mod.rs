//! EC2: the network.
//!
//! One file per kind of thing. Each kind is a record with its own state, described through [`record`]; what all of
//! EC2 holds is in [`state`].

pub mod cidr;
pub mod filters;
pub mod record;
mod service;
pub mod state;
pub mod tags;
pub mod tokens;
pub mod zones;

pub(in crate::sandbox) use service::register;
pub use state::Ec2State;
