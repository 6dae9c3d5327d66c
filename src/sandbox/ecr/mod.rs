//! ECR: image repositories.

mod images;
mod layers;
mod lifecycle;
mod repositories;
mod service;
pub mod state;
mod tags;
#[cfg(test)]
mod tests;

pub(in crate::sandbox) use service::register;
pub use state::{EcrState, Image, Repository};
