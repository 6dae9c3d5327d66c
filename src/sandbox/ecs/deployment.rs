//! Service deployments: what is kept of one. How it goes on is `lifecycle`'s to tell.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::strategy::{Pause, Paused};
use crate::sandbox::clock::Moment;

/// A service deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deployment {
    /// Its ARN.
    pub arn: String,
    /// As it stands among the service's `deployments`: `ecs-svc/123`.
    pub id: String,
    /// The service.
    pub service_arn: String,
    /// When it was asked for.
    pub created_at: Moment,
    /// How it fares.
    pub status: Status,
    /// Why.
    pub reason: Option<String>,
    /// How far it is.
    pub stage: Option<Stage>,
    /// When status or stage last changed.
    pub entered_at: Moment,
    /// When it ended.
    pub finished_at: Option<Moment>,
    /// The service revision that it brings.
    pub target: String,
    /// The one that it takes the place of; none for the first.
    pub source: Option<String>,
    /// Another deployment was under way when it began.
    pub supersedes: bool,
    /// How long both revisions run.
    pub bake: Duration,
    /// Tasks that failed to start.
    pub failed_tasks: u32,
    /// How many of them are too many, with the circuit breaker on.
    pub breaker: Option<u32>,
    /// Alarms that roll it back.
    pub alarms: Vec<String>,
    /// Those that did.
    pub triggered: Vec<String>,
    /// When and why it was rolled back.
    pub rollback: Option<(Moment, String)>,
    /// All production traffic goes to the target.
    pub shifted: bool,
    /// Percent of production traffic that goes to the target.
    #[serde(default)]
    pub weight: f64,
    /// The shares, in percent, that production traffic moves in, and how long each is kept before the next.
    #[serde(default)]
    pub steps: Vec<(f64, Duration)>,
    /// How many of the steps have been taken.
    #[serde(default)]
    pub taken: usize,
    /// The next step is being taken.
    #[serde(default)]
    pub moving: bool,
    /// Stages at which it waits for a person.
    #[serde(default)]
    pub pauses: Vec<Pause>,
    /// Stages whose pause is over.
    #[serde(default)]
    pub passed: Vec<Stage>,
    /// Where it waits for a person.
    #[serde(default)]
    pub paused: Option<Paused>,
}

/// ECS API reference, ServiceDeployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the API's")]
pub enum Status {
    Pending,
    InProgress,
    StopRequested,
    Stopped,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
    Successful,
}

impl Status {
    /// The API's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pending => "PENDING",
            Status::InProgress => "IN_PROGRESS",
            Status::StopRequested => "STOP_REQUESTED",
            Status::Stopped => "STOPPED",
            Status::RollbackRequested => "ROLLBACK_REQUESTED",
            Status::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Status::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Status::RollbackFailed => "ROLLBACK_FAILED",
            Status::Successful => "SUCCESSFUL",
        }
    }
}

/// ECS API reference, ServiceDeployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the API's")]
pub enum Stage {
    ReconcileService,
    PreScaleUp,
    ScaleUp,
    PostScaleUp,
    TestTrafficShift,
    PostTestTrafficShift,
    PreProductionTrafficShift,
    ProductionTrafficShift,
    PostProductionTrafficShift,
    BakeTime,
    CleanUp,
}

impl Stage {
    /// The stage of that word, if a PAUSE hook may be at it (ECS API reference, DeploymentLifecycleHook).
    pub fn of_pause(word: &str) -> Option<Self> {
        let stages = [
            Stage::ReconcileService,
            Stage::PreScaleUp,
            Stage::PostScaleUp,
            Stage::PostTestTrafficShift,
            Stage::PreProductionTrafficShift,
            Stage::PostProductionTrafficShift,
        ];
        stages.into_iter().find(|stage| stage.as_str() == word)
    }

    /// The API's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::ReconcileService => "RECONCILE_SERVICE",
            Stage::PreScaleUp => "PRE_SCALE_UP",
            Stage::ScaleUp => "SCALE_UP",
            Stage::PostScaleUp => "POST_SCALE_UP",
            Stage::TestTrafficShift => "TEST_TRAFFIC_SHIFT",
            Stage::PostTestTrafficShift => "POST_TEST_TRAFFIC_SHIFT",
            // Hooks know it, the status enumeration of the API doesn't: it comes as an unknown value.
            Stage::PreProductionTrafficShift => "PRE_PRODUCTION_TRAFFIC_SHIFT",
            Stage::ProductionTrafficShift => "PRODUCTION_TRAFFIC_SHIFT",
            Stage::PostProductionTrafficShift => "POST_PRODUCTION_TRAFFIC_SHIFT",
            Stage::BakeTime => "BAKE_TIME",
            Stage::CleanUp => "CLEAN_UP",
        }
    }
}

/// What happens to a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It enters a stage.
    Enter(Stage),
    /// The next share of production traffic moves.
    Shift,
    /// It waits for a person.
    Pause,
    /// The person didn't answer in time.
    TimeOut,
    /// It is done.
    Succeed,
    /// It begins to go back.
    RollBack,
    /// It is back.
    RolledBack,
    /// It stops where it is.
    Stop,
}

impl Deployment {
    /// Whether it is the service's first, which has no traffic to shift.
    pub fn is_first(&self) -> bool {
        self.source.is_none()
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.finished_at.is_some()
    }

    /// The pause at a stage that is still to come.
    pub fn pause_at(&self, stage: Stage) -> Option<&Pause> {
        self.pauses.iter().find(|pause| pause.stage == stage && !self.passed.contains(&stage))
    }

    /// The stage before production traffic moves only shows where a hook is at it.
    pub fn before_production(&self) -> Stage {
        let hooked = self.pauses.iter().any(|pause| pause.stage == Stage::PreProductionTrafficShift);
        if hooked { Stage::PreProductionTrafficShift } else { Stage::ProductionTrafficShift }
    }

    /// Whether it is on its way forward.
    pub fn goes_forward(&self) -> bool {
        matches!(self.status, Status::Pending | Status::InProgress)
    }
}
