//! What the account and its region offer.

use futures::future::join_all;

use super::Check;
use crate::{
    aws::{
        self,
        look::linked_roles::{self, LINKED_ROLES},
    },
    config::MeshProvider,
    engine::{Book, Failure, survey::persist},
    mesh::DataPlane,
    operation::{
        Workspace,
        changeover::{self, Picture},
        facts,
    },
};

/// A check that could not be made.
pub fn unknown(name: impl Into<String>, failure: &Failure) -> Check {
    let remedy = failure.remedy.clone().unwrap_or_else(|| "allow the call, or look it up by hand".to_owned());
    Check::warning(name, format!("can't be checked: {failure}"), remedy)
}

/// The credentials: they were used to open the workspace.
pub fn credentials(workspace: &Workspace) -> Check {
    Check::ok("credentials", format!("account {}", workspace.aws.account))
}

/// Three zones, or those that are configured.
pub async fn zones(workspace: &Workspace) -> Check {
    const NAME: &str = "zones";
    let region = &workspace.aws.region;
    match persist(&workspace.jitter, || aws::ec2::zones::available(&workspace.aws)).await {
        Err(failure) => unknown(NAME, &failure),
        Ok(offered) => {
            let configured = workspace.config.platform.zones.as_deref().unwrap_or_default();
            let absent: Vec<&str> =
                configured.iter().filter(|zone| !offered.contains(zone)).map(String::as_str).collect();
            if !absent.is_empty() {
                let detail = format!("{region} does not offer {} to this account", absent.join(", "));
                Check::failed(NAME, detail, format!("choose among {} in platform.zones", offered.join(", ")))
            } else if offered.len() < 3 {
                let detail = format!("{region} offers {} to this account; three are needed", offered.len());
                Check::failed(NAME, detail, "choose another region")
            } else {
                Check::ok(NAME, format!("{region} offers {}", offered.join(", ")))
            }
        }
    }
}

/// Whether App Mesh answers, and what that means for this configuration.
pub async fn mesh(workspace: &Workspace) -> Check {
    const NAME: &str = "App Mesh";
    let provider = workspace.config.mesh.provider;
    if provider == MeshProvider::Envoy {
        return Check::ok(NAME, "not needed: the mesh is Envoy, as configured");
    }
    match persist(&workspace.jitter, || aws::appmesh::probe::probe(&workspace.aws)).await {
        Ok(()) => Check::ok(NAME, "answers this account"),
        Err(failure) if provider == MeshProvider::AppMesh => Check::failed(
            NAME,
            format!("does not answer this account: {failure}"),
            "set mesh.provider to \"envoy\" or \"auto\": AWS ended App Mesh on 2026-09-30",
        ),
        Err(_) => Check::ok(NAME, "does not answer this account; Envoy carries the mesh instead"),
    }
}

/// Whether the services are where the configured provider of the mesh wants them. Nothing where they are; AWS is asked only where the state
/// doesn't know.
pub async fn provider(workspace: &Workspace, book: &Book) -> Option<Check> {
    const NAME: &str = "mesh provider";
    let end = match (workspace.config.mesh.provider, book.choices.get(facts::MESH)) {
        (MeshProvider::AppMesh, _) => DataPlane::AppMesh,
        (MeshProvider::Envoy, _) => DataPlane::Envoy,
        (MeshProvider::Auto, choice) if choice?.value == DataPlane::AppMesh.as_str() => DataPlane::AppMesh,
        (MeshProvider::Auto, _) => DataPlane::Envoy,
    };
    let picture = match Picture::recorded(&workspace.config, book) {
        Some(picture) => Ok(picture),
        None => Picture::running(workspace).await,
    };
    match picture {
        Ok(picture) => changeover::notice(&picture, end).map(|notice| Check::warning(NAME, notice.what, notice.remedy)),
        Err(failure) => Some(unknown(NAME, &failure)),
    }
}

/// The roles that AWS's services make for themselves.
pub async fn linked_roles(workspace: &Workspace) -> Vec<Check> {
    let needed = LINKED_ROLES.iter().filter(|(_, service)| {
        // The only one that not every environment needs.
        *service != "rds.amazonaws.com" || workspace.config.database.is_some()
    });
    join_all(needed.map(|(role, service)| linked_role(workspace, role, service))).await
}

async fn linked_role(workspace: &Workspace, role: &str, service: &str) -> Check {
    match persist(&workspace.jitter, || linked_roles::exists(&workspace.aws, role)).await {
        Ok(true) => Check::ok(role, "exists"),
        Ok(false) => Check::warning(
            role,
            "is not there yet: AWS makes it on first use",
            format!(
                "nothing, if you may call iam:CreateServiceLinkedRole; else ask for \
                 `aws iam create-service-linked-role --aws-service-name {service}`"
            ),
        ),
        Err(failure) => unknown(role, &failure),
    }
}
