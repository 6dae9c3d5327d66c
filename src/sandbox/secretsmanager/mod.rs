//! Secrets Manager: secrets and their versions.

mod checks;
mod describe;
mod filters;
mod rotation;
mod secrets;
mod service;
pub mod state;
#[cfg(test)]
mod tests;
mod values;

pub(in crate::sandbox) use rotation::{due, step};
pub(in crate::sandbox) use secrets::keep_for_service;
pub(in crate::sandbox) use service::register;
pub use state::{Secret, SecretsManagerState};
pub(in crate::sandbox) use values::{put_secret_value, update_secret, update_secret_version_stage};
