//! Meshes.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    convert,
    shared::{Found, Piece, name_in, piece, tag_refs},
};
use crate::{
    aws::{Answer, Aws},
    engine::{Failure, Handle, Identity, Output, Target, failure::absent_is_fine},
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

#[async_trait]
impl Piece for Mesh {
    const NAME: &'static str = "mesh";
    const ACTIONS: &'static [&'static str] = &[
        "appmesh:CreateMesh",
        "appmesh:DeleteMesh",
        "appmesh:DescribeMesh",
        "appmesh:ListMeshes",
        "appmesh:ListTagsForResource",
        "appmesh:TagResource",
        "appmesh:UpdateMesh",
        "tag:TagResources",
    ];

    fn mesh_of(target: &Target) -> Option<&str> {
        Some(&target.name)
    }

    async fn list(aws: &Aws, mesh: &str) -> Result<Vec<Found>, Failure> {
        let mut pages = aws.appmesh.list_meshes().into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.of("appmesh:ListMeshes")?;
            // The account's other meshes are none of ours.
            let refs = page.meshes().iter().filter(|one| one.mesh_name() == mesh);
            found.extend(refs.map(|one| Found { name: one.mesh_name().to_owned(), arn: one.arn().to_owned() }));
        }
        Ok(found)
    }

    async fn look(aws: &Aws, arn: &str) -> Result<Option<Value>, Failure> {
        let call = aws.appmesh.describe_mesh().mesh_name(name_in(arn, "mesh")?);
        let answer = absent_is_fine(call.send().await.of("appmesh:DescribeMesh").map(Some))?;
        let spec = answer.and_then(|answer| answer.mesh).and_then(|it| it.spec);
        Ok(spec.as_ref().map(convert::shown::mesh))
    }

    async fn create_one(&self, aws: &Aws, identity: &Identity) -> Result<String, Failure> {
        let answer = aws
            .appmesh
            .create_mesh()
            .mesh_name(&identity.name)
            .spec(convert::mesh(&self.spec)?)
            .client_token(&identity.token)
            .set_tags(Some(tag_refs(&identity.tags)))
            .send()
            .await
            .of("appmesh:CreateMesh")?;
        let metadata = answer.mesh.and_then(|made| made.metadata);
        Ok(metadata.map(|metadata| metadata.arn).unwrap_or_default())
    }

    async fn update_one(&self, aws: &Aws, arn: &str) -> Result<(), Failure> {
        let call = aws.appmesh.update_mesh().mesh_name(name_in(arn, "mesh")?);
        let call = call.spec(convert::mesh(&self.spec)?);
        call.send().await.of("appmesh:UpdateMesh")?;
        Ok(())
    }

    async fn delete_one(aws: &Aws, arn: &str) -> Result<(), Failure> {
        aws.appmesh.delete_mesh().mesh_name(name_in(arn, "mesh")?).send().await.of("appmesh:DeleteMesh")?;
        Ok(())
    }
}

piece!(Mesh);
