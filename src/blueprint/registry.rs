//! A repository for each service's images.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Draft, Encryption};
use crate::{
    aws::ecr::Repository,
    engine::{Chapter, Handle},
};

/// How many images a repository keeps.
const KEPT_IMAGES: u32 = 10;

/// The repositories.
pub struct Registry {
    /// The repository of each service.
    pub repositories: BTreeMap<String, Handle<Repository>>,
}

/// Adds a repository for each service.
pub fn add(draft: &mut Draft<'_>, encryption: &Encryption) -> Registry {
    let mut repositories = BTreeMap::new();
    for service in draft.services() {
        let repository = Repository {
            scan_on_push: true,
            immutable_tags: true,
            key: encryption.key.arn(),
            lifecycle: keep(KEPT_IMAGES),
        };
        let repository = draft.add(Chapter::Registry, &service, &["ecr", &service], repository);
        repositories.insert(service, repository);
    }
    Registry { repositories }
}

/// Keeps the images that were pushed last (ECR user guide, "Lifecycle policy properties in Amazon ECR").
fn keep(count: u32) -> Value {
    json!({ "rules": [{
        "rulePriority": 1,
        "description": format!("Keep the last {count} images"),
        "selection": { "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count },
        "action": { "type": "expire" },
    }]})
}
