//! Application Auto Scaling: targets and policies.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

/// Adds this service's kinds.
pub fn register(_kinds: &mut Kinds, _aws: &Arc<Aws>) {}
