//! Virtual services: the names under which services are called.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::MeshName;
use crate::engine::Output;

/// A virtual service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VirtualService {
    /// The mesh that it is part of.
    pub mesh: Output<MeshName>,
    /// Its specification in the JSON of the App Mesh API (`VirtualServiceSpec`).
    pub spec: Value,
}
