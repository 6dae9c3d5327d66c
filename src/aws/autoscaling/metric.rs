//! Metric math as Application Auto Scaling spells it.

use aws_sdk_applicationautoscaling::types::{
    CustomizedMetricSpecification, TargetTrackingMetric, TargetTrackingMetricDataQuery, TargetTrackingMetricDimension,
    TargetTrackingMetricStat,
};
use aws_smithy_types::error::operation::BuildError;

use crate::{
    aws::cloudwatch::{Metric, Query, Source},
    engine::{Failure, Output},
};

/// Application Auto Scaling names no period: it looks at minutes (user guide, "Target tracking scaling policies").
const PERIOD_SECONDS: u32 = 60;

/// As the SDK's type.
pub(super) fn specification(queries: &[Query]) -> Result<CustomizedMetricSpecification, Failure> {
    let mut specification = CustomizedMetricSpecification::builder();
    for query in queries {
        specification = specification.metrics(to_sdk(query)?);
    }
    Ok(specification.build())
}

fn to_sdk(query: &Query) -> Result<TargetTrackingMetricDataQuery, Failure> {
    let built = TargetTrackingMetricDataQuery::builder().id(&query.id).label(&query.label).return_data(query.returned);
    let built = match &query.source {
        Source::Expression(expression) => built.expression(expression),
        Source::Metric(metric) => built.metric_stat(stat(metric)?),
        Source::Insights(_) => return Err(Failure::internal("a scaling policy can't follow a Metrics Insights query")),
    };
    built.build().map_err(incomplete)
}

fn stat(metric: &Metric) -> Result<TargetTrackingMetricStat, Failure> {
    let mut built = TargetTrackingMetric::builder().namespace(&metric.namespace).metric_name(&metric.name);
    for (name, value) in &metric.dimensions {
        let dimension = TargetTrackingMetricDimension::builder().name(name).value(value.get()?);
        built = built.dimensions(dimension.build().map_err(incomplete)?);
    }
    TargetTrackingMetricStat::builder().metric(built.build()).stat(&metric.statistic).build().map_err(incomplete)
}

/// In the form of the specification.
pub(super) fn observe(specification: &CustomizedMetricSpecification) -> Vec<Query> {
    specification.metrics().iter().map(observe_one).collect()
}

fn observe_one(query: &TargetTrackingMetricDataQuery) -> Query {
    let source = match query.metric_stat() {
        Some(stat) => Source::Metric(observe_stat(stat)),
        None => Source::Expression(query.expression().unwrap_or_default().to_owned()),
    };
    Query {
        id: query.id().to_owned(),
        label: query.label().unwrap_or_default().to_owned(),
        // Application Auto Scaling API reference, TargetTrackingMetricDataQuery: true where nothing is said.
        returned: query.return_data().unwrap_or(true),
        source,
    }
}

fn observe_stat(stat: &TargetTrackingMetricStat) -> Metric {
    let metric = stat.metric();
    let dimensions = metric.map(TargetTrackingMetric::dimensions).unwrap_or_default();
    Metric {
        namespace: metric.and_then(TargetTrackingMetric::namespace).unwrap_or_default().to_owned(),
        name: metric.and_then(TargetTrackingMetric::metric_name).unwrap_or_default().to_owned(),
        dimensions: dimensions.iter().map(|one| (one.name().to_owned(), Output::known(one.value()))).collect(),
        period_seconds: PERIOD_SECONDS,
        statistic: stat.stat().to_owned(),
    }
}

/// A part that the SDK wants and that was left out.
pub(super) fn incomplete(error: BuildError) -> Failure {
    Failure::internal(format!("a scaling policy is incomplete: {error}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn queries_are_read_as_they_are_written() {
        let metric = Metric {
            namespace: "AWS/ApplicationELB".to_owned(),
            name: "RequestCountPerTarget".to_owned(),
            dimensions: BTreeMap::from([("TargetGroup".to_owned(), Output::known("targetgroup/tg-a-blue-dev/1"))]),
            period_seconds: PERIOD_SECONDS,
            statistic: "Sum".to_owned(),
        };
        let queries = vec![Query::metric("m0", "blue", metric), Query::expression("all", "all", "m0*2")];
        assert_eq!(observe(&specification(&queries).expect("all is known")), queries);
    }
}
