//! Whether App Mesh is to be had at all.

use crate::{
    aws::{Answer, Aws},
    engine::Failure,
};

/// Asks whether App Mesh answers this account: it ended on 2026-09-30 (AWS Containers blog, "Migrating from AWS App Mesh").
///
/// # Errors
/// The call's own: any means that it is not to be had.
pub async fn probe(aws: &Aws) -> Result<(), Failure> {
    aws.appmesh.list_meshes().limit(1).send().await.of("appmesh:ListMeshes")?;
    Ok(())
}
