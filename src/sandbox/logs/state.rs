//! All that CloudWatch Logs holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sandbox::clock::Moment;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

/// All that CloudWatch Logs holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LogsState {
    /// Log groups by name.
    pub groups: BTreeMap<String, LogGroup>,
    /// When groups were deleted, by name.
    pub deleted: BTreeMap<String, Moment>,
}

/// A log group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogGroup {
    /// Its name.
    pub name: String,
    /// Its ARN, without `:*`.
    pub arn: String,
    /// When it was made.
    pub created_at: Moment,
    /// Days that events are kept; for ever if `None`.
    pub retention_days: Option<i32>,
    /// ARN of the key that encrypts it.
    pub kms_key: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Simulated for LogsState {
    fn inventory(&self, _now: Moment, _place: &Place) -> Vec<Item> {
        let item = |group: &LogGroup| Item {
            kind: "logs:log-group",
            id: group.name.clone(),
            arn: group.arn.clone(),
            tags: group.tags.clone(),
        };
        self.groups.values().map(item).collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        self.groups.values_mut().find(|group| group.arn == arn).map(|group| &mut group.tags)
    }
}
