//! Lets happen what is due: before each call, in the order in which it would have happened.

use std::time::Duration;

use super::deployment::{Deployment, Stage, Status, Step};
use super::scheduler::{self, Cause};
use super::service::note;
use super::task::Task;
use super::{lifecycle, neighbours, promise, service_deployment};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;

/// Stopped tasks and deleted services stay visible for about an hour. ECS API reference, DescribeTasks.
const VISIBLE: Duration = Duration::from_secs(3600);

/// Something that is due.
enum Due {
    /// A task runs.
    Runs(String),
    /// A task can't start.
    Fails(String, String),
    /// A container of a task ends, and so does the task.
    Exits(String),
    /// A task that doesn't answer the load balancer is given up.
    Unhealthy(String),
    /// Peers forget a task.
    Forgotten(String),
    /// The scheduler looks at a service again.
    Retry(String),
    /// A deployment goes on.
    Goes(String, Step),
    /// Too many tasks of a deployment have failed.
    Breaks(String),
    /// An alarm rolls a deployment back.
    Alarm(String, Vec<String>),
    /// A task isn't shown any more.
    Hidden(String),
    /// A revision of a task definition is deleted for good.
    Deleted(String),
    /// Container Insights writes of a cluster for the last time.
    Reports(String),
}

/// Lets happen what is due.
pub(super) fn advance(call: &mut Call<'_>) {
    while let Some((at, due)) = earliest(call) {
        act(call, at, due);
        promise::check(call, at);
    }
}

fn earliest(call: &Call<'_>) -> Option<(Moment, Due)> {
    let ecs = &call.world.ecs;
    let now = call.now;
    let tasks = ecs.tasks.values().filter_map(|task| {
        let runs = task.stopping_at.is_none() && !task.registered;
        let fails = task.fails_at.clone().filter(|_| task.stopping_at.is_none());
        let forgotten = task.deregisters_at.filter(|_| task.registered && task.registry.is_some());
        if let Some((at, reason)) = fails {
            return Some((at, Due::Fails(task.arn.clone(), reason)));
        }
        if runs {
            return Some((task.running_at, Due::Runs(task.arn.clone())));
        }
        let alive = task.stopping_at.is_none();
        if let Some(at) = task.exits_at().filter(|_| alive) {
            return Some((at, Due::Exits(task.arn.clone())));
        }
        if let Some(at) = task.unhealthy_at(grace(call, task)).filter(|_| alive) {
            return Some((at, Due::Unhealthy(task.arn.clone())));
        }
        if let Some(at) = forgotten {
            return Some((at, Due::Forgotten(task.arn.clone())));
        }
        task.stopped_at.map(|at| (at + VISIBLE, Due::Hidden(task.arn.clone())))
    });
    let services =
        ecs.services.values().filter_map(|service| Some((service.retry_at?, Due::Retry(service.arn.clone()))));
    let deployments = ecs.deployments.values().filter(|it| !it.is_over()).filter_map(|it| deployment_due(call, it));
    let definitions = ecs.task_definitions.values().filter_map(|definition| {
        let at = definition.delete_requested_at?;
        (!is_referred_to(call, &definition.arn)).then(|| (at, Due::Deleted(definition.arn.clone())))
    });
    let reports = ecs.reports.iter().map(|(cluster, at)| (*at, Due::Reports(cluster.clone())));
    let all = tasks.chain(services).chain(deployments).chain(definitions).chain(reports);
    all.filter(|(at, _)| *at <= now).min_by_key(|(at, _)| *at)
}

/// How long a task may fail the load balancer's checks because it is still starting.
fn grace(call: &Call<'_>, task: &Task) -> Duration {
    let seconds = call.world.ecs.services.get(&task.service_arn).and_then(|service| service.settings.grace_seconds);
    Duration::from_secs(u64::from(seconds.unwrap_or_default().unsigned_abs()))
}

fn deployment_due(call: &Call<'_>, it: &Deployment) -> Option<(Moment, Due)> {
    if it.goes_forward() {
        if it.breaker.is_some_and(|limit| it.failed_tasks >= limit) {
            return Some((it.entered_at.max(latest_failure(call, it)), Due::Breaks(it.arn.clone())));
        }
        // Alarms are watched until the bake time is over. ECS Developer Guide, "How CloudWatch alarms detect Amazon ECS deployment failures".
        let watched = it.stage != Some(Stage::CleanUp);
        let rung: Vec<String> =
            it.alarms.iter().filter(|name| watched && neighbours::is_in_alarm(call, name)).cloned().collect();
        // What is due before the alarm is looked at happens before.
        if !rung.is_empty() && next(call, it).is_none_or(|(at, _)| at > call.now) {
            return Some((call.now, Due::Alarm(it.arn.clone(), rung)));
        }
    }
    next(call, it).map(|(at, step)| (at, Due::Goes(it.arn.clone(), step)))
}

fn next(call: &Call<'_>, it: &Deployment) -> Option<(Moment, Step)> {
    let wanted = call.world.ecs.services.get(&it.service_arn).map_or(0, |service| service.desired);
    let scaling = it.stage == Some(Stage::ScaleUp);
    let steady_at = if scaling { scheduler::steady_at(call, &it.target, wanted) } else { None };
    lifecycle::next(it, steady_at, call.durations())
}

fn latest_failure(call: &Call<'_>, it: &Deployment) -> Moment {
    let tasks = call.world.ecs.tasks.values().filter(|task| task.revision == it.target && task.failed);
    tasks.filter_map(|task| task.stopping_at).max().unwrap_or(it.entered_at)
}

/// A revision in DELETE_IN_PROGRESS goes once no service and no task refers to it. ECS Developer Guide, "Task definition states".
fn is_referred_to(call: &Call<'_>, arn: &str) -> bool {
    let ecs = &call.world.ecs;
    let services = ecs.services.values().filter(|service| !service.is_inactive(call.now));
    services.into_iter().any(|service| service.settings.task_definition == arn)
        || ecs.tasks.values().any(|task| task.task_definition == arn && !task.has_stopped(call.now))
}

fn act(call: &mut Call<'_>, at: Moment, due: Due) {
    match due {
        Due::Runs(task) => scheduler::enter(call, &task),
        Due::Fails(task, reason) => scheduler::fail(call, &task, at, Cause::FailedToStart(reason)),
        Due::Exits(task) => scheduler::exit(call, &task, at),
        Due::Unhealthy(task) => scheduler::fail(call, &task, at, Cause::Unhealthy),
        Due::Forgotten(arn) => {
            if let Some(task) = call.world.ecs.tasks.get_mut(&arn) {
                let (registry, id) = (task.registry.take(), task.id().to_owned());
                if let Some(registry) = registry {
                    neighbours::leave(call, &registry, &id, at);
                }
            }
        }
        Due::Retry(arn) => retry(call, &arn, at),
        Due::Goes(arn, step) => service_deployment::take(call, &arn, step, at),
        Due::Breaks(arn) => breaks(call, &arn, at),
        Due::Alarm(arn, names) => rings(call, &arn, at, names),
        Due::Hidden(arn) => drop(call.world.ecs.tasks.remove(&arn)),
        Due::Deleted(arn) => drop(call.world.ecs.task_definitions.remove(&arn)),
        Due::Reports(cluster) => {
            call.world.ecs.reports.remove(&cluster);
            neighbours::write_performance(call, &cluster, at);
        }
    }
}

/// Tasks are started again for what is to have some.
fn retry(call: &mut Call<'_>, service_arn: &str, at: Moment) {
    let Some(service) = call.world.ecs.services.get_mut(service_arn) else { return };
    service.retry_at = None;
    service_deployment::scale(call, service_arn, at);
}

/// ECS Developer Guide, "How the Amazon ECS deployment circuit breaker detects failures".
fn breaks(call: &mut Call<'_>, arn: &str, at: Moment) {
    let Some(it) = call.world.ecs.deployments.get(arn).cloned() else { return };
    let rolls_back = call
        .world
        .ecs
        .revisions
        .get(&it.target)
        .is_some_and(|revision| revision.settings.deployment.breaker == (true, true));
    note(call, &it.service_arn, at, &format!("(deployment {}) deployment failed: tasks failed to start.", it.id));
    if rolls_back && !it.is_first() {
        let reason = "Service deployment rolled back because the circuit breaker threshold was exceeded.";
        service_deployment::ask(call, arn, Status::RollbackRequested, reason, at);
    } else {
        let reason = "ECS deployment circuit breaker: tasks failed to start.";
        service_deployment::give_up(call, arn, Status::RollbackFailed, reason, at);
    }
}

/// ECS Developer Guide, "How CloudWatch alarms detect Amazon ECS deployment failures".
fn rings(call: &mut Call<'_>, arn: &str, at: Moment, names: Vec<String>) {
    let Some(it) = call.world.ecs.deployments.get_mut(arn) else { return };
    let reason = format!("Service deployment rolled back because of CloudWatch alarms: {}.", names.join(", "));
    it.triggered = names;
    service_deployment::ask(call, arn, Status::RollbackRequested, &reason, at);
}
