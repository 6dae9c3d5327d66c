//! What the blueprint needs to know of the account. What was found out once is kept in the state, so that an environment doesn't
//! move because AWS lists its zones in another order.

use std::time::Duration;

use super::{
    Intention, OperationError, Workspace,
    changeover::{self, Changeover, Picture},
    rotate,
};
use crate::{
    aws,
    blueprint::{Facts, Rotation, RotatorCode},
    config::{MeshProvider, fargate},
    engine::{Book, Class, Entry, Failure, Key, survey::Vanished},
    mesh::DataPlane,
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
    /// The change of the mesh's provider that is to be made, or is under way.
    pub changeover: Option<Changeover>,
    /// Kinds of services that are no more for this account.
    pub vanished: Vanished,
    /// That something of the environment is gone with its service, for people.
    pub warning: Option<String>,
}

/// Finds out what is not known yet. `recorded` is false where there is no state.
///
/// # Errors
/// A call's own failure, a region with fewer than three zones, or App Mesh wanted by name where it is no more.
pub async fn find(
    workspace: &Workspace,
    book: &Book,
    intention: Intention,
    recorded: bool,
) -> Result<Found, OperationError> {
    let mut choices = Vec::new();
    let zones = zones(workspace, book, &mut choices).await?;
    let destroy = intention == Intention::Destroy;
    let mut picture = Some(book).filter(|_| recorded).and_then(|book| Picture::recorded(&workspace.config, book));
    if picture.is_none() && !destroy && is_undecided(workspace, book) {
        picture = Some(Picture::running(workspace).await?);
    }
    let asks = destroy || !recorded || wants_app_mesh(workspace, book) || uses_app_mesh(book);
    let mut lost = if asks { app_mesh_is_lost(workspace).await } else { None };
    let standing = picture.as_ref().filter(|picture| !picture.is_empty());
    let (app_mesh, mesh_reason) = mesh(workspace, book, lost.as_deref(), destroy, standing, &mut choices)?;
    let end = if app_mesh { DataPlane::AppMesh } else { DataPlane::Envoy };
    let picture = match picture {
        Some(picture) if destroy || picture.is_all(end) => picture,
        None if destroy => Picture::default(),
        // What runs tells how far a change of provider is.
        _ => Picture::running(workspace).await?,
    };
    if !asks && !picture.is_all(end) {
        lost = app_mesh_is_lost(workspace).await;
    }
    let (plane, changeover) = changeover::begin(workspace, intention, end, lost.as_deref(), &picture)?;
    let (account, region) = (workspace.aws.account.clone(), workspace.aws.region.clone());
    let rotation = Rotation { issued_after: rotate::record::issued_after(book), to: None };
    let facts = Facts {
        partition: partition(&region).to_owned(),
        account,
        region,
        zones,
        mesh: plane,
        rotator: RotatorCode::default(),
        rotation,
    };
    let warning = lost.as_deref().filter(|_| uses_app_mesh(book)).map(|lost| farewell(book, lost));
    Ok(Found { facts, choices, mesh_reason, changeover, vanished: vanished(lost.as_deref()), warning })
}

/// The kinds of App Mesh, where it is no more.
pub fn vanished(lost: Option<&str>) -> Vanished {
    let gone = |lost: &str| format!("gone with App Mesh, which does not answer this account ({lost})");
    let kinds = aws::appmesh::KINDS.into_iter();
    lost.map(|lost| kinds.map(|kind| (kind, gone(lost))).collect()).unwrap_or_default()
}

/// Why App Mesh is not to be had, if it isn't. What can pass is asked for again, since the answer decides much.
pub async fn app_mesh_is_lost(workspace: &Workspace) -> Option<String> {
    for _ in 0..3 {
        match aws::appmesh::probe::probe(&workspace.aws).await {
            Ok(()) => return None,
            Err(failure) if failure.class.is_transient() => tokio::time::sleep(Duration::from_secs(2)).await,
            Err(failure) => return Some(brief(&failure)),
        }
    }
    aws::appmesh::probe::probe(&workspace.aws).await.err().as_ref().map(brief)
}

/// Whether parts of a mesh are recorded.
pub fn uses_app_mesh(book: &Book) -> bool {
    mesh_parts(book).next().is_some()
}

fn mesh_parts(book: &Book) -> impl Iterator<Item = &Key> {
    book.records.keys().chain(book.deposed.keys()).filter(|key| aws::appmesh::KINDS.contains(&key.kind()))
}

fn farewell(book: &Book, lost: &str) -> String {
    format!(
        "App Mesh does not answer this account ({lost}); AWS ended it on 2026-09-30. The {} resources that this environment had in it went \
         with it and count as gone. Where only the permission is missing, allow appmesh:ListMeshes before you go on",
        mesh_parts(book).count()
    )
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

const APP_MESH: &str = "app-mesh";
const ENVOY: &str = "envoy";

/// What is configured is what `auto` stays with later.
fn configured(book: &Book, value: &str, name: &str, choices: &mut Vec<Entry>) -> String {
    let reason = format!("{name}, as configured");
    if book.choices.get(MESH).is_some_and(|choice| choice.value != value) {
        choices.push(Entry::Choice { name: MESH.to_owned(), value: value.to_owned(), reason: reason.clone() });
    }
    reason
}

/// True where the choice falls on App Mesh, or has not been made.
fn wants_app_mesh(workspace: &Workspace, book: &Book) -> bool {
    match workspace.config.mesh.provider {
        MeshProvider::AppMesh => true,
        MeshProvider::Envoy => false,
        MeshProvider::Auto => book.choices.get(MESH).is_none_or(|choice| choice.value == APP_MESH),
    }
}

/// True where neither the configuration nor the state says which provider it is.
fn is_undecided(workspace: &Workspace, book: &Book) -> bool {
    workspace.config.mesh.provider == MeshProvider::Auto && !book.choices.contains_key(MESH)
}

/// Whether App Mesh is to carry the mesh, and why. `standing` is what runs, where nobody has said which it is to be.
fn mesh(
    workspace: &Workspace,
    book: &Book,
    lost: Option<&str>,
    destroy: bool,
    standing: Option<&Picture>,
    choices: &mut Vec<Entry>,
) -> Result<(bool, String), OperationError> {
    match (workspace.config.mesh.provider, lost) {
        (MeshProvider::AppMesh, Some(lost)) if !destroy => {
            let message = format!(
                "mesh.provider is \"app-mesh\", and App Mesh does not answer this account ({lost}): AWS ended it on 2026-09-30"
            );
            let remedy =
                "set mesh.provider to \"auto\" or \"envoy\"; an environment that has App Mesh is changed to that";
            return Err(Failure::new(Class::Invalid, message).remedy(remedy).into());
        }
        (MeshProvider::AppMesh, _) => return Ok((true, configured(book, APP_MESH, "App Mesh", choices))),
        (MeshProvider::Envoy, _) => return Ok((false, configured(book, ENVOY, "Envoy", choices))),
        (MeshProvider::Auto, _) => {}
    }
    let chosen = book.choices.get(MESH);
    if let Some(choice) = chosen.filter(|choice| choice.value != APP_MESH || lost.is_none()) {
        return Ok((choice.value == APP_MESH, choice.reason.clone()));
    }
    let tight = workspace.config.services.iter().find(|(_, service)| service.memory < fargate::LEAST_WITH_APP_MESH);
    let (app_mesh, reason) = match (lost, chosen) {
        (None, None) if standing.is_some_and(|picture| !picture.is_all(DataPlane::AppMesh)) => {
            (false, "Envoy, because it carries the calls of what runs".to_owned())
        }
        (None, _) if let Some((name, service)) = tight => {
            (false, format!("Envoy, because {} MiB of {name} are too little for App Mesh's sidecars", service.memory))
        }
        (None, _) => (true, "App Mesh, because it still answers this account".to_owned()),
        (Some(lost), None) => (false, format!("Envoy, because App Mesh does not answer this account ({lost})")),
        (Some(lost), Some(_)) => {
            (false, format!("Envoy from now on, because App Mesh does not answer this account any more ({lost})"))
        }
    };
    let value = if app_mesh { APP_MESH } else { ENVOY }.to_owned();
    choices.push(Entry::Choice { name: MESH.to_owned(), value, reason: reason.clone() });
    Ok((app_mesh, reason))
}

fn brief(failure: &Failure) -> String {
    failure.code.clone().unwrap_or_else(|| failure.message.clone())
}
