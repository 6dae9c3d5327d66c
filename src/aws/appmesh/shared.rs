//! What all parts of a mesh have in common. Each is in place when its create call is answered, and gone when its delete call
//! is (App Mesh API reference); each is known by its ARN, which holds the names of all that it is part of.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_appmesh::types::TagRef;
use futures::future::try_join_all;
use serde_json::{Map, Value};

use crate::{
    aws::{Answer, Aws, tags},
    engine::{
        Failure, Identity, Key, Life, Manner, Naming, Outputs, Repeat, Scope, Sighting, Tags, Target, Wait, When,
        failure::absent_is_fine,
    },
};

/// A part of a mesh that was listed.
pub(super) struct Found {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

impl Found {
    fn recorded(arn: &str) -> Self {
        Found { name: arn.rsplit('/').next().unwrap_or(arn).to_owned(), arn: arn.to_owned() }
    }
}

/// What differs from one kind of part to the next.
#[async_trait]
pub(super) trait Piece: Sized {
    /// The kind's name.
    const NAME: &'static str;
    /// The IAM actions of the calls below.
    const ACTIONS: &'static [&'static str];

    /// The name of the mesh that one is wanted in.
    fn mesh_of(target: &Target) -> Option<&str> {
        target.text("mesh")
    }
    /// Lists all of this kind in one mesh.
    async fn list(aws: &Aws, mesh: &str) -> Result<Vec<Found>, Failure>;
    /// The specification of one, in the JSON of the API. There is no call for several.
    async fn look(aws: &Aws, arn: &str) -> Result<Option<Value>, Failure>;
    /// Creates one. Returns its ARN.
    async fn create_one(&self, aws: &Aws, identity: &Identity) -> Result<String, Failure>;
    /// Gives it its specification.
    async fn update_one(&self, aws: &Aws, arn: &str) -> Result<(), Failure>;
    /// Deletes one.
    async fn delete_one(aws: &Aws, arn: &str) -> Result<(), Failure>;
}

/// How all parts behave.
pub(super) fn manner() -> Manner {
    Manner {
        naming: Naming::Unique,
        repeat: Repeat::Safe,
        usable: When::Created,
        create: Wait::INSTANT,
        delete: Wait::seconds(1, 300),
    }
}

/// The outputs of all parts.
pub(super) fn outputs(arn: &str) -> Outputs {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    Outputs::from([("name".to_owned(), name.to_owned()), ("arn".to_owned(), arn.to_owned())])
}

/// A name in an ARN such as `arn:aws:appmesh:us-east-1:1:mesh/mesh-dev/virtualRouter/r/route/x`.
///
/// # Errors
/// A failure of the tool itself where the ARN holds no such name.
pub(super) fn name_in<'a>(arn: &'a str, of: &str) -> Result<&'a str, Failure> {
    let names: Vec<&str> = arn.rsplit(':').next().unwrap_or_default().split('/').collect();
    let pair = names.chunks_exact(2).find(|pair| pair[0] == of);
    pair.map(|pair| pair[1]).ok_or_else(|| Failure::internal(format!("{arn} names no {of}")))
}

/// Our tags as App Mesh takes them.
pub(super) fn tag_refs(tags: &Tags) -> Vec<TagRef> {
    tags.iter().flat_map(|(key, value)| TagRef::builder().key(key).value(value).build()).collect()
}

async fn read_tags(aws: &Aws, arn: &str) -> Result<Tags, Failure> {
    let mut pages = aws.appmesh.list_tags_for_resource().resource_arn(arn).into_paginator().send();
    let mut found = Tags::new();
    while let Some(page) = pages.next().await {
        let page = page.of("appmesh:ListTagsForResource")?;
        found.extend(tags::collect(page.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value())))));
    }
    Ok(found)
}

/// The meshes that the environment's parts are in: those that are wanted or recorded, and with them those that the tags know.
fn meshes<'a, P: Piece>(scope: &'a Scope<'_>) -> BTreeSet<&'a str> {
    let wanted = scope.targets.iter().filter_map(P::mesh_of);
    let recorded = scope.targets.iter().filter_map(|target| target.id.as_deref());
    let tagged = scope.tagged_with(":appmesh:").map(|hit| hit.arn.as_str()).filter(|_| scope.sweep);
    wanted.chain(recorded.chain(tagged).filter_map(|arn| name_in(arn, "mesh").ok())).collect()
}

/// Finds all parts of one kind. Those that are recorded are described; where one is not, or where what nobody knows is looked for,
/// they are listed first. No call is made where the environment has no mesh, for the service may have none to answer it.
pub(super) async fn find<P: Piece>(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
    let recorded: Option<Vec<Found>> =
        scope.targets.iter().map(|target| Some(Found::recorded(target.id.as_deref()?))).collect();
    let parts = match recorded {
        Some(recorded) if !scope.sweep => recorded,
        _ => list::<P>(aws, scope).await?,
    };
    let looks = parts.into_iter().map(|part| sighting::<P>(aws, scope, part));
    Ok(try_join_all(looks).await?.into_iter().flatten().collect())
}

async fn list<P: Piece>(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    for mesh in meshes::<P>(scope) {
        found.extend(absent_is_fine(P::list(aws, mesh).await)?);
    }
    Ok(found)
}

/// One part that was listed, if it is ours or has the name of one that is wanted.
pub(super) async fn sighting<P: Piece>(
    aws: &Aws,
    scope: &Scope<'_>,
    piece: Found,
) -> Result<Option<Sighting>, Failure> {
    let mut observed = Map::new();
    for (field, of) in [("mesh", "mesh"), ("router", "virtualRouter")] {
        if let Ok(name) = name_in(&piece.arn, of) {
            observed.insert(field.into(), Value::from(name));
        }
    }
    let seen = Sighting {
        key: Key::new(P::NAME, "?"),
        name: piece.name,
        outputs: outputs(&piece.arn),
        id: piece.arn.clone(),
        observed,
        tags: None,
        life: Life::Live,
    };
    let found = if let Some(tags) = tags::searched(scope, &piece.arn) {
        tags::identify(scope, seen, tags)
    } else if scope.by_id(&piece.arn).is_some() {
        tags::identify_recorded(scope, seen)
    } else if scope.by_name(&seen.name).is_none() && !scope.sweep {
        None
    } else {
        tags::identify(scope, seen, &read_tags(aws, &piece.arn).await?)
    };
    let Some(mut seen) = found else { return Ok(None) };
    // What is not wanted is not compared with anything.
    if scope.targets.iter().any(|target| target.key == seen.key) {
        let Some(spec) = P::look(aws, &piece.arn).await? else { return Ok(None) };
        seen.observed.insert("spec".to_owned(), spec);
    }
    Ok(Some(seen))
}

/// Implements the contract for a [`Piece`].
macro_rules! piece {
    ($kind:ident) => {
        #[async_trait::async_trait]
        impl crate::engine::Resource for $kind {
            type Clients = crate::aws::Aws;
            const KIND: &'static str = <$kind as $crate::aws::appmesh::shared::Piece>::NAME;

            fn manner() -> crate::engine::Manner {
                $crate::aws::appmesh::shared::manner()
            }

            fn field(name: &str) -> crate::engine::Field {
                if name == "spec" { crate::engine::Field::UPDATE } else { crate::engine::Field::REPLACE }
            }

            async fn find(
                aws: &crate::aws::Aws,
                scope: &crate::engine::Scope<'_>,
            ) -> Result<Vec<crate::engine::Sighting>, crate::engine::Failure> {
                $crate::aws::appmesh::shared::find::<$kind>(aws, scope).await
            }

            async fn create(
                &self,
                aws: &crate::aws::Aws,
                identity: &crate::engine::Identity,
            ) -> Result<crate::engine::Created, crate::engine::Failure> {
                let arn = self.create_one(aws, identity).await?;
                Ok(crate::engine::Created { outputs: $crate::aws::appmesh::shared::outputs(&arn), id: arn })
            }

            async fn update(
                &self,
                aws: &crate::aws::Aws,
                it: &crate::engine::Physical,
                changes: &crate::engine::Changes,
            ) -> Result<crate::engine::Outputs, crate::engine::Failure> {
                if changes.touches("spec") {
                    self.update_one(aws, &it.id).await?;
                }
                Ok(crate::engine::Outputs::new())
            }

            async fn tag(
                aws: &crate::aws::Aws,
                it: &crate::engine::Physical,
                tags: &crate::engine::Tags,
            ) -> Result<(), crate::engine::Failure> {
                $crate::aws::tags::tag_arn(aws, &it.id, tags).await
            }

            async fn ready(
                &self,
                _aws: &crate::aws::Aws,
                it: &crate::engine::Physical,
            ) -> Result<crate::engine::Readiness, crate::engine::Failure> {
                Ok(crate::engine::Readiness::Ready($crate::aws::appmesh::shared::outputs(&it.id)))
            }

            async fn delete(aws: &crate::aws::Aws, it: &crate::engine::Physical) -> Result<(), crate::engine::Failure> {
                Self::delete_one(aws, &it.id).await
            }

            async fn gone(
                _aws: &crate::aws::Aws,
                _it: &crate::engine::Physical,
            ) -> Result<crate::engine::Gone, crate::engine::Failure> {
                Ok(crate::engine::Gone::Yes)
            }

            async fn blockers(
                _aws: &crate::aws::Aws,
                _it: &crate::engine::Physical,
            ) -> Result<Vec<String>, crate::engine::Failure> {
                Ok(Vec::new())
            }

            fn actions() -> &'static [&'static str] {
                <$kind as $crate::aws::appmesh::shared::Piece>::ACTIONS
            }
        }
    };
}
pub(super) use piece;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_hold_the_names_of_all_that_a_part_is_in() {
        let arn = "arn:aws:appmesh:us-east-1:123456789012:mesh/route/virtualRouter/r/route/x";
        assert_eq!(name_in(arn, "mesh").ok(), Some("route"));
        assert_eq!(name_in(arn, "virtualRouter").ok(), Some("r"));
        assert_eq!(name_in(arn, "route").ok(), Some("x"));
        assert!(name_in(arn, "virtualNode").is_err());
        assert_eq!(outputs(arn)["name"], "x");
    }
}
