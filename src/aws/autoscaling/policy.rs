//! Scaling policies: what the task count follows.

use async_trait::async_trait;
use aws_sdk_applicationautoscaling::types::{
    MetricType, PolicyType, PredefinedMetricSpecification, ScalableDimension, ScalingPolicy as Described,
    ServiceNamespace, TargetTrackingScalingPolicyConfiguration,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{metric, target::ScalableResource};
use crate::{
    aws::{Answer, Aws, cloudwatch::Query},
    engine::{
        Changes, Created, Failure, Field, Gone, Identity, Life, Manner, Naming, Output, Outputs, Physical, Readiness,
        Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
};

/// A policy that moves the task count so that a metric stays near a value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScalingPolicy {
    /// The registered service.
    pub resource: Output<ScalableResource>,
    /// What is kept near the value.
    pub metric: Tracked,
    /// The value.
    pub target_value: f64,
    /// Seconds until more tasks are added after some were added.
    pub scale_out_cooldown_seconds: u32,
    /// Seconds until more tasks are taken away after some were taken away.
    pub scale_in_cooldown_seconds: u32,
}

/// What a policy follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tracked {
    /// A metric that Application Auto Scaling knows by name: `ECSServiceAverageCPUUtilization`.
    Predefined(String),
    /// Metric math over metrics of one minute; exactly one query returns data.
    Customized(Vec<Query>),
}

/// The resource in a policy's ARN, `…:scalingPolicy:id:resource/ecs/service/cluster/service:policyName/name` (Application Auto
/// Scaling API reference, ScalingPolicy).
fn resource_of(arn: &str) -> Result<&str, Failure> {
    let rest = arn.split_once(":resource/ecs/").map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split_once(":policyName/"))
        .map(|(resource, _)| resource)
        .ok_or_else(|| Failure::internal(format!("'{arn}' is not the ARN of a scaling policy of an ECS service")))
}

fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned())])
}

fn observe(it: &Described) -> Map<String, Value> {
    let mut observed = Map::from_iter([("resource".to_owned(), json!(it.resource_id()))]);
    let Some(tracking) = it.target_tracking_scaling_policy_configuration() else {
        // Another type of policy tracks nothing, and so differs from each of ours.
        observed.insert("metric".to_owned(), json!(it.policy_type().as_str()));
        return observed;
    };
    let predefined = tracking.predefined_metric_specification();
    let predefined = predefined.map(|it| Tracked::Predefined(it.predefined_metric_type().as_str().to_owned()));
    let customized = tracking.customized_metric_specification().map(|it| Tracked::Customized(metric::observe(it)));
    // Application Auto Scaling user guide, "Define cooldown periods": 300 s for ECS where nothing is said.
    let cooldown = |seconds: Option<i32>| json!(seconds.unwrap_or(300));
    observed.insert("metric".to_owned(), json!(predefined.or(customized)));
    observed.insert("target_value".to_owned(), json!(tracking.target_value()));
    observed.insert("scale_out_cooldown_seconds".to_owned(), cooldown(tracking.scale_out_cooldown()));
    observed.insert("scale_in_cooldown_seconds".to_owned(), cooldown(tracking.scale_in_cooldown()));
    observed
}

impl ScalingPolicy {
    fn configuration(&self) -> Result<TargetTrackingScalingPolicyConfiguration, Failure> {
        let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        let configuration = TargetTrackingScalingPolicyConfiguration::builder()
            .target_value(self.target_value)
            .scale_out_cooldown(number(self.scale_out_cooldown_seconds))
            .scale_in_cooldown(number(self.scale_in_cooldown_seconds));
        let configuration = match &self.metric {
            Tracked::Predefined(name) => {
                let metric = PredefinedMetricSpecification::builder();
                let metric = metric.predefined_metric_type(MetricType::from(name.as_str()));
                configuration.predefined_metric_specification(metric.build().map_err(metric::incomplete)?)
            }
            Tracked::Customized(queries) => {
                configuration.customized_metric_specification(metric::specification(queries)?)
            }
        };
        configuration.build().map_err(metric::incomplete)
    }

    /// Makes it or changes it: Application Auto Scaling goes by the name (API reference, PutScalingPolicy).
    async fn put(&self, aws: &Aws, name: &str) -> Result<String, Failure> {
        let answer = aws
            .autoscaling
            .put_scaling_policy()
            .policy_name(name)
            .policy_type(PolicyType::TargetTrackingScaling)
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(self.resource.get()?)
            .target_tracking_scaling_policy_configuration(self.configuration()?)
            .send()
            .await
            .of("application-autoscaling:PutScalingPolicy")?;
        Ok(answer.policy_arn)
    }
}

#[async_trait]
impl Resource for ScalingPolicy {
    type Clients = Aws;
    const KIND: &'static str = "scaling-policy";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "resource" => Field::REPLACE,
            _ => Field::UPDATE,
        }
    }

    /// By name: policies take no tags, and go with the scalable target.
    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        if scope.targets.is_empty() {
            return Ok(Vec::new());
        }
        let names = scope.targets.iter().map(|target| target.name.clone()).collect();
        let call = aws.autoscaling.describe_scaling_policies().service_namespace(ServiceNamespace::Ecs);
        let mut pages = call.set_policy_names(Some(names)).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            for it in page.of("application-autoscaling:DescribeScalingPolicies")?.scaling_policies() {
                let Some(target) = scope.by_name(it.policy_name()) else { continue };
                // Another cluster's service may have a policy of that name.
                if target.text("resource").is_some_and(|resource| resource != it.resource_id()) {
                    continue;
                }
                found.push(Sighting {
                    key: target.key.clone(),
                    name: target.name.clone(),
                    id: it.policy_arn().to_owned(),
                    outputs: outputs(it.policy_arn()),
                    observed: observe(it),
                    tags: None,
                    life: Life::Live,
                });
            }
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let arn = self.put(aws, &identity.name).await?;
        Ok(Created { outputs: outputs(&arn), id: arn })
    }

    async fn update(&self, aws: &Aws, it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        // The call replaces all settings.
        self.put(aws, &it.name).await?;
        Ok(Outputs::new())
    }

    async fn tag(_aws: &Aws, _it: &Physical, _tags: &Tags) -> Result<(), Failure> {
        // A policy takes no tags; its scalable target does (Application Auto Scaling user guide, "Tagging support").
        Ok(())
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // PutScalingPolicy is synchronous (Application Auto Scaling API reference).
        Ok(Readiness::Ready(outputs(&it.id)))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        aws.autoscaling
            .delete_scaling_policy()
            .policy_name(&it.name)
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(resource_of(&it.id)?)
            .send()
            .await
            .of("application-autoscaling:DeleteScalingPolicy")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteScalingPolicy is synchronous and takes the policy's alarms along (API reference).
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "application-autoscaling:DeleteScalingPolicy",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:PutScalingPolicy",
            // Application Auto Scaling makes and deletes the alarms of a policy in the caller's name (Application Auto Scaling User Guide,
            // "Permissions required for API actions on target services and CloudWatch").
            "cloudwatch:DeleteAlarms",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:PutMetricAlarm",
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_knows_its_resource() {
        let arn = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1-2:\
                   resource/ecs/service/cluster-dev/service-a-dev:policyName/scaling-a-cpu-dev";
        assert_eq!(resource_of(arn).expect("a policy's ARN"), "service/cluster-dev/service-a-dev");
        assert!(resource_of("arn:aws:autoscaling:x").is_err());
    }
}
