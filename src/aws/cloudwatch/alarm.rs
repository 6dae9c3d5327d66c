//! Alarms.

use serde::{Deserialize, Serialize};

use super::metric::Query;
use crate::{
    aws::sns::TopicArn,
    engine::{Handle, Output},
    markers,
};

markers! {
    /// An alarm's name.
    AlarmName,
    /// An alarm's ARN.
    AlarmArn,
}

/// An alarm on the result of metric math, or on one metric.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alarm {
    /// What it means and what to do about it, for who is told.
    pub description: String,
    /// The metrics and expressions; exactly one of them returns data, and that is what is watched.
    pub queries: Vec<Query>,
    /// How the value is compared: `GreaterThanThreshold`, ….
    pub comparison: String,
    /// What it is compared with.
    pub threshold: f64,
    /// How many periods are looked at.
    pub evaluation_periods: u32,
    /// In how many of them the threshold must be passed.
    pub datapoints_to_alarm: u32,
    /// What periods without data mean: `notBreaching`, `breaching`, `ignore` or `missing`.
    pub missing_data: String,
    /// Who is told when it goes off.
    pub alarm_actions: Vec<Output<TopicArn>>,
    /// Who is told when it is over.
    pub ok_actions: Vec<Output<TopicArn>>,
}

impl Handle<Alarm> {
    /// Its name.
    pub fn name(&self) -> Output<AlarmName> {
        self.output("name")
    }

    /// Its ARN.
    pub fn arn(&self) -> Output<AlarmArn> {
        self.output("arn")
    }
}
