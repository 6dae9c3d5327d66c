//! All that ECR holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::sandbox::clock::Moment;
use crate::sandbox::ecs::behaviour::Behaviour;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

/// All that ECR holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EcrState {
    /// Repositories by name.
    pub repositories: BTreeMap<String, Repository>,
}

/// A repository.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Repository {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// `{account}.dkr.ecr.{region}.amazonaws.com/{name}`.
    pub uri: String,
    /// When it was made.
    pub created_at: Moment,
    /// Whether images are scanned as they come.
    pub scan_on_push: bool,
    /// `MUTABLE` or `IMMUTABLE`.
    pub mutability: String,
    /// ARN of the key that encrypts it; ECR's own encryption if `None`.
    pub kms_key: Option<String>,
    /// Which images expire: a document.
    pub lifecycle: Option<String>,
    /// Layers by digest.
    #[serde(default)]
    pub layers: BTreeMap<String, String>,
    /// Layers that are still coming, by the id of their upload.
    #[serde(default)]
    pub uploads: BTreeMap<String, String>,
    /// The images that it holds, by digest.
    pub images: BTreeMap<String, Image>,
    /// Its tags.
    pub tags: Tags,
}

/// An image.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Image {
    /// `sha256:` and the digest of the manifest.
    pub digest: String,
    /// Its tags.
    pub tags: BTreeSet<String>,
    /// The manifest: a document.
    pub manifest: String,
    /// Its media type.
    pub media_type: String,
    /// When it was pushed.
    pub pushed_at: Moment,
    /// What a scan finds in it, by severity.
    pub findings: BTreeMap<String, i32>,
    /// What it is for: `linux/amd64`.
    #[serde(default)]
    pub platforms: Vec<String>,
    /// How the program in it behaves.
    pub behaviour: Behaviour,
}

impl Repository {
    /// An image by tag or digest.
    pub fn image(&self, reference: &str) -> Option<&Image> {
        self.images.get(reference).or_else(|| self.images.values().find(|image| image.tags.contains(reference)))
    }
}

impl Simulated for EcrState {
    fn inventory(&self, _now: Moment, _place: &Place) -> Vec<Item> {
        let item = |repository: &Repository| Item {
            kind: "ecr:repository",
            id: repository.name.clone(),
            arn: repository.arn.clone(),
            tags: repository.tags.clone(),
        };
        self.repositories.values().map(item).collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        self.repositories.values_mut().find(|repository| repository.arn == arn).map(|repository| &mut repository.tags)
    }
}
