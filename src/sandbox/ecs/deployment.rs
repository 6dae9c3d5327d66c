//! Service deployments: the stages of a blue/green deployment as a function of time.
//!
//! ECS Developer Guide, "Amazon ECS blue/green deployments: service deployment lifecycle stages". Nothing here acts: [`next`] tells
//! what happens when, and `advance` lets it happen.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::strategy::{Pause, Paused};
use crate::sandbox::clock::Moment;
use crate::sandbox::durations::Durations;

/// Until ECS begins with a deployment, and each of the short stages.
const SHORT: Duration = Duration::from_secs(2);
/// Shifting the traffic of a rule, forth or back.
const SHIFT: Duration = Duration::from_secs(10);

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
    fn before_production(&self) -> Stage {
        let hooked = self.pauses.iter().any(|pause| pause.stage == Stage::PreProductionTrafficShift);
        if hooked { Stage::PreProductionTrafficShift } else { Stage::ProductionTrafficShift }
    }

    /// Whether it is on its way forward.
    pub fn goes_forward(&self) -> bool {
        matches!(self.status, Status::Pending | Status::InProgress)
    }
}

/// What happens next, and when. `steady_at` is when all tasks of the target are healthy, as far as that is known.
pub fn next(deployment: &Deployment, steady_at: Option<Moment>, durations: &Durations) -> Option<(Moment, Step)> {
    let since = deployment.entered_at;
    match deployment.status {
        Status::Pending if deployment.is_first() => Some((since, Step::Enter(Stage::ScaleUp))),
        Status::Pending if deployment.supersedes => Some((since + SHORT, Step::Enter(Stage::ReconcileService))),
        Status::Pending => Some((since + SHORT, Step::Enter(Stage::PreScaleUp))),
        Status::InProgress => forward(deployment, steady_at, durations),
        Status::StopRequested => Some((since + SHORT, Step::Stop)),
        Status::RollbackRequested => Some((since + SHORT, Step::RollBack)),
        Status::RollbackInProgress => Some((since + SHIFT + durations.service_drain, Step::RolledBack)),
        Status::Successful | Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed => None,
    }
}

fn forward(deployment: &Deployment, steady_at: Option<Moment>, durations: &Durations) -> Option<(Moment, Step)> {
    let since = deployment.entered_at;
    let stage = deployment.stage?;
    if let Some(paused) = &deployment.paused {
        return Some((paused.until, Step::TimeOut));
    }
    if deployment.pause_at(stage).is_some() {
        return Some((since + SHORT, Step::Pause));
    }
    let (after, step) = match stage {
        Stage::ReconcileService => (SHIFT, Step::Enter(Stage::PreScaleUp)),
        Stage::PreScaleUp => (SHORT, Step::Enter(Stage::ScaleUp)),
        Stage::ScaleUp => {
            let steady_at = steady_at?.max(since);
            return Some(if deployment.is_first() {
                (steady_at + durations.ecs_settle, Step::Succeed)
            } else {
                (steady_at, Step::Enter(Stage::PostScaleUp))
            });
        }
        Stage::PostScaleUp => (SHORT, Step::Enter(Stage::TestTrafficShift)),
        Stage::TestTrafficShift => (SHIFT, Step::Enter(Stage::PostTestTrafficShift)),
        Stage::PostTestTrafficShift => (SHORT, Step::Enter(deployment.before_production())),
        Stage::PreProductionTrafficShift => (SHORT, Step::Enter(Stage::ProductionTrafficShift)),
        Stage::ProductionTrafficShift => return Some(production(deployment)),
        Stage::PostProductionTrafficShift => (SHORT, Step::Enter(Stage::BakeTime)),
        Stage::BakeTime => (deployment.bake, Step::Enter(Stage::CleanUp)),
        Stage::CleanUp => (durations.service_drain, Step::Succeed),
    };
    Some((since + after, step))
}

/// Production traffic moves in steps; between two of them it stays where it is for a while, and each begins with the stage before the shift.
/// ECS Developer Guide, "Amazon ECS canary deployments" and "Amazon ECS linear deployments".
fn production(deployment: &Deployment) -> (Moment, Step) {
    let since = deployment.entered_at;
    if deployment.moving {
        return (since + SHIFT, Step::Shift);
    }
    let kept = deployment.taken.checked_sub(1).and_then(|last| deployment.steps.get(last)).map(|(_, kept)| *kept);
    let next = if deployment.taken >= deployment.steps.len() {
        Stage::PostProductionTrafficShift
    } else {
        deployment.before_production()
    };
    (since + kept.unwrap_or_default(), Step::Enter(next))
}

/// How many failed tasks are too many: half of the desired count, at least 3 and at most 200. ECS Developer Guide, "How the Amazon
/// ECS deployment circuit breaker detects failures".
pub fn threshold(desired: u32) -> u32 {
    desired.div_ceil(2).clamp(3, 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(source: Option<&str>) -> Deployment {
        Deployment {
            arn: "arn".to_owned(),
            id: "ecs-svc/1".to_owned(),
            service_arn: "service".to_owned(),
            created_at: Moment::from_millis(0),
            status: Status::Pending,
            reason: None,
            stage: None,
            entered_at: Moment::from_millis(0),
            finished_at: None,
            target: "new".to_owned(),
            source: source.map(str::to_owned),
            supersedes: false,
            bake: Duration::from_secs(300),
            failed_tasks: 0,
            breaker: None,
            alarms: Vec::new(),
            triggered: Vec::new(),
            rollback: None,
            shifted: false,
            weight: 0.0,
            steps: vec![(100.0, Duration::ZERO)],
            taken: 0,
            moving: false,
            pauses: Vec::new(),
            passed: Vec::new(),
            paused: None,
        }
    }

    /// Lets a deployment run to its end, its tasks being healthy 85 s after they were asked for, and tells when it enters what.
    fn run(mut deployment: Deployment) -> Vec<(u64, String)> {
        let durations = Durations::real();
        let mut steady_at = None;
        let mut history = Vec::new();
        while let Some((at, step)) = next(&deployment, steady_at, &durations) {
            deployment.entered_at = at;
            let name = match step {
                Step::Enter(stage) => {
                    deployment.status = Status::InProgress;
                    deployment.stage = Some(stage);
                    deployment.moving = stage == Stage::ProductionTrafficShift;
                    if stage == Stage::ScaleUp {
                        steady_at = Some(at + durations.tasks_running + durations.healthy);
                    }
                    stage.as_str()
                }
                Step::RollBack => {
                    deployment.status = Status::RollbackInProgress;
                    "ROLLBACK_IN_PROGRESS"
                }
                Step::Shift => {
                    deployment.moving = false;
                    deployment.taken += 1;
                    continue;
                }
                Step::Pause | Step::TimeOut => unreachable!("there are no hooks"),
                Step::Succeed | Step::RolledBack | Step::Stop => {
                    deployment.status = Status::Successful;
                    "end"
                }
            };
            history.push((at.as_millis() / 1000, name.to_owned()));
        }
        history
    }

    #[test]
    fn the_first_deployment_only_starts_tasks_and_settles() {
        assert_eq!(run(begun(None)), [(0, "SCALE_UP".to_owned()), (100, "end".to_owned())]);
    }

    #[test]
    fn a_later_one_shifts_traffic_bakes_and_cleans_up() {
        let history = run(begun(Some("old")));
        let names: Vec<&str> = history.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "PRE_SCALE_UP",
                "SCALE_UP",
                "POST_SCALE_UP",
                "TEST_TRAFFIC_SHIFT",
                "POST_TEST_TRAFFIC_SHIFT",
                "PRODUCTION_TRAFFIC_SHIFT",
                "POST_PRODUCTION_TRAFFIC_SHIFT",
                "BAKE_TIME",
                "CLEAN_UP",
                "end",
            ]
        );
        let time = |name: &str| history.iter().find(|(_, other)| other == name).map(|(at, _)| *at);
        assert_eq!(time("CLEAN_UP"), time("BAKE_TIME").map(|at| at + 300));
        assert_eq!(time("POST_SCALE_UP"), time("SCALE_UP").map(|at| at + 85));
    }

    #[test]
    fn linear_steps_keep_their_share_for_a_while() {
        let minute = Duration::from_secs(60);
        let steps = vec![(50.0, minute), (100.0, Duration::ZERO)];
        let at_once = run(begun(Some("old"))).last().map(|(at, _)| *at);
        let history = run(Deployment { steps, ..begun(Some("old")) });
        let shifts = history.iter().filter(|(_, name)| name == "PRODUCTION_TRAFFIC_SHIFT").count();
        assert_eq!(shifts, 2);
        assert_eq!(history.last().map(|(at, _)| *at), at_once.map(|at| at + 70));
    }

    #[test]
    fn without_healthy_tasks_it_waits() {
        let mut deployment = begun(Some("old"));
        deployment.status = Status::InProgress;
        deployment.stage = Some(Stage::ScaleUp);
        assert_eq!(next(&deployment, None, &Durations::real()), None);
    }

    #[test]
    fn a_rollback_ends_once_the_new_tasks_are_drained() {
        let mut deployment = begun(Some("old"));
        deployment.status = Status::RollbackRequested;
        assert_eq!(run(deployment), [(2, "ROLLBACK_IN_PROGRESS".to_owned()), (57, "end".to_owned())]);
    }

    #[test]
    fn the_breaker_trips_between_3_and_200() {
        assert_eq!([2, 6, 7, 10, 1000].map(threshold), [3, 3, 4, 5, 200]);
    }
}
