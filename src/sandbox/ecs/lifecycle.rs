//! The stages of a blue/green deployment as a function of time.
//!
//! ECS Developer Guide, "Amazon ECS blue/green deployments: service deployment lifecycle stages". Nothing here acts: [`next`] tells
//! what happens when, and `advance` lets it happen.

use std::time::Duration;

use super::deployment::{Deployment, Stage, Status, Step};
use crate::sandbox::clock::Moment;
use crate::sandbox::durations::Durations;

/// Until ECS begins with a deployment, and each of the short stages.
const SHORT: Duration = Duration::from_secs(2);
/// Shifting the traffic of a rule, forth or back.
const SHIFT: Duration = Duration::from_secs(10);

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
