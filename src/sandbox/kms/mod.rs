//! KMS: keys, their policies and their aliases.
//!
//! Other services call [`usable`] before they take a key, and [`service_may`] where they use it in their own name.

mod aliases;
mod checks;
mod keys;
mod policies;
mod rotation;
mod service;
pub mod state;
mod tags;
#[cfg(test)]
mod tests;
mod use_of;

pub(in crate::sandbox) use service::register;
pub use state::{Key, KmsState};
pub use use_of::{service_may, service_will, usable};
