//! A service's settings, as ECS takes and gives them.

use aws_sdk_ecs::types::{
    AdvancedConfiguration, AssignPublicIp, AwsVpcConfiguration, DeploymentAlarms, DeploymentConfiguration,
    DeploymentLifecycleHook, DeploymentLifecycleHookStage, DeploymentStrategy, LoadBalancer, NetworkConfiguration,
    ServiceRegistry,
};
use serde_json::{Map, Value, json};

use super::{rollout_settings::Rollout, service::Service, shared::Share};
use crate::engine::{Failure, Output};

fn texts<T>(outputs: &[Output<T>]) -> Result<Vec<String>, Failure> {
    outputs.iter().map(|output| output.get().map(str::to_owned)).collect()
}

/// Percent and minutes of a canary or of a linear step.
fn step(it: &DeploymentConfiguration) -> Option<(f64, i32)> {
    let canary = it.canary_configuration();
    let linear = it.linear_configuration();
    match it.strategy() {
        Some(DeploymentStrategy::Canary) => canary?.canary_percent().zip(canary?.canary_bake_time_in_minutes()),
        Some(DeploymentStrategy::Linear) => linear?.step_percent().zip(linear?.step_bake_time_in_minutes()),
        _ => None,
    }
}

fn incomplete(error: aws_smithy_types::error::operation::BuildError) -> Failure {
    Failure::internal(error.to_string())
}

impl Service {
    /// The deployment configuration in full: what is left out of an update, ECS sets to its default
    /// (ECS API reference, DeploymentConfiguration).
    pub(super) fn deployment_configuration(&self) -> Result<DeploymentConfiguration, Failure> {
        let rollout = Rollout {
            strategy: self.strategy.clone(),
            bake_minutes: self.bake_minutes,
            step: self.step,
            circuit_breaker: self.circuit_breaker,
            alarms: texts(&self.alarms)?,
            pause: None,
        };
        rollout.configuration()
    }

    /// The two target groups, and the rules between which ECS shifts traffic from one to the other.
    pub(super) fn load_balancer(&self) -> Result<LoadBalancer, Failure> {
        let [blue, green] = self.target_groups.as_slice() else {
            return Err(Failure::internal("a blue/green service has two target groups"));
        };
        let advanced = AdvancedConfiguration::builder()
            .alternate_target_group_arn(green.get()?)
            .production_listener_rule(self.production_rule.get()?)
            .test_listener_rule(self.test_rule.get()?)
            .role_arn(self.balancer_role.get()?)
            .build();
        Ok(LoadBalancer::builder()
            .target_group_arn(blue.get()?)
            .container_name(&self.container)
            .container_port(i32::from(self.container_port))
            .advanced_configuration(advanced)
            .build())
    }

    pub(super) fn network_configuration(&self) -> Result<NetworkConfiguration, Failure> {
        let vpc = AwsVpcConfiguration::builder()
            .set_subnets(Some(texts(&self.subnets)?))
            .set_security_groups(Some(texts(&self.security_groups)?))
            .assign_public_ip(AssignPublicIp::Disabled)
            .build()
            .map_err(incomplete)?;
        Ok(NetworkConfiguration::builder().awsvpc_configuration(vpc).build())
    }

    /// Where tasks are entered in the private name space: by address alone, since the names are A records.
    pub(super) fn service_registry(&self) -> Result<ServiceRegistry, Failure> {
        Ok(ServiceRegistry::builder().registry_arn(self.registry.get()?).build())
    }
}

/// The settings as the specification spells them.
pub(super) fn observe(service: &aws_sdk_ecs::types::Service) -> Map<String, Value> {
    let mut observed = Map::new();
    let mut put = |name: &str, value: Value| observed.insert(name.to_owned(), value);
    put("cluster", json!(service.cluster_arn()));
    put("task_definition", json!(service.task_definition()));
    put("desired_count", json!(service.desired_count()));
    put("capacity", json!(Share::read(service.capacity_provider_strategy())));
    put("grace_seconds", json!(service.health_check_grace_period_seconds().unwrap_or_default()));
    put("execute_command", json!(service.enable_execute_command()));
    put("registry", json!(service.service_registries().first().and_then(ServiceRegistry::registry_arn)));
    if let Some(vpc) = service.network_configuration().and_then(NetworkConfiguration::awsvpc_configuration) {
        put("subnets", json!(vpc.subnets()));
        put("security_groups", json!(vpc.security_groups()));
    }
    if let Some(deployment) = service.deployment_configuration() {
        let breaker = deployment.deployment_circuit_breaker();
        put("step", json!(step(deployment)));
        let stages = deployment.lifecycle_hooks().iter().flat_map(DeploymentLifecycleHook::lifecycle_stages);
        put("pauses", json!(stages.map(DeploymentLifecycleHookStage::as_str).collect::<Vec<_>>()));
        put("strategy", json!(deployment.strategy().map_or("ROLLING", DeploymentStrategy::as_str)));
        put("bake_minutes", json!(deployment.bake_time_in_minutes().unwrap_or_default()));
        put("circuit_breaker", json!(breaker.is_some_and(|breaker| breaker.enable() && breaker.rollback())));
        let alarms = deployment.alarms().filter(|alarms| alarms.enable() && alarms.rollback());
        put("alarms", json!(alarms.map(DeploymentAlarms::alarm_names).unwrap_or_default()));
    }
    if let Some(balancer) = service.load_balancers().first() {
        let advanced = balancer.advanced_configuration();
        let groups = [balancer.target_group_arn(), advanced.and_then(|it| it.alternate_target_group_arn())];
        put("container", json!(balancer.container_name()));
        put("container_port", json!(balancer.container_port()));
        // Which of the two serves is ECS's to decide: compared as a set.
        put("target_groups", json!(groups.into_iter().flatten().collect::<Vec<_>>()));
        put("production_rule", json!(advanced.and_then(AdvancedConfiguration::production_listener_rule)));
        put("test_rule", json!(advanced.and_then(AdvancedConfiguration::test_listener_rule)));
        put("balancer_role", json!(advanced.and_then(AdvancedConfiguration::role_arn)));
    }
    observed
}
