//! All that Secrets Manager holds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

/// How long ListSecrets lags behind. "ListSecrets is eventually consistent, however it might not reflect changes from the last five minutes":
/// Secrets Manager API reference, ListSecrets. That is the worst case; this is a bad one.
pub(super) const LIST_LAG: Duration = Duration::from_secs(30);

/// All that Secrets Manager holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SecretsManagerState {
    /// Secrets by name.
    pub secrets: BTreeMap<String, Secret>,
    /// Secrets that are gone and still listed, with the time at which they went.
    pub ghosts: Vec<(Moment, Secret)>,
    /// The tokens that made secrets, each with the secret's name: they outlive the secrets.
    pub tokens: BTreeSet<(String, String)>,
}

/// A secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// Its ARN: the name and six characters.
    pub arn: String,
    /// What it is for.
    pub description: String,
    /// What the list still says that it is for, and until when.
    #[serde(default)]
    pub listed: Option<(String, Moment)>,
    /// The key, as it was given; `None` for Secrets Manager's own.
    pub key: Option<String>,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub changed_at: Moment,
    /// When its deletion was ordered.
    pub deleted_at: Option<Moment>,
    /// When it will be gone, once that was ordered.
    pub gone_at: Option<Moment>,
    /// Its versions: texts by id, which is the client's token.
    pub versions: BTreeMap<String, String>,
    /// The version with the stage `AWSCURRENT`.
    pub current: String,
    /// The version with the stage `AWSPREVIOUS`.
    pub previous: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Secret {
    /// The error for what can't be done with a secret that is to be deleted.
    pub(super) fn live(&self) -> Result<&Self, ApiError> {
        match self.deleted_at {
            None => Ok(self),
            Some(_) => Err(ApiError::new(
                "InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for deletion.",
            )),
        }
    }

    /// The current text.
    pub fn text(&self) -> Option<&str> {
        self.versions.get(&self.current).map(String::as_str)
    }

    /// Versions with their stages.
    pub(super) fn stages(&self) -> Vec<(&str, &'static str)> {
        let previous = self.previous.as_deref().map(|id| (id, "AWSPREVIOUS"));
        std::iter::once((self.current.as_str(), "AWSCURRENT")).chain(previous).collect()
    }
}

impl SecretsManagerState {
    /// A secret by ARN or name.
    pub fn find(&self, reference: &str) -> Option<&Secret> {
        match reference.starts_with("arn:") {
            true => self.secrets.values().find(|secret| secret.arn == reference),
            false => self.secrets.get(reference),
        }
    }
}

/// A secret that must be there, by ARN or name.
pub(super) fn secret<'a>(call: &'a Call<'_>, reference: Option<&str>) -> Result<&'a Secret, ApiError> {
    let found = call.world.secretsmanager.find(reference.unwrap_or_default());
    found.ok_or_else(|| ApiError::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret."))
}

/// Removes the secrets whose deletion is done, and lets the list forget them.
pub(super) fn advance(call: &mut Call<'_>) {
    let (now, state) = (call.now, &call.world.secretsmanager);
    let due = |secret: &&Secret| secret.gone_at.is_some_and(|at| now >= at);
    let gone: Vec<String> = state.secrets.values().filter(due).map(|secret| secret.name.clone()).collect();
    let lags = !call.durations().read_after_create.is_zero();
    for name in gone {
        let state = &mut *call.world.secretsmanager;
        if let Some(secret) = state.secrets.remove(&name).filter(|_| lags) {
            state.ghosts.push((secret.gone_at.unwrap_or(now), secret));
        }
    }
    if call.world.secretsmanager.ghosts.iter().any(|(at, _)| now >= *at + LIST_LAG) {
        call.world.secretsmanager.ghosts.retain(|(at, _)| now < *at + LIST_LAG);
    }
}

impl Simulated for SecretsManagerState {
    fn inventory(&self, now: Moment, _place: &Place) -> Vec<Item> {
        let item = |secret: &Secret| Item {
            kind: "secretsmanager:secret",
            id: secret.name.clone(),
            arn: secret.arn.clone(),
            tags: secret.tags.clone(),
        };
        self.secrets.values().filter(|secret| secret.gone_at.is_none_or(|at| now < at)).map(item).collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        let secret = self.secrets.values_mut().find(|secret| secret.arn == arn && secret.deleted_at.is_none());
        secret.map(|secret| &mut secret.tags)
    }
}
