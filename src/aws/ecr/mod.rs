//! ECR: image repositories.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod repository;

pub use repository::{Repository, RepositoryArn, RepositoryName, RepositoryUri};

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<Repository>(aws);
}
