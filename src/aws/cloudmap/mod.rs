//! Cloud Map: the private DNS namespace and the services' names in it.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod namespace;
pub mod service;
mod shared;

pub use namespace::{Namespace, NamespaceArn, NamespaceId, NamespaceName};
pub use service::{DiscoveryService, DiscoveryServiceArn, DiscoveryServiceId};

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<Namespace>(aws);
    kinds.add::<DiscoveryService>(aws);
}
