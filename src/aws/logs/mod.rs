//! CloudWatch Logs: log groups.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod group;

pub use group::{LogGroup, LogGroupArn, LogGroupName, insights_name, prefix};

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<LogGroup>(aws);
}
