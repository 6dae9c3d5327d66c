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

impl Rollout {
    /// True where ECS has it so, apart from the alarms.
    pub fn is_set_in(&self, had: &DeploymentConfiguration) -> bool {
        let number = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
        let percent = |value: Option<f64>| value.map(|value| value as u32);
        let canary = had.canary_configuration();
        let canary =
            canary.and_then(|it| Some((percent(it.canary_percent())?, number(it.canary_bake_time_in_minutes())?)));
        let linear = had.linear_configuration();
        let linear = linear.and_then(|it| Some((percent(it.step_percent())?, number(it.step_bake_time_in_minutes())?)));
        let stages: Vec<&str> =
            had.lifecycle_hooks().iter().flat_map(|hook| hook.lifecycle_stages()).map(|stage| stage.as_str()).collect();
        had.strategy().is_some_and(|strategy| strategy.as_str() == self.strategy)
            && number(had.bake_time_in_minutes()) == Some(self.bake_minutes)
            && had.deployment_circuit_breaker().is_some_and(|breaker| breaker.enable() == self.circuit_breaker)
            && canary.or(linear) == self.step
            && stages == self.pause.iter().map(|pause| pause.stage.as_str()).collect::<Vec<_>>()
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

    #[test]
    fn what_was_set_is_told_from_everything_else() {
        let pause = Some(Pause { stage: "POST_TEST_TRAFFIC_SHIFT".to_owned(), minutes: 60 });
        let all = [
            rollout("BLUE_GREEN", None),
            rollout("CANARY", Some((5, 10))),
            rollout("LINEAR", Some((5, 10))),
            rollout("LINEAR", Some((5, 11))),
            Rollout { bake_minutes: 6, ..rollout("BLUE_GREEN", None) },
            Rollout { circuit_breaker: false, ..rollout("BLUE_GREEN", None) },
            Rollout { pause, ..rollout("BLUE_GREEN", None) },
        ];
        for one in &all {
            let had = one.configuration().expect("a configuration");
            for other in &all {
                assert_eq!(other.is_set_in(&had), one == other, "{one:?} {other:?}");
            }
        }
    }
}
