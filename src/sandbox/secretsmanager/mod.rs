//! Secrets Manager: secrets and their versions.

mod checks;
mod describe;
mod filters;
mod secrets;
mod service;
pub mod state;
#[cfg(test)]
mod tests;
mod values;

pub(in crate::sandbox) use service::register;
pub use state::{Secret, SecretsManagerState};
