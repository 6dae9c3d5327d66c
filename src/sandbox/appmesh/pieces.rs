//! The rules for all parts of a mesh.

use aws_sdk_appmesh::types::{ResourceMetadata, TagRef};

use super::state::Piece;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::tag_rules::{self, Refusals};
use crate::sandbox::world::Tags;
use crate::sandbox::{iam, paging};

const TAGS: Refusals = Refusals { invalid: "BadRequestException", too_many: "TooManyTagsException" };

/// App Mesh User Guide, "App Mesh service quotas": how many of a kind there may be beside each other.
const QUOTAS: [(&str, usize); 5] =
    [("mesh", 15), ("virtualNode", 200), ("virtualRouter", 200), ("virtualService", 200), ("route", 50)];

pub(super) fn bad(message: impl Into<String>) -> ApiError {
    ApiError::new("BadRequestException", message)
}

fn not_found(path: &str) -> ApiError {
    ApiError::new("NotFoundException", format!("There is no resource {path}")).with_status(404)
}

/// AWS Containers blog, "Migrating from AWS App Mesh to Amazon ECS Service Connect": from 2026-09-30 on, nothing of App Mesh can be accessed.
/// How its API says so is not documented.
pub(super) fn reachable(call: &Call<'_>) -> Result<(), ApiError> {
    if call.options.app_mesh {
        return Ok(());
    }
    let message = "AWS App Mesh was discontinued on September 30, 2026 and is no longer available to this account.";
    Err(ApiError::new("ForbiddenException", message).with_status(403))
}

/// Names are letters, digits, hyphens and underscores; those of virtual services are host names. App Mesh User Guide, "Virtual services":
/// "we recommend that you use the DNS name".
fn check_name(kind: &str, name: &str) -> Result<(), ApiError> {
    let dots = kind == "virtualService";
    let formed = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c) || (dots && c == '.'));
    match (1..=255).contains(&name.len()) && formed {
        true => Ok(()),
        false => Err(bad(format!("'{name}' is not a valid name"))),
    }
}

/// What a create call asks for, whatever the kind.
pub(super) struct Wanted<'a> {
    /// What it is to be part of: a path, empty for a mesh.
    pub parent: String,
    pub kind: &'static str,
    pub name: &'a str,
    pub token: Option<&'a str>,
    pub tags: &'a [TagRef],
    pub spec: String,
    /// Paths.
    pub refers: Vec<String>,
}

/// The path of a part in something; in nothing for a mesh.
pub(super) fn path(parent: &str, kind: &str, name: &str) -> String {
    if parent.is_empty() { format!("{kind}/{name}") } else { format!("{parent}/{kind}/{name}") }
}

fn check_references(call: &Call<'_>, refers: &[String]) -> Result<(), ApiError> {
    let missing = refers.iter().find(|path| !call.world.appmesh.pieces.contains_key(*path));
    missing.map_or(Ok(()), |path| Err(not_found(path)))
}

/// Creates one; the same request with the same token answers what it made the first time (App Mesh API reference, `clientToken`).
pub(super) fn create(call: &mut Call<'_>, wanted: Wanted<'_>) -> Result<Piece, ApiError> {
    reachable(call)?;
    check_name(wanted.kind, wanted.name)?;
    let tags = wanted.tags.iter().map(|tag| (Some(tag.key()), Some(tag.value())));
    let tags = tag_rules::merged(&Tags::new(), tags, &TAGS)?;
    if !wanted.parent.is_empty() && !call.world.appmesh.pieces.contains_key(&wanted.parent) {
        return Err(not_found(&wanted.parent));
    }
    check_references(call, &wanted.refers)?;
    let path = path(&wanted.parent, wanted.kind, wanted.name);
    let token = wanted.token.unwrap_or_default();
    if let Some(present) = call.world.appmesh.pieces.get(&path) {
        if present.token == token && present.spec == wanted.spec && !token.is_empty() {
            return Ok(present.clone());
        }
        return Err(ApiError::new("ConflictException", format!("There is already a resource {path}")).with_status(409));
    }
    let most = QUOTAS.iter().find(|(kind, _)| *kind == wanted.kind).map_or(usize::MAX, |(_, most)| *most);
    if children(call, &wanted.parent, wanted.kind).len() >= most {
        return Err(ApiError::new("LimitExceededException", format!("The quota of {most} is reached")));
    }
    if !token.is_empty() && !call.world.appmesh.tokens.insert(token.to_owned()) {
        let message = format!("A request with the client token {token} was carried out already");
        return Err(ApiError::new("ConflictException", message).with_status(409));
    }
    let made = Piece {
        path: path.clone(),
        uid: call.uuid(),
        version: 1,
        created_at: call.now,
        updated_at: call.now,
        token: token.to_owned(),
        spec: wanted.spec,
        refers: wanted.refers,
        tags,
    };
    call.world.appmesh.pieces.insert(path, made.clone());
    iam::link(call, "appmesh.amazonaws.com");
    Ok(made)
}

/// One that must be there.
pub(super) fn get(call: &Call<'_>, path: &str) -> Result<Piece, ApiError> {
    reachable(call)?;
    call.world.appmesh.pieces.get(path).cloned().ok_or_else(|| not_found(path))
}

/// Gives one another specification.
pub(super) fn update(call: &mut Call<'_>, path: &str, spec: String, refers: Vec<String>) -> Result<Piece, ApiError> {
    reachable(call)?;
    if !call.world.appmesh.pieces.contains_key(path) {
        return Err(not_found(path));
    }
    check_references(call, &refers)?;
    let now = call.now;
    let piece = call.world.appmesh.pieces.get_mut(path).ok_or_else(|| not_found(path))?;
    (piece.spec, piece.refers, piece.updated_at) = (spec, refers, now);
    piece.version += 1;
    Ok(piece.clone())
}

/// Deletes one that holds nothing and that nothing refers to. App Mesh API reference, `ResourceInUseException`: a mesh goes after its parts, a
/// router after its routes and after the services that it provides for, a node after the routes to it.
pub(super) fn delete(call: &mut Call<'_>, path: &str) -> Result<Piece, ApiError> {
    reachable(call)?;
    let pieces = &call.world.appmesh.pieces;
    let piece = pieces.get(path).cloned().ok_or_else(|| not_found(path))?;
    let inside = format!("{path}/");
    let user =
        pieces.values().find(|other| other.path.starts_with(&inside) || other.refers.iter().any(|to| to == path));
    if let Some(user) = user {
        let message = format!("{path} can't be deleted because {} uses it", user.path);
        return Err(ApiError::new("ResourceInUseException", message).with_status(409));
    }
    call.world.appmesh.pieces.remove(path);
    Ok(piece)
}

/// All of a kind directly in something.
fn children<'a>(call: &'a Call<'_>, parent: &str, kind: &str) -> Vec<&'a Piece> {
    let prefix = path(parent, kind, "");
    let inside = |piece: &&Piece| piece.path.strip_prefix(&prefix).is_some_and(|name| !name.contains('/'));
    call.world.appmesh.pieces.values().filter(inside).collect()
}

/// One page of them: 100 where nothing else is said, and at most.
pub(super) fn list(
    call: &Call<'_>,
    parent: &str,
    kind: &str,
    limit: Option<i32>,
    token: Option<&str>,
) -> Result<(Vec<Piece>, Option<String>), ApiError> {
    reachable(call)?;
    if !parent.is_empty() && !call.world.appmesh.pieces.contains_key(parent) {
        return Err(not_found(parent));
    }
    page(children(call, parent, kind).into_iter().cloned().collect(), limit, token)
}

/// One page of a list.
pub(super) fn page<T>(
    items: Vec<T>,
    limit: Option<i32>,
    token: Option<&str>,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = limit.unwrap_or(100);
    if !(1..=100).contains(&size) {
        return Err(bad("limit must be between 1 and 100"));
    }
    paging::page(items, usize::try_from(size).unwrap_or(1), token).ok_or_else(|| bad("nextToken is not valid"))
}

/// Whose it is, and how old.
pub(super) fn metadata(call: &Call<'_>, piece: &Piece) -> Result<ResourceMetadata, ApiError> {
    Ok(ResourceMetadata::builder()
        .arn(piece.arn(call.place()))
        .uid(&piece.uid)
        .version(piece.version)
        .created_at(piece.created_at.datetime())
        .last_updated_at(piece.updated_at.datetime())
        .mesh_owner(call.account())
        .resource_owner(call.account())
        .build()?)
}
