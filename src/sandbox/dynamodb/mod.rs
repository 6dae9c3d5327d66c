//! DynamoDB: tables. Items are not simulated.

mod backups;
mod checks;
mod describe;
mod service;
pub mod state;
mod tables;
#[cfg(test)]
mod tests;

pub(in crate::sandbox) use service::register;
pub use state::{DynamoDbState, Table};
