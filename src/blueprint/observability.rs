//! What people see of an environment: alarms, who is told of them, and a dashboard.

mod alarms;
#[cfg(test)]
pub(crate) mod bench;
mod dashboard;
pub(super) mod metrics;

pub use alarms::{Alarms, add_alarms, add_rotator_alarm};
pub use dashboard::add_dashboard;
