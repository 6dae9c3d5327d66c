//! What PutScalingPolicy demands, and what is kept of it. Application Auto Scaling API reference, PutScalingPolicy and
//! TargetTrackingScalingPolicyConfiguration.

use aws_sdk_applicationautoscaling::operation::put_scaling_policy::PutScalingPolicyInput;
use aws_sdk_applicationautoscaling::types::{
    CustomizedMetricSpecification, MetricType, PolicyType, PredefinedMetricSpecification, TargetTrackingMetric,
    TargetTrackingMetricDataQuery, TargetTrackingMetricDimension, TargetTrackingMetricStat,
    TargetTrackingScalingPolicyConfiguration,
};

use super::state::{Followed, Tracking, invalid};
use crate::sandbox::cloudwatch::{Query, Stat, query};
use crate::sandbox::error::ApiError;

/// Metrics of target tracking are looked at every minute (user guide, "Target tracking scaling policies").
const PERIOD: i32 = 60;

/// Checks name, type and configuration.
pub(super) fn check(input: &PutScalingPolicyInput) -> Result<Tracking, ApiError> {
    let name = input.policy_name().unwrap_or_default();
    if !(1..=256).contains(&name.chars().count()) || name.contains([':', '/', '|']) {
        return Err(invalid("PolicyName must have 1 to 256 characters, without colons, slashes and pipes"));
    }
    if input.policy_type() != Some(&PolicyType::TargetTrackingScaling) {
        return Err(invalid("The sandbox simulates policies of the type TargetTrackingScaling only"));
    }
    let given = input.target_tracking_scaling_policy_configuration();
    let given = given.ok_or_else(|| invalid("TargetTrackingScalingPolicyConfiguration is required"))?;
    if !given.target_value().is_finite() || given.target_value() <= 0.0 {
        return Err(invalid("TargetValue must be greater than 0"));
    }
    if [given.scale_out_cooldown(), given.scale_in_cooldown()].into_iter().flatten().any(|seconds| seconds < 0) {
        return Err(invalid("Cooldowns must not be negative"));
    }
    Ok(Tracking {
        target_value: given.target_value(),
        followed: followed(given)?,
        scale_out_cooldown: given.scale_out_cooldown(),
        scale_in_cooldown: given.scale_in_cooldown(),
        disable_scale_in: given.disable_scale_in(),
    })
}

fn followed(given: &TargetTrackingScalingPolicyConfiguration) -> Result<Followed, ApiError> {
    match (given.predefined_metric_specification(), given.customized_metric_specification()) {
        (Some(predefined), None) => {
            let name = predefined.predefined_metric_type().as_str();
            match name {
                "ECSServiceAverageCPUUtilization" | "ECSServiceAverageMemoryUtilization" => {
                    Ok(Followed::Predefined(name.to_owned()))
                }
                // ECS Developer Guide, "Target tracking": not for services of blue/green deployments, which all of ours are.
                "ALBRequestCountPerTarget" => {
                    Err(invalid("ALBRequestCountPerTarget is not supported for the blue/green deployment type"))
                }
                other => Err(invalid(format!("Invalid predefined metric type for ECS services: {other}"))),
            }
        }
        (None, Some(customized)) => {
            if customized.metrics().is_empty() || customized.metric_name().is_some() {
                return Err(invalid("The sandbox simulates customized metrics with metric math only"));
            }
            let queries: Vec<Query> = customized.metrics().iter().map(from_sdk).collect();
            query::check(&queries).map_err(invalid)?;
            Ok(Followed::Customized(queries))
        }
        _ => Err(invalid("Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification is required")),
    }
}

fn from_sdk(query: &TargetTrackingMetricDataQuery) -> Query {
    let stat = |stat: &TargetTrackingMetricStat| {
        let metric = stat.metric();
        let dimensions = metric.map(TargetTrackingMetric::dimensions).unwrap_or_default();
        Stat {
            namespace: metric.and_then(TargetTrackingMetric::namespace).unwrap_or_default().to_owned(),
            metric: metric.and_then(TargetTrackingMetric::metric_name).unwrap_or_default().to_owned(),
            dimensions: dimensions.iter().map(|one| (one.name().to_owned(), one.value().to_owned())).collect(),
            period: PERIOD,
            statistic: stat.stat().to_owned(),
            unit: stat.unit().map(str::to_owned),
        }
    };
    Query {
        id: query.id().to_owned(),
        label: query.label().map(str::to_owned),
        returned: query.return_data(),
        expression: query.expression().map(str::to_owned),
        stat: query.metric_stat().map(stat),
        period: None,
    }
}

/// As the SDK's type.
pub(super) fn to_sdk(tracking: &Tracking) -> Result<TargetTrackingScalingPolicyConfiguration, ApiError> {
    let configuration = TargetTrackingScalingPolicyConfiguration::builder()
        .target_value(tracking.target_value)
        .set_scale_out_cooldown(tracking.scale_out_cooldown)
        .set_scale_in_cooldown(tracking.scale_in_cooldown)
        .set_disable_scale_in(tracking.disable_scale_in);
    let configuration = match &tracking.followed {
        Followed::Predefined(name) => {
            let metric = PredefinedMetricSpecification::builder();
            let metric = metric.predefined_metric_type(MetricType::from(name.as_str())).build()?;
            configuration.predefined_metric_specification(metric)
        }
        Followed::Customized(queries) => {
            let queries = queries.iter().map(query_to_sdk).collect::<Result<Vec<_>, _>>()?;
            let metric = CustomizedMetricSpecification::builder().set_metrics(Some(queries)).build();
            configuration.customized_metric_specification(metric)
        }
    };
    Ok(configuration.build()?)
}

fn query_to_sdk(query: &Query) -> Result<TargetTrackingMetricDataQuery, ApiError> {
    Ok(TargetTrackingMetricDataQuery::builder()
        .id(&query.id)
        .set_label(query.label.clone())
        .set_return_data(query.returned)
        .set_expression(query.expression.clone())
        .set_metric_stat(query.stat.as_ref().map(stat_to_sdk).transpose()?)
        .build()?)
}

fn stat_to_sdk(stat: &Stat) -> Result<TargetTrackingMetricStat, ApiError> {
    let mut metric = TargetTrackingMetric::builder().namespace(&stat.namespace).metric_name(&stat.metric);
    for (name, value) in &stat.dimensions {
        metric = metric.dimensions(TargetTrackingMetricDimension::builder().name(name).value(value).build()?);
    }
    let built = TargetTrackingMetricStat::builder().metric(metric.build()).stat(&stat.statistic);
    Ok(built.set_unit(stat.unit.clone()).build()?)
}
