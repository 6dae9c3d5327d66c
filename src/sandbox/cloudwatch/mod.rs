//! CloudWatch: alarms and dashboards. There are no metrics: what an alarm shows is told to it by SetAlarmState.

mod alarm_rules;
mod alarms;
mod dashboard_rules;
mod dashboards;
pub mod query;
mod service;
pub mod state;
mod tags;
#[cfg(test)]
mod tests;

pub use query::{Query, Stat};
pub(in crate::sandbox) use service::register;
pub use state::{Alarm, CloudWatchState, Dashboard, State, Watched, alarm_state};
