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
    /// What was written, by the group's name, the oldest first.
    pub events: BTreeMap<String, Vec<LogEvent>>,
}

/// A line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogEvent {
    /// Its log stream.
    pub stream: String,
    /// When it was written.
    pub at: Moment,
    /// The line.
    pub message: String,
    /// Its number in the group, which makes its id.
    pub number: u64,
}

/// A group keeps that many events here.
const KEPT: usize = 2000;

impl LogsState {
    /// Writes a line into a stream of a group; into nothing where there is no such group.
    pub fn write(&mut self, group: &str, stream: &str, at: Moment, message: &str) {
        if !self.groups.contains_key(group) {
            return;
        }
        let events = self.events.entry(group.to_owned()).or_default();
        let number = events.iter().map(|event| event.number + 1).max().unwrap_or_default();
        let position = events.partition_point(|event| event.at <= at);
        events.insert(position, LogEvent { stream: stream.to_owned(), at, message: message.to_owned(), number });
        let surplus = events.len().saturating_sub(KEPT);
        events.drain(..surplus);
    }
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
