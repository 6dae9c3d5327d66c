//! How far a deployment is, as one look shows it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Place, begin::Begun};
use crate::aws::{
    deploy::{self, Deployment},
    look::balancing::TargetCounts,
};

/// How far a deployment is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Progress {
    /// ECS's status: `IN_PROGRESS`, `ROLLBACK_IN_PROGRESS`, …
    pub status: String,
    /// ECS's lifecycle stage.
    pub stage: Option<String>,
    /// The revision that comes.
    pub new: Half,
    /// The revision that goes; none in the first deployment of a service.
    pub old: Option<Half>,
    /// Tasks that failed, and how many of them are too many (0: nobody counts).
    pub failed_tasks: i32,
    /// See `failed_tasks`.
    pub threshold: i32,
    /// How many alarms are watched.
    pub alarms: usize,
    /// Those that went off.
    pub ringing: Vec<String>,
    /// Seconds since it was begun.
    pub seconds: i64,
    /// Seconds of the bake time that are left, while it bakes.
    pub bake_left: Option<i64>,
    /// It waits for a person; seconds that are left for the answer, where ECS says so.
    pub waits_for_you: Option<i64>,
    /// What ECS says about it.
    pub reason: Option<String>,
}

/// One of the two revisions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Half {
    /// `blue` or `green`, by its target group.
    pub color: Option<&'static str>,
    /// Tasks that run.
    pub running: i32,
    /// Tasks that start.
    pub pending: i32,
    /// Tasks wanted.
    pub requested: i32,
    /// Targets that pass the load balancer's checks, as of the last look at them.
    pub healthy: Option<usize>,
    /// Its share of production traffic, in percent.
    pub weight: f64,
}

/// What was seen last of the target groups, by ARN.
pub type Health = BTreeMap<String, TargetCounts>;

impl Progress {
    /// Of a deployment at a moment, in seconds since 1970.
    pub fn of(begun: &Begun, it: &Deployment, health: &Health, now: i64) -> Self {
        let half = |side: &deploy::Side, group: Option<&String>| Half {
            color: group.and_then(|group| Place::color(group)),
            running: side.running,
            pending: side.pending,
            requested: side.requested,
            // Targets are looked at more rarely than tasks: what has stopped since is not healthy any more.
            healthy: group
                .and_then(|group| health.get(group))
                .map(|counts| counts.healthy.min(usize::try_from(side.running).unwrap_or_default())),
            weight: side.weight,
        };
        let bakes = it.stage.as_deref() == Some("BAKE_TIME") && it.goes_forward();
        Progress {
            status: it.status.clone(),
            stage: it.stage.clone(),
            new: half(&it.target, begun.group.as_ref()),
            old: it.source.as_ref().map(|side| half(side, begun.old_group.as_ref())),
            failed_tasks: it.failed_tasks,
            threshold: it.threshold,
            alarms: it.alarms.len(),
            ringing: it.ringing.clone(),
            seconds: (it.finished.unwrap_or(now) - it.created).max(0),
            // The stage began when the deployment last changed.
            bake_left: bakes.then(|| (it.updated + it.bake - now).max(0)),
            waits_for_you: it.waiting.as_ref().map(|waiting| waiting.until.map_or(0, |until| (until - now).max(0))),
            reason: it.reason.clone(),
        }
    }
}
