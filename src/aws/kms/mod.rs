//! KMS: the environment's key and its alias.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod alias;
pub mod key;

pub use alias::KmsAlias;
pub use key::{KmsKey, KmsKeyArn, KmsKeyId};

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<KmsKey>(aws);
    kinds.add::<KmsAlias>(aws);
}
