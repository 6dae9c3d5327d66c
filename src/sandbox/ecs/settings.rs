//! What a service is to be: the parameters of CreateService and UpdateService, as they are kept and given back.

use std::time::Duration;

use aws_sdk_ecs::types::{
    AdvancedConfiguration, AssignPublicIp, AwsVpcConfiguration, DeploymentAlarms, DeploymentCircuitBreaker,
    DeploymentConfiguration, DeploymentStrategy, LoadBalancer, NetworkConfiguration, ServiceRegistry,
};
use serde::{Deserialize, Serialize};

use super::cluster::Share;
use super::problem::{invalid, required, unsupported};
use super::strategy;
use crate::sandbox::error::ApiError;

/// What a service is to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the API's Service")]
pub struct Settings {
    pub task_definition: String,
    pub capacity: Vec<Share>,
    pub network: Network,
    pub balancer: Option<Balancer>,
    pub registry: Option<String>,
    pub deployment: Rollout,
    pub grace_seconds: Option<i32>,
    pub execute_command: bool,
    pub managed_tags: bool,
    pub propagate_tags: String,
}

/// Where the tasks' interfaces are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the API's AwsVpcConfiguration")]
pub struct Network {
    pub subnets: Vec<String>,
    pub groups: Vec<String>,
    pub public_ip: bool,
}

/// The load balancer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the API's LoadBalancer")]
pub struct Balancer {
    pub target_group: String,
    pub container: String,
    pub port: i32,
    pub advanced: Option<Advanced>,
}

/// What blue/green deployments need of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the API's AdvancedConfiguration")]
pub struct Advanced {
    pub alternate: String,
    pub production_rule: String,
    pub test_rule: Option<String>,
    pub role: String,
}

/// How a deployment goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the API's DeploymentConfiguration")]
pub struct Rollout {
    pub strategy: String,
    pub bake_minutes: i32,
    /// Enable, roll back.
    pub breaker: (bool, bool),
    /// Names, enable, roll back.
    pub alarms: Option<(Vec<String>, bool, bool)>,
    pub minimum_healthy_percent: i32,
    pub maximum_percent: i32,
    /// Percent of a canary's or of one linear step, and the minutes that it is kept.
    #[serde(default)]
    pub step: Option<(f64, i32)>,
    /// PAUSE hooks: stages, minutes, whether nobody's answer rolls back.
    #[serde(default)]
    pub pauses: Vec<(Vec<String>, i32, bool)>,
}

impl Default for Rollout {
    /// ECS API reference, DeploymentConfiguration.
    fn default() -> Self {
        Self {
            strategy: "ROLLING".to_owned(),
            bake_minutes: 0,
            breaker: (false, false),
            alarms: None,
            minimum_healthy_percent: 100,
            maximum_percent: 200,
            step: None,
            pauses: Vec::new(),
        }
    }
}

impl Rollout {
    /// What is left out has its default, also in an update (ECS API reference, UpdateService).
    ///
    /// # Errors
    /// Where a number is out of its range, or a setting is one of another strategy.
    pub fn read(given: &DeploymentConfiguration) -> Result<Self, ApiError> {
        let default = Self::default();
        let breaker = given.deployment_circuit_breaker();
        let bounds = |it: &DeploymentCircuitBreaker| {
            it.threshold_configuration().is_some() || it.reset_on_healthy_task().is_some()
        };
        unsupported(&[("circuit breakers with bounds of their own", breaker.is_some_and(bounds))])?;
        let rollout = Self {
            strategy: given.strategy().map_or("ROLLING", DeploymentStrategy::as_str).to_owned(),
            bake_minutes: given.bake_time_in_minutes().unwrap_or_default(),
            breaker: breaker.map_or((false, false), |breaker| (breaker.enable(), breaker.rollback())),
            alarms: given.alarms().map(|it| (it.alarm_names().to_vec(), it.enable(), it.rollback())),
            minimum_healthy_percent: given.minimum_healthy_percent().unwrap_or(default.minimum_healthy_percent),
            maximum_percent: given.maximum_percent().unwrap_or(default.maximum_percent),
            step: strategy::step(given)?,
            pauses: strategy::pauses(given.lifecycle_hooks())?,
        };
        rollout.check(given.bake_time_in_minutes().is_some())?;
        Ok(rollout)
    }

    fn check(&self, with_bake_time: bool) -> Result<(), ApiError> {
        match self.strategy.as_str() {
            shifting if strategy::shifts(shifting) => {}
            "ROLLING" if with_bake_time => {
                return Err(invalid("bakeTimeInMinutes is not supported with the ROLLING deployment strategy."));
            }
            "ROLLING" if !self.pauses.is_empty() => {
                return Err(invalid("Lifecycle hooks are not supported with the ROLLING deployment strategy."));
            }
            "ROLLING" => {}
            other => unsupported(&[(&format!("deployment strategy {other}"), true)])?,
        }
        if !(0..=1440).contains(&self.bake_minutes) {
            return Err(invalid("bakeTimeInMinutes must be between 0 and 1440."));
        }
        if !(0..=200).contains(&self.minimum_healthy_percent) || self.maximum_percent < 100 {
            return Err(invalid("Invalid minimumHealthyPercent or maximumPercent."));
        }
        if self.minimum_healthy_percent >= self.maximum_percent {
            return Err(invalid("maximumPercent must be greater than minimumHealthyPercent."));
        }
        let (enabled, rolls_back) = self.breaker;
        if rolls_back && !enabled {
            return Err(invalid("The deployment circuit breaker cannot roll back unless it is enabled."));
        }
        match &self.alarms {
            Some((names, true, _)) if names.is_empty() => {
                Err(invalid("alarmNames cannot be empty when deployment alarms are enabled."))
            }
            Some((_, false, true)) => Err(invalid("Deployment alarms cannot roll back unless they are enabled.")),
            _ => Ok(()),
        }
    }

    /// How long both revisions run.
    pub fn bake(&self) -> Duration {
        Duration::from_secs(u64::from(self.bake_minutes.unsigned_abs()) * 60)
    }

    /// The alarms that roll a deployment back.
    pub fn watched(&self) -> &[String] {
        match &self.alarms {
            Some((names, true, true)) => names,
            _ => &[],
        }
    }

    /// As the SDK's type.
    pub fn to_sdk(&self) -> DeploymentConfiguration {
        let breaker = DeploymentCircuitBreaker::builder().enable(self.breaker.0).rollback(self.breaker.1).build();
        let alarms = self.alarms.as_ref().and_then(|(names, enable, rollback)| {
            let alarms = DeploymentAlarms::builder().set_alarm_names(Some(names.clone()));
            alarms.enable(*enable).rollback(*rollback).build().ok()
        });
        DeploymentConfiguration::builder()
            .strategy(DeploymentStrategy::from(self.strategy.as_str()))
            .set_bake_time_in_minutes(strategy::shifts(&self.strategy).then_some(self.bake_minutes))
            .set_canary_configuration(strategy::canary(self))
            .set_linear_configuration(strategy::linear(self))
            .set_lifecycle_hooks(Some(strategy::hooks(&self.pauses)))
            .deployment_circuit_breaker(breaker)
            .set_alarms(alarms)
            .minimum_healthy_percent(self.minimum_healthy_percent)
            .maximum_percent(self.maximum_percent)
            .build()
    }
}

impl Network {
    /// # Errors
    /// Where nothing is said, which an awsvpc task doesn't allow, or too much.
    pub fn read(given: Option<&NetworkConfiguration>) -> Result<Self, ApiError> {
        let vpc = given.and_then(NetworkConfiguration::awsvpc_configuration);
        let vpc = required(vpc, "Network Configuration must be provided when networkMode 'awsvpc' is specified.")?;
        let network = Self {
            subnets: vpc.subnets().to_vec(),
            groups: vpc.security_groups().to_vec(),
            public_ip: vpc.assign_public_ip() == Some(&AssignPublicIp::Enabled),
        };
        // ECS API reference, AwsVpcConfiguration.
        if !(1..=16).contains(&network.subnets.len()) {
            return Err(invalid("subnets can have 1 to 16 items."));
        }
        if network.groups.len() > 5 {
            return Err(invalid("securityGroups can have at most 5 items."));
        }
        Ok(network)
    }
}

impl Balancer {
    /// # Errors
    /// Where there are several, or one is incomplete for the strategy.
    pub fn read(given: &[LoadBalancer], strategy: &str) -> Result<Option<Self>, ApiError> {
        let [balancer] = given else {
            unsupported(&[("several load balancers of one service", given.len() > 1)])?;
            return Ok(None);
        };
        let advanced = balancer.advanced_configuration().map(Advanced::read).transpose()?;
        if advanced.is_none() && strategy::shifts(strategy) {
            return Err(invalid(format!(
                "advancedConfiguration field is required for all loadBalancers when using a {strategy} deployment strategy."
            )));
        }
        if advanced.is_some() && !strategy::shifts(strategy) {
            return Err(invalid("advancedConfiguration is only supported with the BLUE_GREEN deployment strategy."));
        }
        let found = Self {
            target_group: required(balancer.target_group_arn(), "targetGroupArn cannot be empty.")?.to_owned(),
            container: required(balancer.container_name(), "containerName cannot be empty.")?.to_owned(),
            port: required(balancer.container_port(), "containerPort cannot be empty.")?,
            advanced,
        };
        if found.advanced.as_ref().is_some_and(|advanced| advanced.alternate == found.target_group) {
            return Err(invalid("The alternate target group must differ from the target group."));
        }
        Ok(Some(found))
    }

    fn to_sdk(&self) -> LoadBalancer {
        let advanced = self.advanced.as_ref().map(|advanced| {
            AdvancedConfiguration::builder()
                .alternate_target_group_arn(&advanced.alternate)
                .production_listener_rule(&advanced.production_rule)
                .set_test_listener_rule(advanced.test_rule.clone())
                .role_arn(&advanced.role)
                .build()
        });
        LoadBalancer::builder()
            .target_group_arn(&self.target_group)
            .container_name(&self.container)
            .container_port(self.port)
            .set_advanced_configuration(advanced)
            .build()
    }

    /// The target group of a new revision: the one that the running revision isn't in.
    pub fn group_beside(&self, running: Option<&str>) -> &str {
        match &self.advanced {
            Some(advanced) if running == Some(self.target_group.as_str()) => &advanced.alternate,
            _ => &self.target_group,
        }
    }
}

impl Advanced {
    fn read(given: &AdvancedConfiguration) -> Result<Self, ApiError> {
        let text =
            |value: Option<&str>, name: &str| required(value, &format!("{name} cannot be empty.")).map(str::to_owned);
        Ok(Self {
            alternate: text(given.alternate_target_group_arn(), "alternateTargetGroupArn")?,
            production_rule: text(given.production_listener_rule(), "productionListenerRule")?,
            test_rule: given.test_listener_rule().map(str::to_owned),
            role: text(given.role_arn(), "roleArn")?,
        })
    }
}

/// The one registry of a service, by ARN. A container's port belongs to SRV records (ECS API reference, ServiceRegistry).
pub fn registry(given: &[ServiceRegistry]) -> Result<Option<String>, ApiError> {
    let [registry] = given else {
        return if given.is_empty() {
            Ok(None)
        } else {
            Err(invalid("At most one service registry can be specified."))
        };
    };
    unsupported(&[(
        "service registries with ports",
        registry.port().is_some() || registry.container_port().is_some(),
    )])?;
    required(registry.registry_arn(), "registryArn cannot be empty.").map(|arn| Some(arn.to_owned()))
}

impl Settings {
    /// As the SDK's type.
    pub fn load_balancers(&self) -> Vec<LoadBalancer> {
        self.balancer.iter().map(Balancer::to_sdk).collect()
    }

    /// As the SDK's type.
    pub fn service_registries(&self) -> Vec<ServiceRegistry> {
        self.registry.iter().map(|arn| ServiceRegistry::builder().registry_arn(arn).build()).collect()
    }

    /// As the SDK's type.
    pub fn network_configuration(&self) -> Option<NetworkConfiguration> {
        let public = if self.network.public_ip { AssignPublicIp::Enabled } else { AssignPublicIp::Disabled };
        let vpc = AwsVpcConfiguration::builder()
            .set_subnets(Some(self.network.subnets.clone()))
            .set_security_groups(Some(self.network.groups.clone()))
            .assign_public_ip(public)
            .build()
            .ok()?;
        Some(NetworkConfiguration::builder().awsvpc_configuration(vpc).build())
    }
}
