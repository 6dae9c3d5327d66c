//! CloudWatch Logs: log groups and what is written into them.

mod events;
mod groups;
mod service;
pub mod state;
mod tags;
#[cfg(test)]
mod tests;

pub(in crate::sandbox) use service::register;
pub use state::{LogEvent, LogGroup, LogsState};
