//! App Mesh: the mesh and what it consists of. AWS ended the service on 2026-09-30; the kinds are used only where an
//! account still reaches it.

use std::sync::Arc;

use super::Aws;
use crate::engine::{Kinds, Resource};

pub(crate) mod convert;
pub mod mesh;
pub mod probe;
pub mod route;
mod shared;
pub mod virtual_node;
pub mod virtual_router;
pub mod virtual_service;

pub use mesh::{Mesh, MeshName};
pub use route::Route;
pub use virtual_node::{VirtualNode, VirtualNodeArn, VirtualNodeName};
pub use virtual_router::{VirtualRouter, VirtualRouterName};
pub use virtual_service::VirtualService;

/// The kinds that live in App Mesh, and go with it.
pub const KINDS: [&str; 5] = [Mesh::KIND, VirtualNode::KIND, VirtualRouter::KIND, Route::KIND, VirtualService::KIND];

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<Mesh>(aws);
    kinds.add::<VirtualNode>(aws);
    kinds.add::<VirtualRouter>(aws);
    kinds.add::<Route>(aws);
    kinds.add::<VirtualService>(aws);
}
