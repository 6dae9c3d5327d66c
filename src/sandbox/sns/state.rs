//! All that SNS holds.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

/// What nobody confirms goes after two days. SNS API reference, Subscribe: the token is valid for two days.
const PATIENCE: Duration = Duration::from_secs(2 * 86_400);

/// All that SNS holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SnsState {
    /// Topics by ARN.
    pub topics: BTreeMap<String, Topic>,
}

/// A topic.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Topic {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Moment,
    /// Attributes that were set: `Policy`, `KmsMasterKeyId`, `DisplayName`.
    pub attributes: BTreeMap<String, String>,
    /// Its subscriptions, in the order in which they came.
    pub subscriptions: Vec<Subscription>,
    /// Its tags.
    pub tags: Tags,
}

/// A subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    /// Its ARN, which callers see once it is confirmed.
    pub arn: String,
    /// `email`, `https`, ….
    pub protocol: String,
    /// Who is told.
    pub endpoint: String,
    /// When it was asked for.
    pub created_at: Moment,
    /// Whether who is told has agreed. People do that; tests set it.
    pub confirmed: bool,
}

impl SnsState {
    /// A topic that must be there, to change it.
    pub(super) fn topic_mut(&mut self, arn: Option<&str>) -> Result<&mut Topic, ApiError> {
        let arn = arn.unwrap_or_default();
        let formed = arn.starts_with("arn:") && arn.split(':').count() == 6;
        if !formed {
            return Err(invalid("TopicArn Reason: An ARN must have at least 6 elements, not 1"));
        }
        self.topics.get_mut(arn).ok_or_else(|| ApiError::new("NotFound", "Topic does not exist").with_status(404))
    }
}

/// SNS's error for whatever the caller got wrong.
pub(super) fn invalid(what: &str) -> ApiError {
    ApiError::new("InvalidParameter", format!("Invalid parameter: {what}"))
}

/// Drops what nobody confirmed in time.
pub(super) fn advance(call: &mut Call<'_>) {
    let now = call.now;
    let expired = |one: &Subscription| !one.confirmed && now >= one.created_at + PATIENCE;
    if call.world.sns.topics.values().any(|topic| topic.subscriptions.iter().any(expired)) {
        for topic in call.world.sns.topics.values_mut() {
            topic.subscriptions.retain(|one| !expired(one));
        }
    }
}

impl Simulated for SnsState {
    /// Topics; subscriptions come and go with them.
    fn inventory(&self, _now: Moment, _place: &Place) -> Vec<Item> {
        let item = |topic: &Topic| Item {
            kind: "sns:topic",
            id: topic.name.clone(),
            arn: topic.arn.clone(),
            tags: topic.tags.clone(),
        };
        self.topics.values().map(item).collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        self.topics.values_mut().find(|topic| topic.arn == arn).map(|topic| &mut topic.tags)
    }
}
