//! Virtual services: the names under which services are called.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    MeshName, convert,
    shared::{Found, Piece, name_in, piece, tag_refs},
};
use crate::{
    aws::{Answer, Aws},
    engine::{Failure, Identity, Output, failure::absent_is_fine},
};

/// A virtual service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VirtualService {
    /// The mesh that it is part of.
    pub mesh: Output<MeshName>,
    /// Its specification in the JSON of the App Mesh API (`VirtualServiceSpec`).
    pub spec: Value,
}

#[async_trait]
impl Piece for VirtualService {
    const NAME: &'static str = "virtual-service";
    const ACTIONS: &'static [&'static str] = &[
        "appmesh:CreateVirtualService",
        "appmesh:DeleteVirtualService",
        "appmesh:DescribeVirtualService",
        "appmesh:ListVirtualServices",
        "appmesh:ListTagsForResource",
        "appmesh:TagResource",
        "appmesh:UpdateVirtualService",
        "tag:TagResources",
    ];

    async fn list(aws: &Aws, mesh: &str) -> Result<Vec<Found>, Failure> {
        let mut pages = aws.appmesh.list_virtual_services().mesh_name(mesh).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.of("appmesh:ListVirtualServices")?;
            let refs = page.virtual_services().iter();
            found.extend(
                refs.map(|one| Found { name: one.virtual_service_name().to_owned(), arn: one.arn().to_owned() }),
            );
        }
        Ok(found)
    }

    async fn look(aws: &Aws, arn: &str) -> Result<Option<Value>, Failure> {
        let call = aws
            .appmesh
            .describe_virtual_service()
            .mesh_name(name_in(arn, "mesh")?)
            .virtual_service_name(name_in(arn, "virtualService")?);
        let answer = absent_is_fine(call.send().await.of("appmesh:DescribeVirtualService").map(Some))?;
        let spec = answer.and_then(|answer| answer.virtual_service).and_then(|it| it.spec);
        Ok(spec.as_ref().map(convert::shown::virtual_service))
    }

    async fn create_one(&self, aws: &Aws, identity: &Identity) -> Result<String, Failure> {
        let answer = aws
            .appmesh
            .create_virtual_service()
            .mesh_name(self.mesh.get()?)
            .virtual_service_name(&identity.name)
            .spec(convert::virtual_service(&self.spec)?)
            .client_token(&identity.token)
            .set_tags(Some(tag_refs(&identity.tags)))
            .send()
            .await
            .of("appmesh:CreateVirtualService")?;
        let metadata = answer.virtual_service.and_then(|made| made.metadata);
        Ok(metadata.map(|metadata| metadata.arn).unwrap_or_default())
    }

    async fn update_one(&self, aws: &Aws, arn: &str) -> Result<(), Failure> {
        let call = aws.appmesh.update_virtual_service().mesh_name(name_in(arn, "mesh")?);
        let call =
            call.virtual_service_name(name_in(arn, "virtualService")?).spec(convert::virtual_service(&self.spec)?);
        call.send().await.of("appmesh:UpdateVirtualService")?;
        Ok(())
    }

    async fn delete_one(aws: &Aws, arn: &str) -> Result<(), Failure> {
        let call = aws.appmesh.delete_virtual_service().mesh_name(name_in(arn, "mesh")?);
        call.virtual_service_name(name_in(arn, "virtualService")?).send().await.of("appmesh:DeleteVirtualService")?;
        Ok(())
    }
}

piece!(VirtualService);
