//! What an environment consists of: a pure function of configuration, suffix and a few facts. Makes no call, reads no clock.

pub mod build;
pub mod cluster;
pub mod containers;
pub mod data;
pub mod draft;
pub mod ingress;
pub mod mesh;
pub mod secrets;
pub mod services;

pub use build::build;
pub use data::Data;
pub use draft::{Draft, Facts};
pub use ingress::Ingress;
pub use mesh::Mesh;
pub use secrets::Secrets;
