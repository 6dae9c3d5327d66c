//! How production traffic moves: all at once, a canary first, in equal steps; and where a deployment waits for a person.

use std::time::Duration;

use aws_sdk_ecs::types::{
    CanaryConfiguration, DeploymentConfiguration, DeploymentLifecycleHook, DeploymentLifecycleHookAction,
    DeploymentLifecycleHookStage, DeploymentLifecycleHookTargetType, DeploymentLifecycleHookTimeoutConfiguration,
    DeploymentStrategy, LinearConfiguration,
};
use serde::{Deserialize, Serialize};

use super::deployment::Stage;
use super::problem::{invalid, unsupported};
use super::settings::Rollout;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;

/// ECS API reference, DeploymentLifecycleHookTimeoutConfiguration: a day where nothing is said.
const PAUSE_MINUTES: i32 = 1440;

/// A PAUSE hook. ECS API reference, DeploymentLifecycleHook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// At the end of which stage.
    pub stage: Stage,
    /// How long it waits; ECS's default is a day.
    pub length: Duration,
    /// Nobody's answer counts as a refusal.
    pub rolls_back: bool,
}

/// A wait for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// The hook's id, which the answer has to name.
    pub id: String,
    /// At the end of which stage.
    pub stage: Stage,
    /// When it is over without an answer.
    pub until: Moment,
    /// Nobody's answer counts as a refusal.
    pub rolls_back: bool,
}

/// Whether a strategy moves traffic between two target groups.
pub fn shifts(strategy: &str) -> bool {
    ["BLUE_GREEN", "CANARY", "LINEAR"].contains(&strategy)
}

/// Percent and minutes of a canary or of one linear step, with their defaults. ECS API reference, CanaryConfiguration and
/// LinearConfiguration.
///
/// # Errors
/// Where they are out of range, or those of another strategy.
pub fn step(given: &DeploymentConfiguration) -> Result<Option<(f64, i32)>, ApiError> {
    let strategy = given.strategy();
    let (canary, linear) = (given.canary_configuration(), given.linear_configuration());
    if canary.is_some() && strategy != Some(&DeploymentStrategy::Canary) {
        return Err(invalid("canaryConfiguration is only supported with the CANARY deployment strategy."));
    }
    if linear.is_some() && strategy != Some(&DeploymentStrategy::Linear) {
        return Err(invalid("linearConfiguration is only supported with the LINEAR deployment strategy."));
    }
    let (percent, minutes, least) = match strategy {
        Some(DeploymentStrategy::Canary) => (
            canary.and_then(|it| it.canary_percent()).unwrap_or(5.0),
            canary.and_then(|it| it.canary_bake_time_in_minutes()).unwrap_or(10),
            0.1,
        ),
        Some(DeploymentStrategy::Linear) => (
            linear.and_then(|it| it.step_percent()).unwrap_or(10.0),
            linear.and_then(|it| it.step_bake_time_in_minutes()).unwrap_or(6),
            3.0,
        ),
        _ => return Ok(None),
    };
    if !(least..=100.0).contains(&percent) || !(0..=1440).contains(&minutes) {
        return Err(invalid(format!("A step of {percent} percent and {minutes} minutes is out of range.")));
    }
    Ok(Some((percent, minutes)))
}

/// The PAUSE hooks. Hooks that call a Lambda function are not simulated.
///
/// # Errors
/// Where a hook is none of these, or at a stage where it may not be.
pub fn pauses(hooks: &[DeploymentLifecycleHook]) -> Result<Vec<(Vec<String>, i32, bool)>, ApiError> {
    let read = |hook: &DeploymentLifecycleHook| {
        let pauses = hook.target_type() == Some(&DeploymentLifecycleHookTargetType::Pause);
        unsupported(&[("lifecycle hooks that call a Lambda function", !pauses)])?;
        let stages: Vec<String> = hook.lifecycle_stages().iter().map(|stage| stage.as_str().to_owned()).collect();
        if stages.is_empty() {
            return Err(invalid("lifecycleStages cannot be empty."));
        }
        if let Some(stage) = stages.iter().find(|stage| Stage::of_pause(stage).is_none()) {
            return Err(invalid(format!("PAUSE hooks cannot be configured at {stage}.")));
        }
        let timeout = hook.timeout_configuration();
        let minutes = timeout.and_then(|it| it.timeout_in_minutes()).unwrap_or(PAUSE_MINUTES);
        let goes_on = timeout.and_then(|it| it.action()) == Some(&DeploymentLifecycleHookAction::Continue);
        Ok((stages, minutes, !goes_on))
    };
    hooks.iter().map(read).collect()
}

impl Rollout {
    /// The shares that production traffic moves in, and how long each is kept.
    pub fn steps(&self) -> Vec<(f64, Duration)> {
        let all = (100.0, Duration::ZERO);
        let Some((percent, minutes)) = self.step else { return vec![all] };
        let kept = Duration::from_secs(u64::from(minutes.unsigned_abs()) * 60);
        if self.strategy == "CANARY" {
            return vec![(percent, kept), all];
        }
        let mut steps = Vec::new();
        let mut share = percent;
        while share < 100.0 {
            steps.push((share, kept));
            share += percent;
        }
        steps.push(all);
        steps
    }

    /// Where a deployment waits for a person.
    pub fn waits(&self) -> Vec<Pause> {
        let waits = self.pauses.iter().flat_map(|(stages, minutes, rolls_back)| {
            let length = Duration::from_secs(u64::from(minutes.unsigned_abs()) * 60);
            let stages = stages.iter().filter_map(|stage| Stage::of_pause(stage));
            stages.map(move |stage| Pause { stage, length, rolls_back: *rolls_back })
        });
        waits.collect()
    }
}

/// As the SDK's type.
pub fn canary(rollout: &Rollout) -> Option<CanaryConfiguration> {
    let (percent, minutes) = rollout.step.filter(|_| rollout.strategy == "CANARY")?;
    Some(CanaryConfiguration::builder().canary_percent(percent).canary_bake_time_in_minutes(minutes).build())
}

/// As the SDK's type.
pub fn linear(rollout: &Rollout) -> Option<LinearConfiguration> {
    let (percent, minutes) = rollout.step.filter(|_| rollout.strategy == "LINEAR")?;
    Some(LinearConfiguration::builder().step_percent(percent).step_bake_time_in_minutes(minutes).build())
}

/// As the SDK's type.
pub fn hooks(pauses: &[(Vec<String>, i32, bool)]) -> Vec<DeploymentLifecycleHook> {
    let hook = |(stages, minutes, rolls_back): &(Vec<String>, i32, bool)| {
        let action =
            if *rolls_back { DeploymentLifecycleHookAction::Rollback } else { DeploymentLifecycleHookAction::Continue };
        let timeout = DeploymentLifecycleHookTimeoutConfiguration::builder();
        DeploymentLifecycleHook::builder()
            .target_type(DeploymentLifecycleHookTargetType::Pause)
            .set_lifecycle_stages(Some(
                stages.iter().map(|stage| DeploymentLifecycleHookStage::from(stage.as_str())).collect(),
            ))
            .timeout_configuration(timeout.timeout_in_minutes(*minutes).action(action).build())
            .build()
    };
    pauses.iter().map(hook).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rollout(strategy: &str, percent: f64, minutes: i32) -> Rollout {
        Rollout { strategy: strategy.to_owned(), step: Some((percent, minutes)), ..Rollout::default() }
    }

    #[test]
    fn shares_end_with_everything() {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        assert_eq!(Rollout { step: None, ..rollout("BLUE_GREEN", 0.0, 0) }.steps(), [(100.0, minutes(0))]);
        assert_eq!(rollout("CANARY", 5.0, 10).steps(), [(5.0, minutes(10)), (100.0, minutes(0))]);
        let thirds = rollout("LINEAR", 30.0, 1).steps();
        assert_eq!(thirds.iter().map(|(share, _)| *share).collect::<Vec<_>>(), [30.0, 60.0, 90.0, 100.0]);
        assert_eq!(rollout("LINEAR", 100.0, 1).steps(), [(100.0, minutes(0))]);
    }

    #[test]
    fn settings_belong_to_their_strategy_and_have_bounds() {
        let canary = |percent: f64| {
            let canary = CanaryConfiguration::builder().canary_percent(percent).build();
            DeploymentConfiguration::builder().strategy(DeploymentStrategy::Canary).canary_configuration(canary).build()
        };
        assert_eq!(step(&canary(0.1)).expect("in range"), Some((0.1, 10)));
        assert!(step(&canary(0.0)).is_err() && step(&canary(100.5)).is_err());
        let mixed = DeploymentConfiguration::builder().strategy(DeploymentStrategy::Linear);
        assert!(step(&mixed.set_canary_configuration(canary(5.0).canary_configuration).build()).is_err());
        let linear = DeploymentConfiguration::builder().strategy(DeploymentStrategy::Linear).build();
        assert_eq!(step(&linear).expect("defaults"), Some((10.0, 6)));
    }

    #[test]
    fn a_pause_is_not_while_traffic_moves() {
        let hook = |stage: DeploymentLifecycleHookStage| {
            let pause = DeploymentLifecycleHook::builder().target_type(DeploymentLifecycleHookTargetType::Pause);
            pauses(&[pause.lifecycle_stages(stage).build()])
        };
        let waits = hook(DeploymentLifecycleHookStage::PostTestTrafficShift).expect("allowed");
        assert_eq!(waits, [(vec!["POST_TEST_TRAFFIC_SHIFT".to_owned()], 1440, true)]);
        assert!(hook(DeploymentLifecycleHookStage::ProductionTrafficShift).is_err());
        assert!(hook(DeploymentLifecycleHookStage::TestTrafficShift).is_err());
    }
}
