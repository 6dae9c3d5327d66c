//! The states of alarms.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use serde::Serialize;

use super::time::rfc3339;
use crate::{
    aws::{Answer, Aws},
    engine::Failure,
};

/// DescribeAlarms takes that many names, and gives that many alarms a page (CloudWatch API reference).
const AT_ONCE: usize = 100;

/// What an alarm says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// All is well.
    Well,
    /// It has gone off.
    Alarm,
    /// It doesn't have enough data to tell.
    Unsure,
}

/// An alarm with what it says.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What it says.
    pub says: Says,
    /// The words for it.
    pub alarm: AlarmStatus,
}

/// An alarm that is in alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlarmStatus {
    /// Its name.
    pub name: String,
    /// What CloudWatch says about it.
    pub reason: String,
    /// Since when (RFC 3339).
    pub since: Option<String>,
}

/// The alarms with these names, by name.
///
/// # Errors
/// The calls' own.
pub async fn alarms(aws: &Aws, names: &[String]) -> Result<BTreeMap<String, Seen>, Failure> {
    let mut found = BTreeMap::new();
    for names in names.chunks(AT_ONCE) {
        let call = aws.cloudwatch.describe_alarms().set_alarm_names(Some(names.to_vec()));
        let call = call.alarm_types(AlarmType::MetricAlarm).max_records(i32::try_from(AT_ONCE).unwrap_or(i32::MAX));
        for it in call.send().await.of("cloudwatch:DescribeAlarms")?.metric_alarms() {
            let says = match it.state_value() {
                Some(StateValue::Ok) => Says::Well,
                Some(StateValue::Alarm) => Says::Alarm,
                _ => Says::Unsure,
            };
            let name = it.alarm_name().unwrap_or_default().to_owned();
            let since = it.state_transitioned_timestamp().or(it.state_updated_timestamp());
            let reason = it.state_reason().unwrap_or_default().to_owned();
            let alarm = AlarmStatus { name: name.clone(), reason, since: rfc3339(since) };
            found.insert(name, Seen { says, alarm });
        }
    }
    Ok(found)
}
