//! CloudWatch Logs: log groups.

mod groups;
mod service;
pub mod state;
mod tags;
#[cfg(test)]
mod tests;

pub(in crate::sandbox) use service::register;
pub use state::{LogGroup, LogsState};
