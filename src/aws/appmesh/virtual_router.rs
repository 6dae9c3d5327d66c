//! Virtual routers.

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

#[async_trait]
impl Piece for VirtualRouter {
    const NAME: &'static str = "virtual-router";
    const ACTIONS: &'static [&'static str] = &[
        "appmesh:CreateVirtualRouter",
        "appmesh:DeleteVirtualRouter",
        "appmesh:DescribeVirtualRouter",
        "appmesh:ListVirtualRouters",
        "appmesh:ListTagsForResource",
        "appmesh:TagResource",
        "appmesh:UpdateVirtualRouter",
        "tag:TagResources",
    ];

    async fn list(aws: &Aws, mesh: &str) -> Result<Vec<Found>, Failure> {
        let mut pages = aws.appmesh.list_virtual_routers().mesh_name(mesh).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.of("appmesh:ListVirtualRouters")?;
            let refs = page.virtual_routers().iter();
            found.extend(
                refs.map(|one| Found { name: one.virtual_router_name().to_owned(), arn: one.arn().to_owned() }),
            );
        }
        Ok(found)
    }

    async fn look(aws: &Aws, arn: &str) -> Result<Option<Value>, Failure> {
        let call = aws
            .appmesh
            .describe_virtual_router()
            .mesh_name(name_in(arn, "mesh")?)
            .virtual_router_name(name_in(arn, "virtualRouter")?);
        let answer = absent_is_fine(call.send().await.of("appmesh:DescribeVirtualRouter").map(Some))?;
        let spec = answer.and_then(|answer| answer.virtual_router).and_then(|it| it.spec);
        Ok(spec.as_ref().map(convert::shown::virtual_router))
    }

    async fn create_one(&self, aws: &Aws, identity: &Identity) -> Result<String, Failure> {
        let answer = aws
            .appmesh
            .create_virtual_router()
            .mesh_name(self.mesh.get()?)
            .virtual_router_name(&identity.name)
            .spec(convert::virtual_router(&self.spec)?)
            .client_token(&identity.token)
            .set_tags(Some(tag_refs(&identity.tags)))
            .send()
            .await
            .of("appmesh:CreateVirtualRouter")?;
        let metadata = answer.virtual_router.and_then(|made| made.metadata);
        Ok(metadata.map(|metadata| metadata.arn).unwrap_or_default())
    }

    async fn update_one(&self, aws: &Aws, arn: &str) -> Result<(), Failure> {
        let call = aws.appmesh.update_virtual_router().mesh_name(name_in(arn, "mesh")?);
        let call = call.virtual_router_name(name_in(arn, "virtualRouter")?).spec(convert::virtual_router(&self.spec)?);
        call.send().await.of("appmesh:UpdateVirtualRouter")?;
        Ok(())
    }

    async fn delete_one(aws: &Aws, arn: &str) -> Result<(), Failure> {
        let call = aws.appmesh.delete_virtual_router().mesh_name(name_in(arn, "mesh")?);
        call.virtual_router_name(name_in(arn, "virtualRouter")?).send().await.of("appmesh:DeleteVirtualRouter")?;
        Ok(())
    }
}

piece!(VirtualRouter);
