//! EC2: the network.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod shared;
pub mod subnet;
pub mod vpc;
pub mod zones;

pub use subnet::Subnet;
pub use vpc::Vpc;

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<Vpc>(aws);
    kinds.add::<Subnet>(aws);
}
