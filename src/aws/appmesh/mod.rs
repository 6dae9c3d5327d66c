//! App Mesh: the mesh and what is in it.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

/// Adds this service's kinds.
pub fn register(_kinds: &mut Kinds, _aws: &Arc<Aws>) {}

/// Asks whether App Mesh answers this account at all: it ended on 2026-09-30 (AWS Containers blog, "Migrating from AWS App Mesh").
///
/// # Errors
/// The call's own: any means that it is not to be had.
pub async fn probe(aws: &Aws) -> Result<(), crate::engine::Failure> {
    use super::Answer as _;
    aws.appmesh.list_meshes().limit(1).send().await.of("appmesh:ListMeshes")?;
    Ok(())
}
