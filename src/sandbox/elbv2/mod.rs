//! Elastic Load Balancing v2: application load balancers, target groups, listeners, rules, and the health of targets.

mod actions;
mod attribute_rules;
pub mod health;
mod listeners;
mod load_balancers;
mod rules;
mod service;
pub mod state;
mod tags;
mod target_groups;
#[cfg(test)]
mod tests;

pub(in crate::sandbox) use service::register;
pub use state::Elbv2State;
