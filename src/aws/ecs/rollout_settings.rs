//! How deployments of a service go, as ECS takes it.

use aws_sdk_ecs::types::{
    CanaryConfiguration, DeploymentAlarms, DeploymentCircuitBreaker, DeploymentConfiguration, DeploymentLifecycleHook,
    DeploymentLifecycleHookAction, DeploymentLifecycleHookStage, DeploymentLifecycleHookTargetType,
    DeploymentLifecycleHookTimeoutConfiguration, DeploymentStrategy, LinearConfiguration,
};

use super::shared;
use crate::engine::Failure;

/// During a deployment no task of the old version is stopped before its successor runs, and there may be twice as many.
/// ECS Developer Guide, "Amazon ECS blue/green deployments": the green version is scaled up to the full count.
const MINIMUM_HEALTHY_PERCENT: i32 = 100;
const MAXIMUM_PERCENT: i32 = 200;

/// How deployments go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// `BLUE_GREEN`, `CANARY` or `LINEAR`.
    pub strategy: String,
    /// Minutes that both versions run after all of the traffic has moved.
    pub bake_minutes: u32,
    /// Percent and minutes of a canary, or of each linear step.
    pub step: Option<(u32, u32)>,
    /// A deployment whose tasks don't start is given up and rolled back.
    pub circuit_breaker: bool,
    /// Names of alarms that roll a deployment back.
    pub alarms: Vec<String>,
    /// Where it waits for a person.
    pub pause: Option<Pause>,
}

/// A wait for a person. Nobody's answer rolls back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// At the end of which stage: `POST_TEST_TRAFFIC_SHIFT`.
    pub stage: String,
    /// Minutes until it counts as a refusal.
    pub minutes: u32,
}

impl Rollout {
    /// How many times a share of traffic is kept for a while, and for how many minutes.
    pub fn steps(&self) -> Option<(u32, u32)> {
        let (percent, minutes) = self.step?;
        let count = if self.strategy == "CANARY" { 1 } else { 100u32.div_ceil(percent.max(1)).saturating_sub(1) };
        Some((count, minutes))
    }

    /// In full: what is left out of an update, ECS sets to its default (ECS API reference, DeploymentConfiguration).
    ///
    /// # Errors
    /// Where a number is beyond the API's.
    pub fn configuration(&self) -> Result<DeploymentConfiguration, Failure> {
        let breaker = DeploymentCircuitBreaker::builder().enable(self.circuit_breaker).rollback(self.circuit_breaker);
        let watched = !self.alarms.is_empty();
        let alarms = DeploymentAlarms::builder()
            .set_alarm_names(Some(self.alarms.clone()))
            .enable(watched)
            .rollback(watched)
            .build()
            .map_err(|error| Failure::internal(error.to_string()))?;
        let mut configuration = DeploymentConfiguration::builder()
            .strategy(DeploymentStrategy::from(self.strategy.as_str()))
            .bake_time_in_minutes(shared::number(self.bake_minutes)?)
            .deployment_circuit_breaker(breaker.build())
            .alarms(alarms)
            .minimum_healthy_percent(MINIMUM_HEALTHY_PERCENT)
            .maximum_percent(MAXIMUM_PERCENT);
        if let Some((percent, minutes)) = self.step {
            let (percent, minutes) = (f64::from(percent), shared::number(minutes)?);
            configuration = if self.strategy == "CANARY" {
                let canary =
                    CanaryConfiguration::builder().canary_percent(percent).canary_bake_time_in_minutes(minutes);
                configuration.canary_configuration(canary.build())
            } else {
                let linear = LinearConfiguration::builder().step_percent(percent).step_bake_time_in_minutes(minutes);
                configuration.linear_configuration(linear.build())
            };
        }
        // An empty list takes hooks away (ECS API reference, UpdateService: lifecycleHooks is replaced as a whole).
        let hooks = self.pause.as_ref().map(Pause::hook).transpose()?;
        Ok(configuration.set_lifecycle_hooks(Some(hooks.into_iter().collect())).build())
    }
}

impl Pause {
    fn hook(&self) -> Result<DeploymentLifecycleHook, Failure> {
        let timeout = DeploymentLifecycleHookTimeoutConfiguration::builder()
            .timeout_in_minutes(shared::number(self.minutes)?)
            .action(DeploymentLifecycleHookAction::Rollback);
        Ok(DeploymentLifecycleHook::builder()
            .target_type(DeploymentLifecycleHookTargetType::Pause)
            .lifecycle_stages(DeploymentLifecycleHookStage::from(self.stage.as_str()))
            .timeout_configuration(timeout.build())
            .build())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rollout(strategy: &str, step: Option<(u32, u32)>) -> Rollout {
        let strategy = strategy.to_owned();
        Rollout { strategy, bake_minutes: 5, step, circuit_breaker: true, alarms: Vec::new(), pause: None }
    }

    #[test]
    fn steps_are_counted_without_the_last() {
        assert_eq!(rollout("BLUE_GREEN", None).steps(), None);
        assert_eq!(rollout("CANARY", Some((5, 10))).steps(), Some((1, 10)));
        assert_eq!(rollout("LINEAR", Some((10, 6))).steps(), Some((9, 6)));
        assert_eq!(rollout("LINEAR", Some((30, 6))).steps(), Some((3, 6)));
    }

    #[test]
    fn each_strategy_has_its_own_settings() {
        let canary = rollout("CANARY", Some((5, 10))).configuration().expect("a configuration");
        assert!(canary.canary_configuration().is_some() && canary.linear_configuration().is_none());
        let pause = Some(Pause { stage: "POST_TEST_TRAFFIC_SHIFT".to_owned(), minutes: 60 });
        let paused = Rollout { pause, ..rollout("BLUE_GREEN", None) }.configuration().expect("a configuration");
        assert_eq!(paused.lifecycle_hooks().len(), 1);
    }
}
