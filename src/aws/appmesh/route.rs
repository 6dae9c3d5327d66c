//! Routes of a virtual router.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    MeshName, VirtualRouter, VirtualRouterName, convert,
    shared::{Found, Piece, name_in, piece, tag_refs},
};
use crate::{
    aws::{Answer, Aws},
    engine::{Failure, Identity, Output, failure::absent_is_fine},
};

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

#[async_trait]
impl Piece for Route {
    const NAME: &'static str = "mesh-route";
    const ACTIONS: &'static [&'static str] = &[
        "appmesh:CreateRoute",
        "appmesh:DeleteRoute",
        "appmesh:DescribeRoute",
        "appmesh:ListRoutes",
        "appmesh:ListTagsForResource",
        "appmesh:ListVirtualRouters",
        "appmesh:TagResource",
        "appmesh:UpdateRoute",
        "tag:TagResources",
    ];

    async fn list(aws: &Aws, mesh: &str) -> Result<Vec<Found>, Failure> {
        let mut found = Vec::new();
        for router in VirtualRouter::list(aws, mesh).await? {
            let mut pages =
                aws.appmesh.list_routes().mesh_name(mesh).virtual_router_name(router.name).into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.of("appmesh:ListRoutes")?;
                let refs = page.routes().iter();
                found.extend(refs.map(|one| Found { name: one.route_name().to_owned(), arn: one.arn().to_owned() }));
            }
        }
        Ok(found)
    }

    async fn look(aws: &Aws, arn: &str) -> Result<Option<Value>, Failure> {
        let call = aws
            .appmesh
            .describe_route()
            .mesh_name(name_in(arn, "mesh")?)
            .virtual_router_name(name_in(arn, "virtualRouter")?)
            .route_name(name_in(arn, "route")?);
        let answer = absent_is_fine(call.send().await.of("appmesh:DescribeRoute").map(Some))?;
        let spec = answer.and_then(|answer| answer.route).and_then(|it| it.spec);
        Ok(spec.as_ref().map(convert::shown::route))
    }

    async fn create_one(&self, aws: &Aws, identity: &Identity) -> Result<String, Failure> {
        let answer = aws
            .appmesh
            .create_route()
            .mesh_name(self.mesh.get()?)
            .virtual_router_name(self.router.get()?)
            .route_name(&identity.name)
            .spec(convert::route(&self.spec)?)
            .client_token(&identity.token)
            .set_tags(Some(tag_refs(&identity.tags)))
            .send()
            .await
            .of("appmesh:CreateRoute")?;
        let metadata = answer.route.and_then(|made| made.metadata);
        Ok(metadata.map(|metadata| metadata.arn).unwrap_or_default())
    }

    async fn update_one(&self, aws: &Aws, arn: &str) -> Result<(), Failure> {
        let call = aws.appmesh.update_route().mesh_name(name_in(arn, "mesh")?);
        let call = call.virtual_router_name(name_in(arn, "virtualRouter")?);
        let call = call.route_name(name_in(arn, "route")?).spec(convert::route(&self.spec)?);
        call.send().await.of("appmesh:UpdateRoute")?;
        Ok(())
    }

    async fn delete_one(aws: &Aws, arn: &str) -> Result<(), Failure> {
        let call = aws.appmesh.delete_route().mesh_name(name_in(arn, "mesh")?);
        let call = call.virtual_router_name(name_in(arn, "virtualRouter")?);
        call.route_name(name_in(arn, "route")?).send().await.of("appmesh:DeleteRoute")?;
        Ok(())
    }
}

piece!(Route);
