//! Metrics and expressions over them, as alarms watch them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{engine::Output, markers};

markers! {
    /// The value of a metric's dimension.
    DimensionValue,
}

/// A metric, or an expression over others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Query {
    /// What expressions call it: a lower-case letter, then letters, digits and underscores.
    pub id: String,
    /// What it is called in graphs.
    pub label: String,
    /// Whether it is the one that is watched.
    pub returned: bool,
    /// Where its values come from.
    pub source: Source,
}

/// Where the values of a query come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Metric math over the other queries.
    Expression(String),
    /// A metric.
    Metric(Metric),
}

/// A statistic of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its namespace: `AWS/ECS`.
    pub namespace: String,
    /// Its name: `CPUUtilization`.
    pub name: String,
    /// Its dimensions.
    pub dimensions: BTreeMap<String, Output<DimensionValue>>,
    /// Seconds that one value stands for.
    pub period_seconds: u32,
    /// `Average`, `Sum`, `Maximum`, `p99`, ….
    pub statistic: String,
}
