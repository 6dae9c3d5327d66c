//! Metrics and expressions over them, as alarms watch them and scaling policies track them.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{Dimension, Metric as SdkMetric, MetricDataQuery, MetricStat};
use serde::{Deserialize, Serialize};

use crate::{
    engine::{Failure, Output},
    markers,
};

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
    /// Metrics Insights over all series of a namespace, whatever their dimensions are.
    Insights(Insights),
    /// A metric.
    Metric(Metric),
}

/// A query in the language of Metrics Insights; alarms can watch one (CloudWatch User Guide, "Create an alarm on a Metrics Insights
/// query").
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Insights {
    /// `SELECT …`.
    pub query: String,
    /// Seconds that one value stands for.
    pub period_seconds: u32,
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

impl Query {
    /// An expression over other queries, which is what is watched.
    pub fn expression(id: &str, label: &str, expression: impl Into<String>) -> Self {
        let source = Source::Expression(expression.into());
        Query { id: id.to_owned(), label: label.to_owned(), returned: true, source }
    }

    /// A Metrics Insights query, which is what is watched.
    pub fn insights(id: &str, label: &str, query: impl Into<String>, period_seconds: u32) -> Self {
        let source = Source::Insights(Insights { query: query.into(), period_seconds });
        Query { id: id.to_owned(), label: label.to_owned(), returned: true, source }
    }

    /// A metric that expressions use.
    pub fn metric(id: &str, label: &str, metric: Metric) -> Self {
        Query { id: id.to_owned(), label: label.to_owned(), returned: false, source: Source::Metric(metric) }
    }

    /// The same as what is watched.
    pub fn returned(self) -> Self {
        Query { returned: true, ..self }
    }

    /// As the SDK's type.
    pub(super) fn to_sdk(&self) -> Result<MetricDataQuery, Failure> {
        let query = MetricDataQuery::builder().id(&self.id).label(&self.label).return_data(self.returned);
        Ok(match &self.source {
            Source::Expression(expression) => query.expression(expression).build(),
            Source::Insights(insights) => {
                query.expression(&insights.query).period(period(insights.period_seconds)).build()
            }
            Source::Metric(metric) => query.metric_stat(metric.to_sdk()?).build(),
        })
    }

    /// In the form of the specification.
    pub(super) fn observe(query: &MetricDataQuery) -> Self {
        let expression = query.expression().unwrap_or_default().to_owned();
        let source = match (query.metric_stat(), query.period()) {
            (Some(stat), _) => Source::Metric(Metric::observe(stat)),
            (None, Some(period)) => Source::Insights(Insights {
                query: expression,
                period_seconds: u32::try_from(period).unwrap_or_default(),
            }),
            (None, None) => Source::Expression(expression),
        };
        Query {
            id: query.id().unwrap_or_default().to_owned(),
            label: query.label().unwrap_or_default().to_owned(),
            // CloudWatch API reference, MetricDataQuery: true where nothing is said.
            returned: query.return_data().unwrap_or(true),
            source,
        }
    }
}

fn period(seconds: u32) -> i32 {
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

impl Metric {
    fn to_sdk(&self) -> Result<MetricStat, Failure> {
        let mut metric = SdkMetric::builder().namespace(&self.namespace).metric_name(&self.name);
        for (name, value) in &self.dimensions {
            metric = metric.dimensions(Dimension::builder().name(name).value(value.get()?).build());
        }
        Ok(MetricStat::builder()
            .metric(metric.build())
            .period(period(self.period_seconds))
            .stat(&self.statistic)
            .build())
    }

    fn observe(stat: &MetricStat) -> Self {
        let metric = stat.metric();
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let dimension =
            |dimension: &Dimension| (text(dimension.name()), Output::known(dimension.value().unwrap_or_default()));
        Metric {
            namespace: text(metric.and_then(SdkMetric::namespace)),
            name: text(metric.and_then(SdkMetric::metric_name)),
            dimensions: metric.map(SdkMetric::dimensions).unwrap_or_default().iter().map(dimension).collect(),
            period_seconds: stat.period().and_then(|period| u32::try_from(period).ok()).unwrap_or_default(),
            statistic: text(stat.stat()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read_as_they_are_written() {
        let metric = Metric {
            namespace: "AWS/ECS".to_owned(),
            name: "CPUUtilization".to_owned(),
            dimensions: BTreeMap::from([("ServiceName".to_owned(), Output::known("service-a-dev"))]),
            period_seconds: 60,
            statistic: "Average".to_owned(),
        };
        let queries = [
            Query::metric("m0", "CPU", metric).returned(),
            Query::expression("e1", "twice", "m0*2"),
            Query::insights("q1", "least", "SELECT MIN(days) FROM \"x\"", 60),
        ];
        for query in queries {
            let sent = query.to_sdk().expect("all is known");
            assert_eq!(Query::observe(&sent), query);
        }
    }
}
