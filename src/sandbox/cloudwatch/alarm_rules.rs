//! What PutMetricAlarm demands. CloudWatch API reference, PutMetricAlarm.

use aws_sdk_cloudwatch::operation::put_metric_alarm::PutMetricAlarmInput;

use super::query::{self, Query, Stat};
use super::state::Watched;
use crate::sandbox::error::ApiError;

const COMPARISONS: [&str; 4] =
    ["GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"];
const MISSING_DATA: [&str; 4] = ["breaching", "notBreaching", "ignore", "missing"];
/// Seconds in which an alarm of short periods must be through.
const DAY: i64 = 86_400;
const HOUR: i32 = 3600;

/// CloudWatch's error for whatever the caller got wrong.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

fn missing(parameter: &str) -> ApiError {
    ApiError::new("MissingParameter", format!("The parameter {parameter} is required."))
}

fn combined(message: &str) -> ApiError {
    ApiError::new("InvalidParameterCombination", message)
}

/// Checks everything but the tags, and gives what is watched.
pub(super) fn check(input: &PutMetricAlarmInput) -> Result<Watched, ApiError> {
    check_name(input.alarm_name().unwrap_or_default())?;
    if input.alarm_description().is_some_and(|text| text.chars().count() > 1024) {
        return Err(invalid("AlarmDescription must have no more than 1024 characters"));
    }
    let comparison = input.comparison_operator().ok_or_else(|| missing("ComparisonOperator"))?.as_str();
    if !COMPARISONS.contains(&comparison) {
        return Err(invalid(format!("'{comparison}' is not valid for an alarm with a static threshold")));
    }
    if input.threshold().is_none_or(f64::is_nan) {
        return Err(missing("Threshold"));
    }
    if input.treat_missing_data().is_some_and(|word| !MISSING_DATA.contains(&word)) {
        return Err(ApiError::new("InvalidParameterValue", format!("Option {MISSING_DATA:?} for TreatMissingData")));
    }
    for actions in [input.ok_actions(), input.alarm_actions(), input.insufficient_data_actions()] {
        check_actions(actions)?;
    }
    let watched = watched(input)?;
    check_periods(input, &watched)?;
    Ok(watched)
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let formed = (1..=255).contains(&name.chars().count()) && !name.chars().any(|one| one.is_ascii_control());
    if formed {
        Ok(())
    } else {
        Err(invalid("AlarmName must have 1 to 255 characters, none of them a control character"))
    }
}

/// Up to five ARNs.
fn check_actions(actions: &[String]) -> Result<(), ApiError> {
    if actions.len() > 5 {
        return Err(invalid("No more than 5 actions can be given"));
    }
    let formed = |arn: &String| {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        matches!(parts.as_slice(), ["arn", partition, service, _, _, resource]
            if !partition.is_empty() && !service.is_empty() && !resource.is_empty())
    };
    match actions.iter().find(|arn| !formed(arn)) {
        Some(arn) => Err(invalid(format!("Invalid arn syntax: {arn}"))),
        None => Ok(()),
    }
}

/// Either one metric or several queries.
fn watched(input: &PutMetricAlarmInput) -> Result<Watched, ApiError> {
    let queries: Vec<Query> = input.metrics().iter().map(Query::from_sdk).collect();
    let single = input.metric_name().is_some()
        || input.namespace().is_some()
        || input.period().is_some()
        || input.statistic().is_some()
        || input.extended_statistic().is_some()
        || !input.dimensions().is_empty();
    match (single, queries.is_empty()) {
        (true, false) => Err(combined("MetricName and Metrics list must not be both specified.")),
        (false, true) => Err(missing("MetricName or Metrics")),
        (false, false) => {
            query::check(&queries).map_err(invalid)?;
            Ok(Watched::Queries(queries))
        }
        (true, true) => {
            let stat = stat(input)?;
            stat.check().map_err(invalid)?;
            Ok(Watched::Metric(stat))
        }
    }
}

fn stat(input: &PutMetricAlarmInput) -> Result<Stat, ApiError> {
    let statistic = match (input.statistic(), input.extended_statistic()) {
        (Some(statistic), None) => statistic.as_str(),
        (None, Some(statistic)) => statistic,
        (None, None) => return Err(missing("Statistic")),
        _ => return Err(combined("Statistic and ExtendedStatistic must not be both specified.")),
    };
    Ok(Stat {
        namespace: input.namespace().unwrap_or_default().to_owned(),
        metric: input.metric_name().unwrap_or_default().to_owned(),
        dimensions: query::dimensions(input.dimensions()),
        period: input.period().ok_or_else(|| missing("Period"))?,
        statistic: statistic.to_owned(),
        unit: input.unit().map(|unit| unit.as_str().to_owned()),
    })
}

fn check_periods(input: &PutMetricAlarmInput, watched: &Watched) -> Result<(), ApiError> {
    let periods = input.evaluation_periods().ok_or_else(|| missing("EvaluationPeriods"))?;
    if periods < 1 {
        return Err(invalid("EvaluationPeriods must be at least 1"));
    }
    if input.datapoints_to_alarm().is_some_and(|datapoints| !(1..=periods).contains(&datapoints)) {
        return Err(invalid("DatapointsToAlarm must be between 1 and EvaluationPeriods"));
    }
    let period = match watched {
        Watched::Metric(stat) => stat.period,
        Watched::Queries(queries) => queries.iter().filter_map(Query::own_period).max().unwrap_or(60),
    };
    let most = if period < HOUR { DAY } else { 7 * DAY };
    if i64::from(period) * i64::from(periods) > most {
        return Err(invalid(format!("Metrics cannot be checked across more than {most} seconds")));
    }
    Ok(())
}
