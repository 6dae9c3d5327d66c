//! What the blueprint needs to know of the account. What was found out once is kept in the state, so that an environment doesn't
//! move because AWS lists its zones in another order.

use super::{OperationError, Workspace, rotate};
use crate::{
    aws,
    blueprint::{Facts, Rotation},
    config::{MeshProvider, fargate},
    engine::{Book, Class, Entry, Failure},
};

/// Name of the recorded choice of zones.
pub const ZONES: &str = "zones";
/// Name of the recorded choice of the mesh's provider.
pub const MESH: &str = "mesh-provider";

/// The facts, and the choices that were made to get them and are to be recorded.
#[derive(Clone, Debug)]
pub struct Found {
    /// The facts.
    pub facts: Facts,
    /// Choices that are not in the state yet.
    pub choices: Vec<Entry>,
    /// Which provider carries the mesh and why, for people.
    pub mesh_reason: String,
}

/// Finds out what is not known yet.
///
/// # Errors
/// A call's own failure, or a region with fewer than three zones.
pub async fn find(workspace: &Workspace, book: &Book) -> Result<Found, OperationError> {
    let mut choices = Vec::new();
    let zones = zones(workspace, book, &mut choices).await?;
    let (app_mesh, mesh_reason) = mesh(workspace, book, &mut choices).await;
    let (account, region) = (workspace.aws.account.clone(), workspace.aws.region.clone());
    let rotation = Rotation { issued_after: rotate::record::issued_after(book), to: None };
    let facts = Facts { partition: partition(&region).to_owned(), account, region, zones, app_mesh, rotation };
    Ok(Found { facts, choices, mesh_reason })
}

/// The partition of a region (AWS general reference, "Amazon Resource Names").
pub fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

async fn zones(workspace: &Workspace, book: &Book, choices: &mut Vec<Entry>) -> Result<[String; 3], OperationError> {
    let three = |names: Vec<String>| -> Result<[String; 3], OperationError> {
        let found = names.len();
        names.into_iter().take(3).collect::<Vec<_>>().try_into().map_err(|_| {
            let message =
                format!("{} offers {found} availability zones to this account; three are needed", workspace.aws.region);
            OperationError::Failure(Failure::new(Class::Invalid, message).remedy("choose another region"))
        })
    };
    if let Some(zones) = &workspace.config.platform.zones {
        return three(zones.clone());
    }
    if let Some(choice) = book.choices.get(ZONES) {
        return three(choice.value.split(',').map(str::to_owned).collect());
    }
    let zones = three(aws::ec2::zones::available(&workspace.aws).await?)?;
    let reason = "the first three that the region offers to this account".to_owned();
    choices.push(Entry::Choice { name: ZONES.to_owned(), value: zones.join(","), reason });
    Ok(zones)
}

async fn mesh(workspace: &Workspace, book: &Book, choices: &mut Vec<Entry>) -> (bool, String) {
    const APP_MESH: &str = "app-mesh";
    match workspace.config.mesh.provider {
        MeshProvider::AppMesh => return (true, "App Mesh, as configured".to_owned()),
        MeshProvider::Envoy => return (false, "Envoy, as configured".to_owned()),
        MeshProvider::Auto => {}
    }
    if let Some(choice) = book.choices.get(MESH) {
        return (choice.value == APP_MESH, choice.reason.clone());
    }
    let tight = workspace.config.services.iter().find(|(_, service)| service.memory < fargate::LEAST_WITH_APP_MESH);
    let (app_mesh, reason) = match aws::appmesh::probe::probe(&workspace.aws).await {
        Ok(()) if let Some((name, service)) = tight => {
            (false, format!("Envoy, because {} MiB of {name} are too little for App Mesh's sidecars", service.memory))
        }
        Ok(()) => (true, "App Mesh, because it still answers this account".to_owned()),
        Err(failure) => (false, format!("Envoy, because App Mesh does not answer this account ({})", brief(&failure))),
    };
    let value = if app_mesh { APP_MESH } else { "envoy" }.to_owned();
    choices.push(Entry::Choice { name: MESH.to_owned(), value, reason: reason.clone() });
    (app_mesh, reason)
}

fn brief(failure: &Failure) -> String {
    failure.code.clone().unwrap_or_else(|| failure.message.clone())
}
