//! App Mesh: the mesh and what is in it.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod probe;

/// Adds this service's kinds.
pub fn register(_kinds: &mut Kinds, _aws: &Arc<Aws>) {}
