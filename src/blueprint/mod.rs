//! What an environment consists of: a pure function of configuration, suffix and a few facts. Makes no call, reads no clock.

pub mod build;
pub mod cluster;
pub mod containers;
pub mod data;
pub mod database;
pub mod draft;
pub mod encryption;
#[cfg(test)]
pub(crate) mod examples;
pub mod identity;
pub mod ingress;
pub mod mesh;
pub mod network;
pub mod observability;
pub mod registry;
pub mod rotator;
#[cfg(test)]
mod samples;
pub mod scaling;
pub mod secrets;
pub mod services;
pub mod sizes;

pub use build::build;
pub use containers::APPLICATION;
pub use data::Data;
pub use database::Database;
pub use draft::{Draft, Facts, Rotation, RotatorCode};
pub use encryption::Encryption;
pub use identity::Identity;
pub use ingress::Ingress;
pub use mesh::Mesh;
pub use network::Network;
pub use observability::Alarms;
pub use registry::Registry;
pub use rotator::Rotator;
pub use secrets::Secrets;
