//! What an environment consists of: a pure function of configuration, suffix and a few facts. Makes no call, reads no clock.

pub mod build;
pub mod data;
pub mod draft;
pub mod encryption;
pub mod mesh;
pub mod network;
pub mod secrets;
pub mod ingress;

pub use build::build;
pub use data::Data;
pub use draft::{Draft, Facts};
pub use encryption::Encryption;
pub use mesh::Mesh;
pub use network::Network;
pub use secrets::Secrets;
