//! All that Secrets Manager holds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::rotator::Step;
use crate::rotator::stages::{CURRENT, PREVIOUS};
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
    /// Its versions by id, which is the client's token.
    pub versions: BTreeMap<String, Version>,
    /// The versions that the labels are on.
    pub stages: BTreeMap<String, String>,
    /// Who rotates it and how often.
    pub rotation: Option<Rotation>,
    /// The rotation that is under way.
    pub under_way: Option<UnderWay>,
    /// When it was last rotated.
    pub last_rotated: Option<Moment>,
    /// When it will be rotated next.
    pub next_rotation: Option<Moment>,
    /// Its tags.
    pub tags: Tags,
}

/// A version of a secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Version {
    /// Its text; none while a rotation has announced it and not made it.
    pub text: Option<String>,
    /// When it was made, or announced.
    pub created_at: Moment,
}

/// Who rotates a secret and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// The function's ARN.
    pub function: String,
    /// Days from one rotation to the next.
    pub days: i64,
    /// Off once it was cancelled.
    pub enabled: bool,
}

/// A rotation that is under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UnderWay {
    /// The version that it makes.
    pub token: String,
    /// The step that is next.
    pub step: Step,
    /// When its answer comes.
    pub due: Moment,
    /// How often the whole was tried.
    pub attempts: u32,
    /// Why it failed last.
    pub failure: Option<String>,
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
        self.stages.get(CURRENT).and_then(|id| self.versions.get(id)?.text.as_deref())
    }

    /// The labels of each version that has any.
    pub fn labels_by_version(&self) -> BTreeMap<String, Vec<String>> {
        let mut labels: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (label, version) in &self.stages {
            labels.entry(version.clone()).or_default().push(label.clone());
        }
        labels
    }

    /// Puts a label on a version. `AWSCURRENT` leaves `AWSPREVIOUS` behind on the version that it comes from (Secrets Manager API
    /// reference, UpdateSecretVersionStage).
    pub(super) fn label(&mut self, label: &str, version: &str) {
        let former = self.stages.insert(label.to_owned(), version.to_owned());
        if let Some(former) = former.filter(|former| label == CURRENT && former != version) {
            self.stages.insert(PREVIOUS.to_owned(), former);
        }
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
    found.ok_or_else(missing)
}

/// The same, to change it.
pub(super) fn secret_mut<'a>(call: &'a mut Call<'_>, name: &str) -> Result<&'a mut Secret, ApiError> {
    call.world.secretsmanager.secrets.get_mut(name).ok_or_else(missing)
}

fn missing() -> ApiError {
    ApiError::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
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
        // What another service keeps here goes with what it belongs to.
        let ours = self.secrets.values().filter(|secret| !secret.name.contains('!'));
        ours.filter(|secret| secret.gone_at.is_none_or(|at| now < at)).map(item).collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        let secret = self.secrets.values_mut().find(|secret| secret.arn == arn && secret.deleted_at.is_none());
        secret.map(|secret| &mut secret.tags)
    }
}
