//! Who owns what is made: the environment and the tags that say so.

use std::collections::BTreeMap;

use super::Key;

/// Tags as AWS knows them.
pub type Tags = BTreeMap<String, String>;

/// Tag: the environment's suffix.
pub const TAG_ENVIRONMENT: &str = "Environment";
/// Tag: the environment's random id.
pub const TAG_ENVIRONMENT_ID: &str = "platformctl:environment-id";
/// The environment's id as a kind reports it of what AWS made by itself, without tags, in the environment's name: it is ours to take up, and
/// no environment's yet.
pub const UNCLAIMED: &str = "";
/// Tag: the resource's key and generation.
pub const TAG_KEY: &str = "platformctl:key";
/// Tag: the physical name.
pub const TAG_NAME: &str = "Name";

/// One deployed copy of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The suffix that names it, such as `dev`.
    pub suffix: String,
    /// The random id, made once, that tells it from every other environment of the same name.
    pub id: String,
    /// The account it lives in.
    pub account: String,
    /// The region it lives in.
    pub region: String,
    /// `Team`, `CostCenter` and what else every resource carries by configuration.
    pub tags: Tags,
}

impl Environment {
    /// All tags of one resource.
    pub fn tags_for(&self, key: &Key, name: &str, generation: u32) -> Tags {
        let mut tags = self.tags.clone();
        tags.insert(TAG_ENVIRONMENT.into(), self.suffix.clone());
        tags.insert(TAG_ENVIRONMENT_ID.into(), self.id.clone());
        tags.insert(TAG_KEY.into(), key.tag(generation));
        tags.insert(TAG_NAME.into(), name.to_owned());
        tags
    }
}
