//! How a deployment is to go: the configuration's strategy with what the command line overrides, as ECS takes it.

use std::time::Duration;

use super::{Limit, request::Strategy};
use crate::{
    aws::{
        deploy::Deployment,
        ecs::rollout_settings::{Pause, Rollout},
    },
    config::{self, Service},
};

/// What everything takes besides what the strategy says: starting tasks twice over, health checks, moving traffic, draining.
const OTHERWISE: Duration = Duration::from_secs(15 * 60);
/// How long a deployment waits for a person, in minutes, before it goes back. ECS's own default is a day.
const PAUSE_MINUTES: u32 = 60;

/// The way to deploy that the configuration describes.
pub fn configured(service: &Service, alarms: &[String]) -> Rollout {
    Rollout {
        strategy: service.strategy.api().to_owned(),
        bake_minutes: service.bake_minutes,
        step: service.step(),
        circuit_breaker: true,
        alarms: alarms.to_vec(),
        pause: None,
    }
}

/// The same with what the command line overrides.
pub fn overridden(service: &Service, alarms: &[String], by: &Strategy) -> Rollout {
    let kind = by.kind.unwrap_or(service.strategy);
    let service = Service {
        strategy: kind,
        bake_minutes: by.bake_minutes.unwrap_or(service.bake_minutes),
        step_percent: by.step_percent.or(service.step_percent),
        step_minutes: by.step_minutes.or(service.step_minutes),
        ..service.clone()
    };
    let pause = by.pause_before.map(|point| Pause { stage: point.stage().to_owned(), minutes: PAUSE_MINUTES });
    Rollout { pause, ..configured(&service, alarms) }
}

/// How long a deployment may take.
pub fn limit(limit: Limit, rollout: &Rollout) -> Duration {
    match limit {
        Limit::Of(length) => length,
        Limit::Usual => {
            let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
            let steps = rollout.steps().map_or(0, |(count, kept)| u64::from(count) * u64::from(kept));
            let pause = rollout.pause.as_ref().map_or(0, |pause| u64::from(pause.minutes));
            OTHERWISE + minutes(u64::from(rollout.bake_minutes) + steps + pause)
        }
    }
}

/// How long a deployment that somebody began may take: what it waits for on purpose is ECS's to tell.
pub fn limit_of(limit: Limit, it: &Deployment) -> Duration {
    match limit {
        Limit::Of(length) => length,
        Limit::Usual => OTHERWISE + Duration::from_secs(it.planned.unsigned_abs()),
    }
}

/// What is wrong with what the command line overrides, if anything.
pub fn refuse(by: &Strategy, service: &Service) -> Option<String> {
    let kind = by.kind.unwrap_or(service.strategy);
    let stepped = by.step_percent.is_some() || by.step_minutes.is_some();
    if stepped && kind == config::Strategy::BlueGreen {
        return Some("--step-percent and --step-minutes belong to the strategies canary and linear".to_owned());
    }
    match by.step_percent {
        Some(percent) if !(kind.least_percent()..=100).contains(&percent) => {
            let least = kind.least_percent();
            Some(format!("--step-percent is {percent}; {} takes {least} to 100", kind.word()))
        }
        _ => None,
    }
}
