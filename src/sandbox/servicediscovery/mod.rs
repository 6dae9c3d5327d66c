//! Cloud Map: namespaces, services, the instances in them, and the operations that change them.

mod checks;
mod discover;
mod instances;
mod namespaces;
mod operations;
mod service;
mod services;
pub mod state;
mod tags;
#[cfg(test)]
mod tests;

pub(in crate::sandbox) use service::register;
pub use state::{Instance, Namespace, Service, ServiceDiscoveryState};
