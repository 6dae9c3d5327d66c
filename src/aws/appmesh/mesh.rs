//! Meshes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    engine::{Handle, Output},
    markers,
};

markers! {
    /// A mesh's name.
    MeshName,
}

/// A mesh.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mesh {
    /// Its specification in the JSON of the App Mesh API (`MeshSpec`).
    pub spec: Value,
}

impl Handle<Mesh> {
    /// Its name.
    pub fn name(&self) -> Output<MeshName> {
        self.output("name")
    }
}
