//! Application Auto Scaling: scalable targets and scaling policies of ECS services. Nothing is scaled by load, since there is none: a
//! range is kept.

mod policies;
mod policy_rules;
mod service;
pub mod state;
mod tags;
mod targets;
#[cfg(test)]
mod tests;

pub(in crate::sandbox) use service::register;
pub use state::{AutoScalingState, Policy, Target};
