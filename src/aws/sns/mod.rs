//! SNS: the alarm topic and its subscriptions.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod subscription;
pub mod topic;

pub use subscription::Subscription;
pub use topic::{Topic, TopicArn};

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<Topic>(aws);
    kinds.add::<Subscription>(aws);
}
