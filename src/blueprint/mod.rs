//! What an environment consists of: a pure function of configuration, suffix and a few facts. Makes no call, reads no clock.

pub mod data;
pub mod draft;
pub mod mesh;
pub mod secrets;

pub use data::Data;
pub use draft::{Draft, Facts};
pub use mesh::Mesh;
pub use secrets::Secrets;
