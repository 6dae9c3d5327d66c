//! RDS: subnet groups, Aurora clusters and their instances; and the Data API, as far as roles and log-ins go.

mod clusters;
mod data_api;
mod describe;
mod instances;
mod service;
mod sql;
pub mod state;
mod subnet_groups;
mod tags;
#[cfg(test)]
mod tests;

pub(in crate::sandbox) use data_api::execute;
pub(in crate::sandbox) use service::register;
pub use state::RdsState;
