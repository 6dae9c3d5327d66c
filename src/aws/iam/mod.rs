//! IAM: roles.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod document;
mod fresh;
pub mod role;

pub use fresh::Fresh;
pub use role::{Role, RoleArn, RoleName};

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<Role>(aws);
}
