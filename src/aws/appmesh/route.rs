//! Routes of a virtual router.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{MeshName, VirtualRouterName};
use crate::engine::Output;

/// A route.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Route {
    /// The mesh that it is part of.
    pub mesh: Output<MeshName>,
    /// The router that follows it.
    pub router: Output<VirtualRouterName>,
    /// Its specification in the JSON of the App Mesh API (`RouteSpec`).
    pub spec: Value,
}
