//! What an environment consists of: a pure function of configuration, suffix and a few facts. Makes no call, reads no clock.

pub mod build;
pub mod draft;
pub mod network;

pub use build::build;
pub use draft::{Draft, Facts};
