//! IAM: roles.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod role;

pub use role::{Role, RoleArn, RoleName};

/// Adds this service's kinds.
pub fn register(_kinds: &mut Kinds, _aws: &Arc<Aws>) {}
