//! All that IAM holds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

/// All that IAM holds. It is one for all Regions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IamState {
    /// Roles by name.
    pub roles: BTreeMap<String, Role>,
    /// When services made their service-linked roles, by service.
    pub linked: BTreeMap<String, Moment>,
}

/// What a role allows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// Inline policies: documents by name.
    pub policies: BTreeMap<String, String>,
    /// ARNs of managed policies.
    pub attached: BTreeSet<String>,
}

/// A role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// `AROA…`.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Its path, `/` in most cases.
    pub path: String,
    /// When it was made.
    pub created_at: Moment,
    /// What it is for.
    pub description: String,
    /// Who may assume it: a document.
    pub trust: String,
    /// When that was last changed.
    pub trust_changed_at: Moment,
    /// Inline policies: documents by name.
    pub policies: BTreeMap<String, String>,
    /// ARNs of managed policies.
    pub attached: BTreeSet<String>,
    /// What it allowed before that was last changed.
    #[serde(default)]
    pub former: Allowance,
    /// When that was.
    #[serde(default)]
    pub changed_at: Moment,
    /// Instance profiles that hold it.
    pub instance_profiles: BTreeSet<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Role {
    /// Remembers what it allows, since that is about to change. What was changed a moment ago isn't known everywhere, so it never was in
    /// force.
    pub(super) fn about_to_change(&mut self, now: Moment, propagation: Duration) {
        if now >= self.changed_at + propagation {
            self.former = Allowance { policies: self.policies.clone(), attached: self.attached.clone() };
        }
        self.changed_at = now;
    }
}

impl IamState {
    /// A role by name, as IAM compares them: without regard to case. IAM API reference, CreateRole.
    pub(super) fn find(&self, name: &str) -> Option<&Role> {
        self.roles.values().find(|role| role.name.eq_ignore_ascii_case(name))
    }

    /// A role that must be there.
    pub(super) fn role(&self, name: Option<&str>) -> Result<&Role, ApiError> {
        let name = name.unwrap_or_default();
        self.find(name).ok_or_else(|| missing(format!("The role with name {name} cannot be found.")))
    }

    /// The same, to change it.
    pub(super) fn role_mut(&mut self, name: Option<&str>) -> Result<&mut Role, ApiError> {
        let name = self.role(name)?.name.clone();
        self.roles.get_mut(&name).ok_or_else(|| missing(format!("The role with name {name} cannot be found.")))
    }

    /// A role by ARN.
    pub fn by_arn(&self, arn: &str) -> Option<&Role> {
        self.roles.values().find(|role| role.arn == arn)
    }
}

/// The error for what isn't there.
pub(super) fn missing(message: String) -> ApiError {
    ApiError::new("NoSuchEntity", message).with_status(404)
}

impl Simulated for IamState {
    fn inventory(&self, _now: Moment, _place: &Place) -> Vec<Item> {
        let item = |role: &Role| Item {
            kind: "iam:role",
            id: role.name.clone(),
            arn: role.arn.clone(),
            tags: role.tags.clone(),
        };
        self.roles.values().map(item).collect()
    }
}
