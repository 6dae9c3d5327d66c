//! SNS: topics and their subscriptions.

mod service;
pub mod state;
mod subscriptions;
mod tags;
#[cfg(test)]
mod tests;
mod topics;

pub(in crate::sandbox) use service::register;
pub use state::{SnsState, Subscription, Topic};
