//! All that KMS holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

/// All that KMS holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct KmsState {
    /// Keys by id.
    pub keys: BTreeMap<String, Key>,
    /// Aliases by name.
    pub aliases: BTreeMap<String, Alias>,
}

/// A customer-managed key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Key {
    /// A UUID.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created_at: Moment,
    /// What it is for.
    pub description: String,
    /// Who may use it: a document.
    pub policy: String,
    /// When that was last changed.
    pub policy_changed_at: Moment,
    /// What it was before; empty at first.
    pub former_policy: String,
    /// Whether its material is renewed every year.
    pub rotation: bool,
    /// When it ends, once that was ordered.
    pub deletion_date: Option<Moment>,
    /// Its tags.
    pub tags: Tags,
}

/// A name of a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alias {
    /// `alias/…`.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The key that it names.
    pub key_id: String,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last pointed elsewhere.
    pub updated_at: Moment,
}

impl Key {
    /// Whether it was ordered to end and hasn't yet.
    pub fn is_pending_deletion(&self) -> bool {
        self.deletion_date.is_some()
    }

    /// The error for what a key that is about to end can't do any more. KMS Developer Guide, "Key states of AWS KMS keys".
    pub(super) fn live(&self) -> Result<&Self, ApiError> {
        if self.is_pending_deletion() {
            return Err(ApiError::new("KMSInvalidStateException", format!("{} is pending deletion.", self.arn)));
        }
        Ok(self)
    }
}

impl KmsState {
    /// A key by id, ARN, alias or alias ARN. KMS API reference, parameter `KeyId`.
    pub fn find(&self, reference: &str) -> Option<&Key> {
        let resource = reference.strip_prefix("arn:").and_then(|rest| rest.splitn(5, ':').nth(4));
        let name = resource.map_or(reference, |resource| resource.strip_prefix("key/").unwrap_or(resource));
        let id = self.aliases.get(name).map_or(name, |alias| alias.key_id.as_str());
        self.keys.get(id).filter(|key| resource.is_none() || reference == key.arn || self.names(reference, key))
    }

    fn names(&self, alias_arn: &str, key: &Key) -> bool {
        self.aliases.values().any(|alias| alias.arn == alias_arn && alias.key_id == key.id)
    }

    /// The same, to change it.
    pub(super) fn find_mut(&mut self, reference: &str) -> Option<&mut Key> {
        let id = self.find(reference)?.id.clone();
        self.keys.get_mut(&id)
    }
}

/// Ends the keys whose date has come, with their aliases.
pub(super) fn advance(call: &mut Call<'_>) {
    let due = |key: &&Key| key.deletion_date.is_some_and(|date| call.now >= date);
    let ended: Vec<String> = call.world.kms.keys.values().filter(due).map(|key| key.id.clone()).collect();
    for id in ended {
        call.world.kms.keys.remove(&id);
        call.world.kms.aliases.retain(|_, alias| alias.key_id != id);
    }
}

impl Simulated for KmsState {
    /// Without keys that are about to end: nothing more can be done about them.
    fn inventory(&self, _now: Moment, _place: &Place) -> Vec<Item> {
        let keys = self.keys.values().filter(|key| !key.is_pending_deletion()).map(|key| Item {
            kind: "kms:key",
            id: key.id.clone(),
            arn: key.arn.clone(),
            tags: key.tags.clone(),
        });
        let aliases = self.aliases.values().map(|alias| Item {
            kind: "kms:alias",
            id: alias.name.clone(),
            arn: alias.arn.clone(),
            tags: Tags::new(),
        });
        keys.chain(aliases).collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        self.keys.values_mut().find(|key| key.arn == arn).map(|key| &mut key.tags)
    }
}
