//! S3: buckets, their settings, and as much of objects as is needed to fill and to empty them.

mod buckets;
mod lifecycle;
mod names;
mod objects;
mod policies;
mod service;
mod settings;
pub mod state;
#[cfg(test)]
mod tests;
mod uploads;
mod versions;

pub(in crate::sandbox) use service::register;
pub use state::{Bucket, S3State};
