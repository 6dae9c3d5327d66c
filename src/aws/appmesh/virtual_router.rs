//! Virtual routers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::MeshName;
use crate::{
    engine::{Handle, Output},
    markers,
};

markers! {
    /// A virtual router's name.
    VirtualRouterName,
}

/// A virtual router.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VirtualRouter {
    /// The mesh that it is part of.
    pub mesh: Output<MeshName>,
    /// Its specification in the JSON of the App Mesh API (`VirtualRouterSpec`).
    pub spec: Value,
}

impl Handle<VirtualRouter> {
    /// Its name.
    pub fn name(&self) -> Output<VirtualRouterName> {
        self.output("name")
    }
}
