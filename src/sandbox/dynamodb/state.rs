//! All that DynamoDB holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

/// All that DynamoDB holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DynamoDbState {
    /// Tables by name.
    pub tables: BTreeMap<String, Table>,
}

/// A table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// A UUID.
    pub id: String,
    /// When it was made.
    pub created_at: Moment,
    /// Until when it is `CREATING`.
    pub active_at: Moment,
    /// Until when it is `UPDATING`.
    pub updated_at: Moment,
    /// When it will be gone, once that was ordered.
    pub gone_at: Option<Moment>,
    /// Partition key and type.
    pub partition_key: (String, String),
    /// Sort key and type.
    pub sort_key: Option<(String, String)>,
    /// The ARN of the key that encrypts it; `None` for DynamoDB's own.
    pub key: Option<String>,
    /// Whether it refuses to be deleted.
    pub deletion_protection: bool,
    /// Whether it can be restored to any second.
    pub point_in_time_recovery: bool,
    /// Its tags.
    pub tags: Tags,
}

impl Table {
    /// As the API writes it. DynamoDB API reference, TableDescription.
    pub fn status(&self, now: Moment) -> &'static str {
        if self.gone_at.is_some() {
            "DELETING"
        } else if now < self.active_at {
            "CREATING"
        } else if now < self.updated_at {
            "UPDATING"
        } else {
            "ACTIVE"
        }
    }

    /// The error for what only a table at rest can do.
    pub(super) fn at_rest(&self, now: Moment) -> Result<(), ApiError> {
        let what = match self.status(now) {
            "ACTIVE" => return Ok(()),
            "CREATING" => "created",
            "UPDATING" => "updated",
            _ => "deleted",
        };
        let message =
            format!("Attempt to change a resource which is still in use: Table is being {what}: {}", self.name);
        Err(ApiError::new("ResourceInUseException", message))
    }
}

/// A table that must be there, by name or ARN.
pub(super) fn table<'a>(call: &'a Call<'_>, reference: Option<&str>) -> Result<&'a Table, ApiError> {
    let reference = reference.unwrap_or_default();
    let name = reference.rsplit('/').next().unwrap_or_default();
    call.world.dynamodb.tables.get(name).ok_or_else(|| missing(name))
}

/// The same, to change it.
pub(super) fn table_mut<'a>(call: &'a mut Call<'_>, reference: Option<&str>) -> Result<&'a mut Table, ApiError> {
    let name = table(call, reference)?.name.clone();
    call.world.dynamodb.tables.get_mut(&name).ok_or_else(|| missing(&name))
}

pub(super) fn missing(name: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", format!("Requested resource not found: Table: {name} not found"))
}

/// Removes the tables whose deletion is done.
pub(super) fn advance(call: &mut Call<'_>) {
    let due = |table: &Table| table.gone_at.is_some_and(|at| call.now >= at);
    let gone: Vec<String> =
        call.world.dynamodb.tables.values().filter(|table| due(table)).map(|table| table.name.clone()).collect();
    for name in gone {
        call.world.dynamodb.tables.remove(&name);
    }
}

impl Simulated for DynamoDbState {
    fn inventory(&self, now: Moment, _place: &Place) -> Vec<Item> {
        let item = |table: &Table| Item {
            kind: "dynamodb:table",
            id: table.name.clone(),
            arn: table.arn.clone(),
            tags: table.tags.clone(),
        };
        self.tables.values().filter(|table| table.gone_at.is_none_or(|at| now < at)).map(item).collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        self.tables.values_mut().find(|table| table.arn == arn).map(|table| &mut table.tags)
    }
}
