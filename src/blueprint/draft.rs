//! What all chapters write with: the inputs, the names, and the blueprint that grows.

use std::collections::BTreeMap;

use crate::{
    config::{Config, EnvSuffix},
    engine::{Blueprint, Chapter, Handle, Resource},
    mesh::{DataPlane, Stage},
};

/// What the blueprint needs to know of the account, found out before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The account's twelve digits.
    pub account: String,
    /// The region, such as `us-east-1`.
    pub region: String,
    /// `aws`, or another partition.
    pub partition: String,
    /// The three availability zones, in order.
    pub zones: [String; 3],
    /// What carries the mesh: App Mesh, Envoy with a bootstrap of ours, or both while one takes over from the other.
    pub mesh: DataPlane,
    /// The program that rotates certificates and database credentials.
    pub rotator: RotatorCode,
    /// What rotations ask for.
    pub rotation: Rotation,
}

/// The program that rotates certificates and database credentials, as far as the blueprint speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotatorCode {
    /// The digest of its package, as Lambda gives it; empty where nothing is to be made of it.
    pub digest: String,
    /// What it was built for: `x86_64` or `arm64`.
    pub architecture: String,
}

impl Default for RotatorCode {
    fn default() -> Self {
        RotatorCode { digest: String::new(), architecture: "x86_64".to_owned() }
    }
}

/// What rotations of certificates ask for; nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// By service: its certificate is issued anew if it was issued before this moment (RFC 3339).
    pub issued_after: BTreeMap<String, String>,
    /// The stage of a change of authority that is to be reached next; the one that is reached stays where there is none.
    pub to: Option<Stage>,
}

impl Facts {
    /// An ARN in this account and region: `facts.arn("logs", "log-group:x")`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.account)
    }
}

/// The blueprint while it is being written.
pub struct Draft<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The environment's suffix.
    pub suffix: &'a EnvSuffix,
    /// What is known of the account.
    pub facts: &'a Facts,
    /// What has been written so far.
    pub blueprint: Blueprint,
}

impl<'a> Draft<'a> {
    /// An empty draft.
    pub fn new(config: &'a Config, suffix: &'a EnvSuffix, facts: &'a Facts) -> Self {
        Draft { config, suffix, facts, blueprint: Blueprint::default() }
    }

    /// A physical name: `name(&["tg", "payments", "blue"])` is `tg-payments-blue-dev`.
    pub fn name(&self, parts: &[&str]) -> String {
        format!("{}-{}", parts.join("-"), self.suffix.as_str())
    }

    /// Adds a resource under its conventional name.
    pub fn add<R: Resource>(&mut self, chapter: Chapter, key: &str, name: &[&str], spec: R) -> Handle<R> {
        let physical = self.name(name);
        self.blueprint.add(chapter, key, physical, spec)
    }

    /// The names of the configured services, sorted.
    pub fn services(&self) -> Vec<String> {
        self.config.services.keys().cloned().collect()
    }
}
