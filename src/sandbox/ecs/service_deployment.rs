//! What the steps of a deployment do: tasks, traffic, verdict.

use super::deployment::{Deployment, Stage, Status, Step};
use super::lifecycle::threshold;
use super::revision::Revision;
use super::scheduler::{self, Cause};
use super::service::{Service, note};
use super::strategy::Paused;
use super::{names, neighbours};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;

/// Digits of the ids of revisions and of `ecs-svc/…`.
fn digits(call: &mut Call<'_>) -> String {
    format!("{}{:09}{:09}", call.number(1..10), call.number(0..1_000_000_000), call.number(0..1_000_000_000))
}

/// Begins a deployment of what the service is to be by now. One that is under way is given up for it.
pub fn begin(call: &mut Call<'_>, service_arn: &str) {
    let Some(service) = call.world.ecs.services.get(service_arn).cloned() else { return };
    let now = call.now;
    let supersedes = supersede(call, &service, now);
    let active = call.world.ecs.services.get(service_arn).and_then(|service| service.active_revision.clone());
    let running = active.as_ref().and_then(|arn| call.world.ecs.revisions.get(arn)).cloned();
    let deployment_id = format!("ecs-svc/{}", digits(call));
    let serving = running.as_ref().and_then(|revision| revision.target_group.as_deref());
    let target_group = service.settings.balancer.as_ref().map(|it| it.group_beside(serving).to_owned());
    let path = format!("{}/{}", service.cluster, service.name);
    let revision_id = digits(call);
    let revision = Revision {
        arn: call.arn("ecs", &format!("service-revision/{path}/{revision_id}")),
        service_arn: service_arn.to_owned(),
        deployment_id: deployment_id.clone(),
        settings: service.settings.clone(),
        target_group,
        created_at: now,
    };
    let rollout = &service.settings.deployment;
    // Alarms that ring already when a deployment begins are not watched. ECS Developer Guide, "How CloudWatch alarms detect
    // Amazon ECS deployment failures".
    let rings = rollout.watched().iter().any(|name| neighbours::is_in_alarm(call, name));
    let alarms = if rings || running.is_none() { Vec::new() } else { rollout.watched().to_vec() };
    let deployment_name = call.alphanumeric(21);
    let deployment = Deployment {
        arn: call.arn("ecs", &format!("service-deployment/{path}/{deployment_name}")),
        id: deployment_id,
        service_arn: service_arn.to_owned(),
        created_at: now,
        status: Status::Pending,
        reason: None,
        stage: None,
        entered_at: now,
        finished_at: None,
        target: revision.arn.clone(),
        source: running.map(|revision| revision.arn),
        supersedes,
        bake: rollout.bake(),
        failed_tasks: 0,
        breaker: rollout.breaker.0.then(|| threshold(service.desired)),
        alarms,
        triggered: Vec::new(),
        rollback: None,
        shifted: false,
        weight: 0.0,
        steps: rollout.steps(),
        taken: 0,
        moving: false,
        pauses: rollout.waits(),
        passed: Vec::new(),
        paused: None,
    };
    let ecs = &mut call.world.ecs;
    if let Some(service) = ecs.services.get_mut(service_arn) {
        service.latest_deployment = deployment.arn.clone();
        service.failure = None;
    }
    ecs.revisions.insert(revision.arn.clone(), revision);
    ecs.deployments.insert(deployment.arn.clone(), deployment);
}

/// Gives up the deployment that is under way. What production traffic goes to by then counts as what runs.
fn supersede(call: &mut Call<'_>, service: &Service, at: Moment) -> bool {
    let under_way = call.world.ecs.deployments.get(&service.latest_deployment).filter(|it| !it.is_over());
    let Some(it) = under_way.cloned() else { return false };
    let (keeps, goes) = if it.shifted { (Some(it.target), it.source) } else { (it.source, Some(it.target)) };
    if let Some(service) = call.world.ecs.services.get_mut(&service.arn) {
        service.active_revision = keeps;
    }
    if let Some(keeps) = call.world.ecs.services.get(&service.arn).and_then(|service| service.active_revision.clone()) {
        // A canary's share goes back first.
        shift(call, &keeps, 100.0);
    }
    if let Some(goes) = goes {
        stop_all(call, &goes, &it.id, at);
    }
    let reason = "Service deployment stopped because a newer service deployment was started.";
    finish(call, &it.arn, Status::Stopped, Some(reason), at);
    true
}

/// Takes one step of a deployment.
pub fn take(call: &mut Call<'_>, arn: &str, step: Step, at: Moment) {
    let Some(it) = call.world.ecs.deployments.get_mut(arn) else { return };
    it.entered_at = at;
    match step {
        Step::Enter(stage) => {
            it.status = Status::InProgress;
            it.stage = Some(stage);
            it.moving = stage == Stage::ProductionTrafficShift;
            // Before each step of the traffic a hook is asked anew.
            it.passed.retain(|passed| *passed != stage);
            it.shifted |= stage == Stage::PostProductionTrafficShift;
            let it = it.clone();
            enter(call, &it, stage, at);
        }
        Step::Shift => {
            it.moving = false;
            it.weight = it.steps.get(it.taken).map_or(100.0, |(share, _)| *share);
            it.taken += 1;
            let it = it.clone();
            shift(call, &it.target, it.weight);
            note(
                call,
                &it.service_arn,
                at,
                &format!("(deployment {}) shifted {} % of production traffic.", it.id, it.weight),
            );
        }
        Step::Pause => pause(call, arn, at),
        Step::TimeOut => {
            if it.paused.as_ref().is_some_and(|paused| paused.rolls_back) {
                it.paused = None;
                let reason = "Service deployment rolled back because a lifecycle hook timed out.";
                ask(call, arn, Status::RollbackRequested, reason, at);
            } else {
                go_on(call, arn, at);
            }
        }
        Step::Succeed => {
            let it = it.clone();
            succeed(call, &it, at);
        }
        Step::RollBack => {
            it.status = Status::RollbackInProgress;
            it.rollback = Some((at, it.reason.clone().unwrap_or_default()));
            it.shifted = false;
            it.weight = 0.0;
            it.paused = None;
            let it = it.clone();
            roll_back(call, &it, at);
        }
        Step::RolledBack => finish(call, arn, Status::RollbackSuccessful, None, at),
        Step::Stop => {
            give_up(call, arn, Status::Stopped, "Service deployment stopped by the user.", at);
        }
    }
}

fn enter(call: &mut Call<'_>, it: &Deployment, stage: Stage, at: Moment) {
    match stage {
        Stage::ScaleUp => scheduler::scale(call, &it.target, at),
        Stage::PostTestTrafficShift => shift_test(call, &it.target),
        Stage::CleanUp => {
            if let Some(source) = &it.source {
                stop_all(call, source, &it.id, at);
            }
        }
        _ => {}
    }
}

/// Waits for a person.
fn pause(call: &mut Call<'_>, arn: &str, at: Moment) {
    let id = call.uuid();
    let Some(it) = call.world.ecs.deployments.get_mut(arn) else { return };
    let Some(stage) = it.stage else { return };
    let found = it.pause_at(stage).map(|pause| (pause.length, pause.rolls_back));
    it.paused = found.map(|(length, rolls_back)| Paused { id, stage, until: at + length, rolls_back });
}

/// Goes on after a pause.
pub fn go_on(call: &mut Call<'_>, arn: &str, at: Moment) {
    let Some(it) = call.world.ecs.deployments.get_mut(arn) else { return };
    if let Some(paused) = it.paused.take() {
        it.passed.push(paused.stage);
        it.entered_at = at;
    }
}

/// The production rule leads to a revision's target group with that share, in percent, and to the other one with the rest.
fn shift(call: &mut Call<'_>, revision_arn: &str, share: f64) {
    with_groups(call, revision_arn, |call, advanced, serving, other| {
        neighbours::set_weights(call, &advanced.production_rule, serving, other, share);
    });
}

/// The same for the test rule.
fn shift_test(call: &mut Call<'_>, revision_arn: &str) {
    with_groups(call, revision_arn, |call, advanced, serving, other| {
        if let Some(rule) = &advanced.test_rule {
            neighbours::set_weights(call, rule, serving, other, 100.0);
        }
    });
}

fn with_groups(
    call: &mut Call<'_>,
    revision_arn: &str,
    act: impl Fn(&mut Call<'_>, &super::settings::Advanced, &str, &str),
) {
    let Some(revision) = call.world.ecs.revisions.get(revision_arn).cloned() else { return };
    if let Some(balancer) = &revision.settings.balancer
        && let Some(advanced) = &balancer.advanced
        && let Some(serving) = &revision.target_group
    {
        act(call, advanced, serving, balancer.group_beside(Some(serving)));
    }
}

fn succeed(call: &mut Call<'_>, it: &Deployment, at: Moment) {
    // The first deployment finds the rule as it was made; from then on its weights are ECS's.
    shift(call, &it.target, 100.0);
    if let Some(service) = call.world.ecs.services.get_mut(&it.service_arn) {
        service.active_revision = Some(it.target.clone());
    }
    finish(call, &it.arn, Status::Successful, None, at);
    note(call, &it.service_arn, at, &format!("(deployment {}) deployment completed.", it.id));
    note(call, &it.service_arn, at, "has reached a steady state.");
}

/// Traffic goes back, the new tasks go, and the service is what it was.
fn roll_back(call: &mut Call<'_>, it: &Deployment, at: Moment) {
    let Some(source) = it.source.as_ref().and_then(|arn| call.world.ecs.revisions.get(arn)).cloned() else { return };
    shift(call, &source.arn, 100.0);
    shift_test(call, &source.arn);
    stop_all(call, &it.target, &it.id, at);
    if let Some(service) = call.world.ecs.services.get_mut(&it.service_arn) {
        // What starts no deployment stays as it was asked for.
        let wanted = service.settings.clone();
        service.settings = source.settings.clone();
        service.settings.deployment = wanted.deployment;
        service.settings.grace_seconds = wanted.grace_seconds;
        service.settings.execute_command = wanted.execute_command;
    }
    scheduler::scale(call, &source.arn, at);
    note(
        call,
        &it.service_arn,
        at,
        &format!("(deployment {}) rolling back to deployment {}.", it.id, source.deployment_id),
    );
}

/// Asks a deployment to end before its time.
pub fn ask(call: &mut Call<'_>, arn: &str, status: Status, reason: &str, at: Moment) {
    if let Some(it) = call.world.ecs.deployments.get_mut(arn) {
        it.status = status;
        it.reason = Some(reason.to_owned());
        it.entered_at = at;
        it.paused = None;
    }
}

/// Ends a deployment that has nothing to go back to.
pub fn give_up(call: &mut Call<'_>, arn: &str, status: Status, reason: &str, at: Moment) {
    let Some(it) = call.world.ecs.deployments.get(arn).cloned() else { return };
    stop_all(call, &it.target, &it.id, at);
    if let Some(service) = call.world.ecs.services.get_mut(&it.service_arn) {
        service.failure = Some(reason.to_owned());
        service.retry_at = None;
    }
    finish(call, arn, status, Some(reason), at);
}

fn finish(call: &mut Call<'_>, arn: &str, status: Status, reason: Option<&str>, at: Moment) {
    if let Some(it) = call.world.ecs.deployments.get_mut(arn) {
        it.status = status;
        it.entered_at = at;
        it.finished_at = Some(at);
        it.reason = reason.map(str::to_owned).or(it.reason.take());
    }
}

fn stop_all(call: &mut Call<'_>, revision: &str, deployment: &str, at: Moment) {
    let arns: Vec<String> = scheduler::live(call, revision).map(|task| task.arn.clone()).collect();
    for arn in arns {
        scheduler::stop(call, &arn, at, &Cause::Scheduler { deployment: deployment.to_owned(), last: false });
    }
}

/// Brings the tasks of all revisions that are to have some to the wanted number.
pub fn scale(call: &mut Call<'_>, service_arn: &str, at: Moment) {
    let Some(service) = call.world.ecs.services.get(service_arn) else { return };
    let mut revisions: Vec<String> = service.active_revision.iter().cloned().collect();
    let under_way = call.world.ecs.deployments.get(&service.latest_deployment);
    let scaled_up = under_way.filter(|it| it.goes_forward() && it.stage >= Some(Stage::ScaleUp));
    if let Some(it) = scaled_up {
        if it.stage == Some(Stage::CleanUp) {
            revisions.clear();
        }
        revisions.push(it.target.clone());
    }
    for revision in revisions {
        scheduler::scale(call, &revision, at);
    }
}

/// The deployments of a service, the newest first.
pub fn of<'a>(call: &'a Call<'_>, service_arn: &str) -> Vec<&'a Deployment> {
    let mut all: Vec<&Deployment> =
        call.world.ecs.deployments.values().filter(|it| it.service_arn == service_arn).collect();
    all.sort_by_key(|it| std::cmp::Reverse(it.created_at));
    all
}

/// The cluster's ARN that a deployment's or revision's ARN tells.
pub fn cluster_arn(call: &Call<'_>, service_arn: &str) -> String {
    let cluster = call.world.ecs.services.get(service_arn).map_or("", |service| service.cluster.as_str());
    call.arn("ecs", &format!("cluster/{}", names::short(cluster)))
}
