//! How a service fares: its deployments and their verdict.
//!
//! That a service is steady says nothing of the deployment that led there, since a rolled-back one ends steady too
//! (ECS Developer Guide, "View service deployments"): the verdict is the service deployment's.

use std::time::Duration;

use aws_sdk_ecs::types::{
    Deployment, DeploymentLifecycleHookStatus, DeploymentRolloutState, DesiredStatus, ServiceDeployment,
    ServiceDeploymentLifecycleStage as Stage, ServiceDeploymentStatus as Status, ServiceRevisionSummary,
};
use aws_smithy_types::DateTime;

use super::{
    service::{self, Service},
    service_settings::observe,
};
use crate::{
    aws::{Answer, Aws},
    engine::{Class, Failure, Physical},
};

/// A deployment that has not moved its traffic after that many seconds doesn't get there: the interface, the image and the start take
/// two minutes, and the circuit breaker has tried several times by then.
const TRAFFIC_SECONDS: i64 = 1800;

/// What one look at a service tells.
pub(super) enum State {
    /// It runs as wanted.
    Steady,
    /// It is on its way; the text says how far.
    UnderWay(String),
    /// It won't get there.
    Failed(Failure),
}

/// Now, in seconds since 1970, by the clock that the calls are signed with.
pub(super) fn now(aws: &Aws) -> i64 {
    let time = aws.ecs.config().time_source().map_or_else(std::time::SystemTime::now, |source| source.now());
    time.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

fn primary(service: &aws_sdk_ecs::types::Service) -> Option<&Deployment> {
    service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"))
}

/// Why the latest deployment failed and left nothing to roll back to, if that is so.
pub(super) fn failed(service: &aws_sdk_ecs::types::Service) -> Option<&str> {
    let latest = primary(service)?;
    let has_failed = latest.rollout_state() == Some(&DeploymentRolloutState::Failed);
    has_failed.then(|| latest.rollout_state_reason().unwrap_or("the deployment failed"))
}

/// Why ECS can't place tasks that it should, if that is what it said last: quotas of Fargate, no capacity on Spot, no free address. It
/// tries again by itself (ECS Developer Guide, "Service event messages"). Events come with the newest first.
fn unplaced(service: &aws_sdk_ecs::types::Service) -> Option<&str> {
    const UNPLACED: &str = "was unable to place a task";
    let since = primary(service)?.created_at()?.secs();
    let recent = service.events().iter().filter(|event| seconds(event.created_at()).is_some_and(|at| at >= since));
    let placing =
        |text: &&str| [UNPLACED, "has started", "has reached a steady state"].iter().any(|it| text.contains(it));
    let latest = recent.filter_map(|event| event.message()).find(placing)?;
    let (_, reason) = latest.split_once(UNPLACED)?;
    Some(reason.trim_start_matches(". Reason: ").trim_end_matches('.'))
}

fn progress(service: &aws_sdk_ecs::types::Service) -> String {
    let (running, desired) = (service.running_count(), service.desired_count());
    if let Some(reason) = unplaced(service) {
        format!("{running} of {desired} tasks running; no place for the others: {reason}")
    } else if running < desired {
        format!("{running} of {desired} tasks running")
    } else {
        format!("{running} tasks running, waiting for the load balancer's health checks")
    }
}

/// Judges a service against what it is to be, by its deployment as it was at most `age` ago.
///
/// # Errors
/// Those of the calls.
pub(super) async fn judge(
    aws: &Aws,
    service: &aws_sdk_ecs::types::Service,
    wanted: &Service,
    it: &Physical,
    age: Duration,
) -> Result<State, Failure> {
    if let Some(reason) = failed(service) {
        return Ok(State::Failed(failure(aws, service, reason).await));
    }
    let updated = it.outputs.get(service::UPDATED).and_then(|text| text.parse::<i64>().ok());
    let rollout = primary(service).and_then(Deployment::rollout_state);
    let alone = service.deployments().len() == 1;
    let counted = service.running_count() == service.desired_count() && service.pending_count() == 0;
    let finished = alone && counted && rollout.is_none_or(|state| *state == DeploymentRolloutState::Completed);
    if alone && updated.is_none() && !finished && !is_late(aws, primary(service).and_then(Deployment::created_at)) {
        // The first deployment has no stages worth telling.
        return Ok(State::UnderWay(progress(service)));
    }
    let as_wanted = matches(service, wanted)?;
    if finished && as_wanted && updated.is_none() {
        return Ok(State::Steady);
    }
    let Some(latest) = aws.services.deployment(aws, service, age).await? else {
        return Ok(if finished && as_wanted { State::Steady } else { State::UnderWay(progress(service)) });
    };
    let belongs = updated.is_none_or(|updated| seconds(latest.created_at()).is_none_or(|made| made >= updated - 1));
    Ok(match latest.status() {
        Some(Status::Successful) if finished && as_wanted => State::Steady,
        // A change that needs no deployment leaves the latest verdict to an earlier one.
        _ if !belongs && finished && as_wanted => State::Steady,
        Some(Status::RollbackSuccessful | Status::RollbackFailed | Status::Stopped) if belongs => {
            let reason = latest.status_reason().unwrap_or("the deployment was stopped");
            State::Failed(failure(aws, service, reason).await)
        }
        _ if is_stuck(aws, &latest) => {
            let end = match service::stop_deployment(aws, service).await {
                Ok(true) if latest.source_service_revisions().is_empty() => {
                    "it was stopped; there is nothing to roll back to".to_owned()
                }
                Ok(true) => "it was stopped and is being rolled back".to_owned(),
                Ok(false) => "it can't be stopped any more".to_owned(),
                Err(failure) => format!("it could not be stopped: {failure}"),
            };
            let reason = format!("no traffic after {} minutes; {end}", TRAFFIC_SECONDS / 60);
            let failure = failure(aws, service, &reason).await;
            State::Failed(Failure { class: Class::Deadline, ..failure })
        }
        Some(Status::Successful) => State::UnderWay(progress(service)),
        _ => State::UnderWay(describe(aws, &latest, service)),
    })
}

/// True where the fields that a rollback puts back are as wanted.
fn matches(service: &aws_sdk_ecs::types::Service, wanted: &Service) -> Result<bool, Failure> {
    let observed = observe(service);
    let sorted = |name: &str| {
        let list = observed.get(name).and_then(serde_json::Value::as_array);
        let mut texts: Vec<String> =
            list.into_iter().flatten().filter_map(|it| Some(it.as_str()?.to_owned())).collect();
        texts.sort();
        texts
    };
    let mut groups = Vec::new();
    for group in &wanted.security_groups {
        groups.push(group.get()?.to_owned());
    }
    groups.sort();
    Ok(service.task_definition() == Some(wanted.task_definition.get()?) && sorted("security_groups") == groups)
}

fn seconds(time: Option<&DateTime>) -> Option<i64> {
    time.map(DateTime::secs)
}

fn is_late(aws: &Aws, since: Option<&DateTime>) -> bool {
    seconds(since).is_some_and(|since| now(aws) - since > TRAFFIC_SECONDS)
}

/// True where a deployment should have moved its traffic long ago.
fn is_stuck(aws: &Aws, deployment: &ServiceDeployment) -> bool {
    // A canary or linear steps take their time.
    let moved = matches!(
        deployment.lifecycle_stage(),
        Some(Stage::ProductionTrafficShift | Stage::PostProductionTrafficShift | Stage::BakeTime | Stage::CleanUp)
    );
    can_be_stopped(deployment) && !moved && !waits(deployment) && is_late(aws, deployment.created_at())
}

/// True where a deployment waits for a person. ECS gives it up by itself when nobody answers.
pub(in crate::aws) fn waits(deployment: &ServiceDeployment) -> bool {
    let awaiting = Some(&DeploymentLifecycleHookStatus::AwaitingAction);
    deployment.lifecycle_hook_details().iter().any(|hook| hook.status() == awaiting)
}

/// True where a deployment is still under way and not yet on its way back.
pub(super) fn can_be_stopped(deployment: &ServiceDeployment) -> bool {
    matches!(deployment.status(), Some(Status::Pending | Status::InProgress))
}

pub(super) fn is_over(deployment: &ServiceDeployment) -> bool {
    matches!(
        deployment.status(),
        Some(Status::Successful | Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed)
    )
}

/// The deployment that is under way.
///
/// # Errors
/// Those of the calls.
pub(super) async fn current(
    aws: &Aws,
    service: &aws_sdk_ecs::types::Service,
) -> Result<Option<ServiceDeployment>, Failure> {
    let finished = primary(service).and_then(Deployment::rollout_state) == Some(&DeploymentRolloutState::Completed);
    if finished && service.deployments().len() == 1 {
        return Ok(None);
    }
    Ok(newest(aws, service).await?.filter(|deployment| !is_over(deployment)))
}

/// The deployment that began last.
async fn newest(aws: &Aws, service: &aws_sdk_ecs::types::Service) -> Result<Option<ServiceDeployment>, Failure> {
    let arn = match service.current_service_deployment() {
        Some(arn) => Some(arn.to_owned()),
        None => listed(aws, service).await?,
    };
    let Some(arn) = arn else { return Ok(None) };
    let call = aws.ecs.describe_service_deployments().service_deployment_arns(arn);
    let answer = call.send().await.of("ecs:DescribeServiceDeployments")?;
    Ok(answer.service_deployments.unwrap_or_default().pop())
}

/// The ARN of the deployment that began last, from the list: ECS names it itself only while it is under way.
pub(super) async fn listed(aws: &Aws, service: &aws_sdk_ecs::types::Service) -> Result<Option<String>, Failure> {
    let answer = aws
        .ecs
        .list_service_deployments()
        .set_cluster(service.cluster_arn().map(str::to_owned))
        .set_service(service.service_arn().map(str::to_owned))
        .send()
        .await
        .of("ecs:ListServiceDeployments")?;
    let latest = answer.service_deployments().iter().max_by_key(|deployment| deployment.created_at().copied());
    Ok(latest.and_then(|deployment| deployment.service_deployment_arn()).map(str::to_owned))
}

/// How far a deployment is, for the live view: `blue/green: BAKE_TIME, 4 min left`.
pub(super) fn describe(aws: &Aws, deployment: &ServiceDeployment, service: &aws_sdk_ecs::types::Service) -> String {
    let status = deployment.status().map_or("PENDING", Status::as_str);
    if matches!(
        deployment.status(),
        Some(Status::RollbackRequested | Status::RollbackInProgress | Status::StopRequested)
    ) {
        let reason = deployment.status_reason().unwrap_or_default();
        return format!("blue/green: {status} {reason}").trim_end().to_owned();
    }
    let Some(stage) = deployment.lifecycle_stage() else { return format!("blue/green: {status}") };
    if waits(deployment) {
        return format!("blue/green: {}, waits for platformctl continue or abort", stage.as_str());
    }
    let detail = match stage {
        Stage::ScaleUp => deployment.target_service_revision().map(|revision| tasks(revision, unplaced(service))),
        Stage::BakeTime => bake_left(aws, deployment, service),
        _ => None,
    };
    let detail = detail.map(|detail| format!(", {detail}")).unwrap_or_default();
    format!("blue/green: {}{detail}", stage.as_str())
}

fn tasks(revision: &ServiceRevisionSummary, unplaced: Option<&str>) -> String {
    let why = unplaced.map(|reason| format!("; no place for the others: {reason}")).unwrap_or_default();
    format!("{} of {} tasks running{why}", revision.running_task_count(), revision.requested_task_count())
}

/// What is left of the bake time. The stage began when the deployment last changed.
fn bake_left(aws: &Aws, deployment: &ServiceDeployment, service: &aws_sdk_ecs::types::Service) -> Option<String> {
    let minutes = service.deployment_configuration()?.bake_time_in_minutes()?;
    let end = seconds(deployment.updated_at())? + i64::from(minutes) * 60;
    let left = end - now(aws);
    Some(if left >= 60 { format!("{} min left", (left + 59) / 60) } else { format!("{} s left", left.max(0)) })
}

/// The failure of a deployment, with what the stopped tasks said.
async fn failure(aws: &Aws, service: &aws_sdk_ecs::types::Service, reason: &str) -> Failure {
    // The deployment's verdict must not be lost because the tasks can't be read.
    let tasks = stopped_reasons(aws, service).await.unwrap_or_default();
    let unplaced = unplaced(service);
    let no_place = unplaced.map(|reason| format!("ECS was unable to place a task: {reason}"));
    let message = std::iter::once(reason.to_owned()).chain(no_place).chain(tasks).collect::<Vec<_>>().join("; ");
    // Both colours of a blue/green deployment run at once.
    let remedy = match unplaced {
        Some(reason) if reason.contains("vCPU") => {
            "ask Service Quotas for more Fargate vCPUs (platformctl doctor tells how many), or change one service at a time, and run \
             platformctl up again"
        }
        Some(_) => "wait until there is capacity, or give the service an on_demand_base, and run platformctl up again",
        None => "mend what the tasks report (image, secrets, health path) and run platformctl up again",
    };
    Failure::new(Class::Invalid, message).remedy(remedy)
}

/// Why tasks of the service were stopped lately, each reason once, at most three.
async fn stopped_reasons(aws: &Aws, service: &aws_sdk_ecs::types::Service) -> Result<Vec<String>, Failure> {
    let listed = aws
        .ecs
        .list_tasks()
        .set_cluster(service.cluster_arn().map(str::to_owned))
        .set_service_name(service.service_name().map(str::to_owned))
        .desired_status(DesiredStatus::Stopped)
        .max_results(10)
        .send()
        .await
        .of("ecs:ListTasks")?;
    if listed.task_arns().is_empty() {
        return Ok(Vec::new());
    }
    let call = aws.ecs.describe_tasks().set_cluster(service.cluster_arn().map(str::to_owned));
    let answer = call.set_tasks(listed.task_arns).send().await.of("ecs:DescribeTasks")?;
    let mut reasons: Vec<String> = answer
        .tasks()
        .iter()
        .filter_map(|task| task.stopped_reason())
        // What a deployment itself stops is no cause.
        .filter(|reason| !reason.starts_with("Scaling activity initiated by"))
        .map(|reason| format!("task: {reason}"))
        .collect();
    reasons.sort();
    reasons.dedup();
    reasons.truncate(3);
    Ok(reasons)
}
