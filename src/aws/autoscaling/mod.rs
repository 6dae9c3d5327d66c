//! Application Auto Scaling: how many tasks a service has.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

mod metric;
mod policy;
mod target;

pub use policy::{ScalingPolicy, Tracked};
pub use target::{ScalableResource, ScalableTarget};

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<ScalableTarget>(aws);
    kinds.add::<ScalingPolicy>(aws);
}
