//! Virtual nodes: what the mesh knows of a service's tasks.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    MeshName, convert,
    shared::{Found, Piece, name_in, piece, tag_refs},
};
use crate::{
    aws::{Answer, Aws},
    engine::{Failure, Handle, Identity, Output, failure::absent_is_fine},
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

#[async_trait]
impl Piece for VirtualNode {
    const NAME: &'static str = "virtual-node";
    const ACTIONS: &'static [&'static str] = &[
        "appmesh:CreateVirtualNode",
        "appmesh:DeleteVirtualNode",
        "appmesh:DescribeVirtualNode",
        "appmesh:ListVirtualNodes",
        "appmesh:ListTagsForResource",
        "appmesh:TagResource",
        "appmesh:UpdateVirtualNode",
        "tag:TagResources",
    ];

    async fn list(aws: &Aws, mesh: &str) -> Result<Vec<Found>, Failure> {
        let mut pages = aws.appmesh.list_virtual_nodes().mesh_name(mesh).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.of("appmesh:ListVirtualNodes")?;
            let refs = page.virtual_nodes().iter();
            found.extend(refs.map(|one| Found { name: one.virtual_node_name().to_owned(), arn: one.arn().to_owned() }));
        }
        Ok(found)
    }

    async fn look(aws: &Aws, arn: &str) -> Result<Option<Value>, Failure> {
        let call = aws
            .appmesh
            .describe_virtual_node()
            .mesh_name(name_in(arn, "mesh")?)
            .virtual_node_name(name_in(arn, "virtualNode")?);
        let answer = absent_is_fine(call.send().await.of("appmesh:DescribeVirtualNode").map(Some))?;
        let spec = answer.and_then(|answer| answer.virtual_node).and_then(|it| it.spec);
        Ok(spec.as_ref().map(convert::shown::virtual_node))
    }

    async fn create_one(&self, aws: &Aws, identity: &Identity) -> Result<String, Failure> {
        let answer = aws
            .appmesh
            .create_virtual_node()
            .mesh_name(self.mesh.get()?)
            .virtual_node_name(&identity.name)
            .spec(convert::virtual_node(&self.spec)?)
            .client_token(&identity.token)
            .set_tags(Some(tag_refs(&identity.tags)))
            .send()
            .await
            .of("appmesh:CreateVirtualNode")?;
        let metadata = answer.virtual_node.and_then(|made| made.metadata);
        Ok(metadata.map(|metadata| metadata.arn).unwrap_or_default())
    }

    async fn update_one(&self, aws: &Aws, arn: &str) -> Result<(), Failure> {
        let call = aws.appmesh.update_virtual_node().mesh_name(name_in(arn, "mesh")?);
        let call = call.virtual_node_name(name_in(arn, "virtualNode")?).spec(convert::virtual_node(&self.spec)?);
        call.send().await.of("appmesh:UpdateVirtualNode")?;
        Ok(())
    }

    async fn delete_one(aws: &Aws, arn: &str) -> Result<(), Failure> {
        let call = aws.appmesh.delete_virtual_node().mesh_name(name_in(arn, "mesh")?);
        call.virtual_node_name(name_in(arn, "virtualNode")?).send().await.of("appmesh:DeleteVirtualNode")?;
        Ok(())
    }
}

piece!(VirtualNode);
