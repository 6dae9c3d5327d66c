//! What an environment consists of: a pure function of configuration, suffix and a few facts. Makes no call, reads no clock.

pub mod draft;
pub mod ingress;

pub use draft::{Draft, Facts};
