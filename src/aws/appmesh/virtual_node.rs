//! Virtual nodes: what the mesh knows of a service's tasks.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::MeshName;
use crate::{
    engine::{Handle, Output},
    markers,
};

markers! {
    /// A virtual node's name.
    VirtualNodeName,
    /// A virtual node's ARN.
    VirtualNodeArn,
}

/// A virtual node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VirtualNode {
    /// The mesh that it is part of.
    pub mesh: Output<MeshName>,
    /// Its specification in the JSON of the App Mesh API (`VirtualNodeSpec`).
    pub spec: Value,
}

impl Handle<VirtualNode> {
    /// Its name.
    pub fn name(&self) -> Output<VirtualNodeName> {
        self.output("name")
    }

    /// Its ARN: what its Envoys ask their configuration for (`APPMESH_RESOURCE_ARN`).
    pub fn arn(&self) -> Output<VirtualNodeArn> {
        self.output("arn")
    }
}
