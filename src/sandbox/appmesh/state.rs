//! All that App Mesh holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::sandbox::clock::Moment;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

/// All that App Mesh holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AppMeshState {
    /// Parts by path, which is the resource of their ARN: `mesh/mesh-dev/virtualNode/virtual-node-payments-dev`.
    pub pieces: BTreeMap<String, Piece>,
    /// The client tokens of all that was made: they outlive it.
    pub tokens: BTreeSet<String>,
}

/// A mesh or a part of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Piece {
    /// Its path.
    pub path: String,
    /// A UUID.
    pub uid: String,
    /// How often it was changed, from 1.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// The token of the call that made it.
    pub token: String,
    /// Its specification, in the JSON of the API.
    pub spec: String,
    /// The paths of what its specification refers to.
    pub refers: Vec<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Piece {
    /// Its name.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The name of its mesh.
    pub fn mesh(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or_default()
    }

    /// Its ARN.
    pub fn arn(&self, place: &Place) -> String {
        place.arn("appmesh", &self.path)
    }
}

/// What kind of thing a path names, as the tagging API writes it.
fn kind(path: &str) -> &'static str {
    let segments: Vec<&str> = path.split('/').collect();
    match (segments.len(), segments.get(2).copied()) {
        (2, _) => "appmesh:mesh",
        (4, Some("virtualNode")) => "appmesh:mesh/virtualNode",
        (4, Some("virtualService")) => "appmesh:mesh/virtualService",
        (4, _) => "appmesh:mesh/virtualRouter",
        _ => "appmesh:mesh/virtualRouter/route",
    }
}

impl Simulated for AppMeshState {
    fn inventory(&self, _now: Moment, place: &Place) -> Vec<Item> {
        let item = |piece: &Piece| Item {
            kind: kind(&piece.path),
            id: piece.path.clone(),
            arn: piece.arn(place),
            tags: piece.tags.clone(),
        };
        self.pieces.values().map(item).collect()
    }

    fn tags_by_arn(&mut self, place: &Place, arn: &str) -> Option<&mut Tags> {
        self.pieces.values_mut().find(|piece| piece.arn(place) == arn).map(|piece| &mut piece.tags)
    }
}
