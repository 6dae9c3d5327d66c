//! Pulling images: they have to be there, for the right machine, and allowed to be read.

use super::task_definition::TaskDefinition;
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::ecr::Image;
use crate::sandbox::iam;
use crate::sandbox::web::{self, Pull};

/// Why a task of a definition can't pull one of its images at a moment, if it can't. ECS Developer Guide, "CannotPullContainer task errors".
pub fn why_images_fail(call: &Call<'_>, definition: &TaskDefinition, at: Moment) -> Option<String> {
    definition.containers.iter().find_map(|container| why_image_fails(call, definition, &container.image, at))
}

fn why_image_fails(call: &Call<'_>, definition: &TaskDefinition, image: &str, at: Moment) -> Option<String> {
    let refused = |why: &str| {
        Some(format!(
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: {why}"
        ))
    };
    let platforms = match own_image(call, image) {
        OwnImage::Missing => return refused("not found"),
        OwnImage::Stranger => return None,
        OwnImage::There(found) => {
            if let Some(why) = why_not_allowed(call, definition, image, at) {
                return Some(why);
            }
            found.platforms.clone()
        }
        OwnImage::Foreign => match web::pull(image) {
            Pull::Fine(platforms) => platforms,
            Pull::Refused(why) => return refused(&why),
            Pull::NoHost(host) => {
                return refused(&format!("failed to do request: dial tcp: lookup {host}: no such host"));
            }
        },
    };
    let wanted = if definition.architecture == "ARM64" { "linux/arm64" } else { "linux/amd64" };
    if platforms.iter().any(|platform| platform == wanted) {
        return None;
    }
    Some(format!("CannotPullContainerError: image Manifest does not contain descriptor matching platform '{wanted}'"))
}

/// What the execution role lacks. Amazon ECR User Guide, "Using Amazon ECR images with Amazon ECS".
fn why_not_allowed(call: &Call<'_>, definition: &TaskDefinition, image: &str, at: Moment) -> Option<String> {
    let lacks = |action: &str, resource: &str| {
        let role = definition.execution_role.as_deref();
        !role.is_some_and(|role| iam::may_at(call, at, role, action, resource, &[]))
    };
    if lacks("ecr:GetAuthorizationToken", "*") {
        return Some(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to \
             retrieve ecr registry auth: AccessDeniedException: not authorized to perform: ecr:GetAuthorizationToken on resource: *"
                .to_owned(),
        );
    }
    let name = image.split_once('/').map_or("", |(_, path)| path.split(['@', ':']).next().unwrap_or(path));
    let repository = call.arn("ecr", &format!("repository/{name}"));
    let denied =
        ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"].into_iter().any(|action| lacks(action, &repository));
    denied.then(|| {
        format!(
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: unexpected \
             status from HEAD request: 403 Forbidden"
        )
    })
}

/// An image as the account's own registry knows it.
pub enum OwnImage<'a> {
    /// It is in another registry.
    Foreign,
    /// It is in another account's registry of Amazon ECR.
    Stranger,
    /// It should be in the account's, and isn't.
    Missing,
    /// It is there.
    There(&'a Image),
}

/// Looks for an image in the account's own registry.
pub fn own_image<'a>(call: &'a Call<'_>, image: &str) -> OwnImage<'a> {
    let Some((registry, path)) = image.split_once('/') else { return OwnImage::Foreign };
    let Some((account, domain)) = registry.split_once(".dkr.ecr.") else { return OwnImage::Foreign };
    // Nothing is known of other accounts' images, and there are none in other regions.
    if account != call.account() {
        return OwnImage::Stranger;
    }
    if !domain.starts_with(call.region()) {
        return OwnImage::Missing;
    }
    let (name, reference) = match path.split_once('@') {
        Some((name, digest)) => (name.split(':').next().unwrap_or(name), digest),
        None => path.split_once(':').unwrap_or((path, "latest")),
    };
    let found = call.world.ecr.repositories.get(name).and_then(|repository| repository.image(reference));
    found.map_or(OwnImage::Missing, OwnImage::There)
}
