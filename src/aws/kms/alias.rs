//! Names of keys.

use serde::{Deserialize, Serialize};

use super::KmsKeyId;
use crate::engine::Output;

/// A name of a key, such as `alias/key-dev`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KmsAlias {
    /// The key that it names.
    pub key: Output<KmsKeyId>,
}
