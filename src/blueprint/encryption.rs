//! The environment's key.

use crate::{aws::kms::KmsKey, engine::Handle};

/// The environment's key.
pub struct Encryption {
    /// What everything is encrypted with.
    pub key: Handle<KmsKey>,
}
