//! Metrics and metric math, as alarms and scaling policies give them.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, StandardUnit};
use serde::{Deserialize, Serialize};

/// A metric, or an expression over others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Query {
    /// What expressions call it.
    pub id: String,
    /// What graphs call it.
    pub label: Option<String>,
    /// Whether it is the one that counts; so it is if `None`.
    pub returned: Option<bool>,
    /// Metric math, or a Metrics Insights query.
    pub expression: Option<String>,
    /// A metric.
    pub stat: Option<Stat>,
    /// Seconds that a value of a Metrics Insights query stands for.
    pub period: Option<i32>,
}

/// A statistic of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stat {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub metric: String,
    /// Its dimensions.
    pub dimensions: Vec<(String, String)>,
    /// Seconds that one value stands for.
    pub period: i32,
    /// `Average`, `p99`, ….
    pub statistic: String,
    /// Its unit.
    pub unit: Option<String>,
}

impl Query {
    /// Reads the SDK's type.
    pub fn from_sdk(query: &MetricDataQuery) -> Self {
        Query {
            id: query.id().unwrap_or_default().to_owned(),
            label: query.label().map(str::to_owned),
            returned: query.return_data(),
            expression: query.expression().map(str::to_owned),
            stat: query.metric_stat().map(Stat::from_sdk),
            period: query.period(),
        }
    }

    /// As the SDK's type.
    pub fn to_sdk(&self) -> MetricDataQuery {
        MetricDataQuery::builder()
            .id(&self.id)
            .set_label(self.label.clone())
            .set_return_data(self.returned)
            .set_expression(self.expression.clone())
            .set_metric_stat(self.stat.as_ref().map(Stat::to_sdk))
            .set_period(self.period)
            .build()
    }

    fn is_insights(&self) -> bool {
        self.expression.as_deref().is_some_and(is_insights)
    }

    /// The period that it sets, if it does.
    pub fn own_period(&self) -> Option<i32> {
        self.stat.as_ref().map(|stat| stat.period).or(self.period)
    }
}

impl Stat {
    fn from_sdk(stat: &MetricStat) -> Self {
        let metric = stat.metric();
        Stat {
            namespace: metric.and_then(Metric::namespace).unwrap_or_default().to_owned(),
            metric: metric.and_then(Metric::metric_name).unwrap_or_default().to_owned(),
            dimensions: dimensions(metric.map(Metric::dimensions).unwrap_or_default()),
            period: stat.period().unwrap_or_default(),
            statistic: stat.stat().unwrap_or_default().to_owned(),
            unit: stat.unit().map(|unit| unit.as_str().to_owned()),
        }
    }

    fn to_sdk(&self) -> MetricStat {
        let metric = Metric::builder().namespace(&self.namespace).metric_name(&self.metric);
        let metric = metric.set_dimensions(Some(self.sdk_dimensions())).build();
        let unit = self.unit.as_deref().map(StandardUnit::from);
        MetricStat::builder().metric(metric).period(self.period).stat(&self.statistic).set_unit(unit).build()
    }

    /// The dimensions as the SDK's type.
    pub fn sdk_dimensions(&self) -> Vec<Dimension> {
        self.dimensions.iter().map(|(name, value)| Dimension::builder().name(name).value(value).build()).collect()
    }

    /// What is wrong with it, if anything.
    ///
    /// # Errors
    /// CloudWatch API reference, MetricStat, Metric and Dimension.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=255).contains(&self.namespace.len()) || !(1..=255).contains(&self.metric.len()) {
            return Err("Namespace and MetricName must have 1 to 255 characters".to_owned());
        }
        if self.dimensions.len() > 30 {
            return Err("A metric can have no more than 30 dimensions".to_owned());
        }
        let sized = |(name, value): &(String, String)| {
            (1..=255).contains(&name.len()) && (1..=1024).contains(&value.len()) && !name.starts_with(':')
        };
        if let Some((name, _)) = self.dimensions.iter().find(|dimension| !sized(dimension)) {
            return Err(format!("The dimension '{name}' is not valid"));
        }
        if !is_period(self.period) {
            return Err("Period must be 10, 20, 30 or a multiple of 60".to_owned());
        }
        if is_statistic(&self.statistic) { Ok(()) } else { Err(format!("Unknown statistic: {}", self.statistic)) }
    }
}

/// Dimensions as pairs.
pub fn dimensions(dimensions: &[Dimension]) -> Vec<(String, String)> {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    dimensions.iter().map(|one| (text(one.name()), text(one.value()))).collect()
}

fn is_period(period: i32) -> bool {
    matches!(period, 10 | 20 | 30) || (period > 0 && period % 60 == 0)
}

/// CloudWatch User Guide, "CloudWatch statistics definitions"; percentiles with up to ten decimal places.
fn is_statistic(text: &str) -> bool {
    const PLAIN: [&str; 6] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum", "IQM"];
    let percentile = |text: &str| text.parse::<f64>().is_ok_and(|share| (0.0..=100.0).contains(&share));
    let prefixed = ["p", "tm", "tc", "ts", "wm"].iter().any(|prefix| text.strip_prefix(prefix).is_some_and(percentile));
    PLAIN.contains(&text) || prefixed
}

fn is_insights(expression: &str) -> bool {
    expression.trim_start().to_ascii_uppercase().starts_with("SELECT ")
}

/// What is wrong with queries of which one counts, if anything.
///
/// # Errors
/// CloudWatch API reference, PutMetricAlarm and MetricDataQuery; CloudWatch User Guide, "Create a CloudWatch alarm based on a metric math
/// expression": ten metrics at most.
pub fn check(queries: &[Query]) -> Result<(), String> {
    if queries.iter().filter(|query| query.stat.is_some()).count() > 10 || queries.len() > 20 {
        return Err("No more than 10 metrics and 20 queries can be combined".to_owned());
    }
    let ids: BTreeSet<&str> = queries.iter().map(|query| query.id.as_str()).collect();
    if ids.len() < queries.len() {
        return Err("The ids of the queries are not unique".to_owned());
    }
    if queries.iter().filter(|query| query.returned.unwrap_or(true)).count() != 1 {
        return Err("Exactly one element of the metrics list should return data.".to_owned());
    }
    queries.iter().try_for_each(|query| check_one(query, &ids))
}

fn check_one(query: &Query, ids: &BTreeSet<&str>) -> Result<(), String> {
    let mut characters = query.id.chars();
    let formed = characters.next().is_some_and(|first| first.is_ascii_lowercase())
        && characters.all(|one| one.is_ascii_alphanumeric() || one == '_');
    if !formed {
        return Err(format!("The id '{}' must begin with a lowercase letter and hold letters, digits and _", query.id));
    }
    match (&query.stat, &query.expression) {
        (Some(stat), None) => stat.check(),
        (None, Some(expression)) if query.is_insights() => {
            let timed = query.period.is_some_and(is_period);
            let alone = !expression.to_ascii_uppercase().contains(" GROUP BY ");
            match (timed, alone) {
                (false, _) => Err(format!("Period must be specified for the Metrics Insights query {}", query.id)),
                (_, false) => Err("The query must return a single time series".to_owned()),
                _ => Ok(()),
            }
        }
        (None, Some(expression)) => check_expression(expression, ids),
        _ => Err(format!("Query {} must have either MetricStat or Expression", query.id)),
    }
}

/// What metric math can be told to be wrong without evaluating it: unknown ids, parentheses, searches (CloudWatch User Guide, "Use search
/// expressions in graphs": no alarms on them). Beyond what CloudWatch refuses: FILL, with which an alarm is stuck where the latest minute
/// has no data yet (CloudWatch User Guide, "Metric math functions").
fn check_expression(expression: &str, ids: &BTreeSet<&str>) -> Result<(), String> {
    if expression.is_empty() || expression.len() > 2048 {
        return Err("An expression must have 1 to 2048 characters".to_owned());
    }
    if expression.contains("SEARCH(") {
        return Err("SEARCH is not supported here: it returns several time series".to_owned());
    }
    if expression.contains("FILL(") {
        return Err("FILL makes up the latest value, which comes late: an alarm on it may never change".to_owned());
    }
    let words = expression.split(|one: char| !(one.is_ascii_alphanumeric() || one == '_' || one == '.'));
    let mut names = words.filter(|word| word.starts_with(|first: char| first.is_ascii_lowercase()));
    if let Some(name) = names.find(|name| !ids.contains(name)) {
        return Err(format!("The expression refers to '{name}', which is no id of a query"));
    }
    let mut open = 0_i32;
    for one in expression.chars() {
        open += i32::from(one == '(') - i32::from(one == ')');
        if open < 0 {
            break;
        }
    }
    if open == 0 { Ok(()) } else { Err(format!("Syntax error in expression: {expression}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(id: &str, expression: &str, returned: bool) -> Query {
        let expression = Some(expression.to_owned());
        Query { id: id.into(), label: None, returned: Some(returned), expression, stat: None, period: None }
    }

    #[test]
    fn expressions_speak_of_what_is_there() {
        let ids = BTreeSet::from(["a", "b"]);
        assert_eq!(check_expression("100*(a+b)/MAX([a,b])", &ids), Ok(()));
        for wrong in ["a+c", "(a+b", "a)+(b", "SUM(SEARCH('x','Sum'))", "FILL(a,0)+b", ""] {
            assert!(check_expression(wrong, &ids).is_err(), "{wrong}");
        }
    }

    #[test]
    fn one_query_counts() {
        assert!(check(&[query("a", "1", true), query("b", "2", true)]).is_err());
        assert!(check(&[query("a", "1", false)]).is_err());
        assert!(check(&[query("a", "1", false), query("b", "a*2", true)]).is_ok());
        assert!(check(&[query("A", "1", true)]).is_err());
        assert!(check(&[query("a", "1", false), query("a", "2", true)]).is_err());
    }

    #[test]
    fn statistics_are_those_of_cloudwatch() {
        assert!(["Sum", "p99", "p99.9", "tm90"].into_iter().all(is_statistic));
        assert!(!["sum", "p101", "p", "Median"].into_iter().any(is_statistic));
    }
}
