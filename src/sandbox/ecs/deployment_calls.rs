//! Listing, describing and stopping service deployments; describing service revisions.

use aws_sdk_ecs::operation::continue_service_deployment::{
    ContinueServiceDeploymentInput, ContinueServiceDeploymentOutput,
};
use aws_sdk_ecs::operation::describe_service_deployments::{
    DescribeServiceDeploymentsInput, DescribeServiceDeploymentsOutput,
};
use aws_sdk_ecs::operation::describe_service_revisions::{
    DescribeServiceRevisionsInput, DescribeServiceRevisionsOutput,
};
use aws_sdk_ecs::operation::list_service_deployments::{ListServiceDeploymentsInput, ListServiceDeploymentsOutput};
use aws_sdk_ecs::operation::stop_service_deployment::{StopServiceDeploymentInput, StopServiceDeploymentOutput};
use aws_sdk_ecs::types::{
    DeploymentLifecycleHookAction, DeploymentLifecycleHookDetail, DeploymentLifecycleHookStatus,
    DeploymentLifecycleHookTargetType, Failure, Rollback, ServiceDeployment, ServiceDeploymentAlarms,
    ServiceDeploymentBrief, ServiceDeploymentCircuitBreaker, ServiceDeploymentLifecycleStage,
    ServiceDeploymentRollbackMonitorsStatus, ServiceDeploymentStatus, ServiceRevisionSummary,
    StopServiceDeploymentStopType,
};

use super::deployment::{Deployment, Stage, Status};
use super::problem::{invalid, no_service, required};
use super::strategy::Paused;
use super::{cluster, service, service_deployment, task_definition_lists};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

fn status(it: &Deployment) -> ServiceDeploymentStatus {
    ServiceDeploymentStatus::from(it.status.as_str())
}

fn summary(call: &Call<'_>, it: &Deployment, revision: &str) -> ServiceRevisionSummary {
    let service = call.world.ecs.services.get(&it.service_arn);
    let (running, pending) = service.map_or((0, 0), |service| service.counts(call, Some(revision)));
    let is_target = revision == it.target;
    let production = match () {
        () if it.is_first() => 100.0,
        () if is_target => it.weight,
        () => 100.0 - it.weight,
    };
    let test = if is_target && it.goes_forward() { 100.0 } else { 0.0 };
    ServiceRevisionSummary::builder()
        .arn(revision)
        .requested_task_count(service.map_or(0, |service| i32::try_from(service.desired).unwrap_or(i32::MAX)))
        .running_task_count(running)
        .pending_task_count(pending)
        .requested_production_traffic_weight(production)
        .requested_test_traffic_weight(test)
        .build()
}

fn monitor(triggered: bool, over: bool, watched: bool) -> ServiceDeploymentRollbackMonitorsStatus {
    match (watched, triggered, over) {
        (false, _, _) => ServiceDeploymentRollbackMonitorsStatus::Disabled,
        (_, true, _) => ServiceDeploymentRollbackMonitorsStatus::Triggered,
        (_, _, true) => ServiceDeploymentRollbackMonitorsStatus::MonitoringComplete,
        _ => ServiceDeploymentRollbackMonitorsStatus::Monitoring,
    }
}

fn hook(paused: &Paused) -> DeploymentLifecycleHookDetail {
    let action = if paused.rolls_back {
        DeploymentLifecycleHookAction::Rollback
    } else {
        DeploymentLifecycleHookAction::Continue
    };
    DeploymentLifecycleHookDetail::builder()
        .hook_id(&paused.id)
        .target_type(DeploymentLifecycleHookTargetType::Pause)
        .status(DeploymentLifecycleHookStatus::AwaitingAction)
        .expires_at(paused.until.datetime())
        .timeout_action(action)
        .build()
}

fn to_sdk(call: &Call<'_>, it: &Deployment) -> ServiceDeployment {
    let broken = it.breaker.is_some_and(|limit| it.failed_tasks >= limit);
    let breaker = ServiceDeploymentCircuitBreaker::builder()
        .status(monitor(broken, it.is_over(), it.breaker.is_some()))
        .failure_count(i32::try_from(it.failed_tasks).unwrap_or(i32::MAX))
        .threshold(it.breaker.map_or(0, |limit| i32::try_from(limit).unwrap_or(i32::MAX)));
    let alarms = ServiceDeploymentAlarms::builder()
        .status(monitor(!it.triggered.is_empty(), it.is_over(), !it.alarms.is_empty()))
        .set_alarm_names(Some(it.alarms.clone()))
        .set_triggered_alarm_names(Some(it.triggered.clone()));
    let rollback = it.rollback.as_ref().map(|(at, reason)| {
        let rollback = Rollback::builder().started_at(at.datetime()).reason(reason);
        rollback.set_service_revision_arn(it.source.clone()).build()
    });
    let sources = it.source.iter().map(|source| summary(call, it, source)).collect();
    let configuration = call.world.ecs.revisions.get(&it.target).map(|it| it.settings.deployment.to_sdk());
    ServiceDeployment::builder()
        .service_deployment_arn(&it.arn)
        .service_arn(&it.service_arn)
        .cluster_arn(service_deployment::cluster_arn(call, &it.service_arn))
        .created_at(it.created_at.datetime())
        .set_started_at((it.status != Status::Pending).then(|| it.created_at.datetime()))
        .updated_at(it.entered_at.datetime())
        .set_finished_at(it.finished_at.map(|at| at.datetime()))
        .set_stopped_at(it.finished_at.filter(|_| it.status == Status::Stopped).map(|at| at.datetime()))
        .status(status(it))
        .set_status_reason(it.reason.clone())
        .set_lifecycle_hook_details(Some(it.paused.iter().map(hook).collect()))
        .set_lifecycle_stage(it.stage.map(|stage| ServiceDeploymentLifecycleStage::from(stage.as_str())))
        .set_source_service_revisions(Some(sources))
        .target_service_revision(summary(call, it, &it.target))
        .set_deployment_configuration(configuration)
        .set_rollback(rollback)
        .deployment_circuit_breaker(breaker.build())
        .alarms(alarms.build())
        .build()
}

pub(in crate::sandbox) fn list(
    call: &mut Call<'_>,
    input: &ListServiceDeploymentsInput,
) -> Result<ListServiceDeploymentsOutput, ApiError> {
    let cluster = cluster::find(call, input.cluster())?.name.clone();
    let reference = required(input.service(), "service cannot be empty.")?;
    let arn = service::find(call, &cluster, reference).ok_or_else(no_service)?.arn.clone();
    let chosen = service_deployment::of(call, &arn).into_iter().filter(|it| {
        let after = input.created_at().and_then(|range| range.after()).map_or(i64::MIN, |after| after.secs());
        (input.status().is_empty() || input.status().contains(&status(it))) && it.created_at.datetime().secs() >= after
    });
    let brief = |it: &Deployment| {
        ServiceDeploymentBrief::builder()
            .service_deployment_arn(&it.arn)
            .service_arn(&it.service_arn)
            .cluster_arn(service_deployment::cluster_arn(call, &it.service_arn))
            .created_at(it.created_at.datetime())
            .set_started_at((it.status != Status::Pending).then(|| it.created_at.datetime()))
            .set_finished_at(it.finished_at.map(|at| at.datetime()))
            .target_service_revision_arn(&it.target)
            .status(status(it))
            .set_status_reason(it.reason.clone())
            .build()
    };
    let briefs = chosen.map(brief).collect();
    // Twenty unless said otherwise (ECS API reference, ListServiceDeployments).
    let size = input.max_results().or(Some(20));
    let (briefs, token) = task_definition_lists::page(briefs, size, input.next_token())?;
    Ok(ListServiceDeploymentsOutput::builder().set_service_deployments(Some(briefs)).set_next_token(token).build())
}

fn missing(arn: &str) -> Failure {
    Failure::builder().arn(arn).reason("MISSING").build()
}

pub(super) fn describe(
    call: &mut Call<'_>,
    input: &DescribeServiceDeploymentsInput,
) -> Result<DescribeServiceDeploymentsOutput, ApiError> {
    let arns = input.service_deployment_arns();
    if !(1..=20).contains(&arns.len()) {
        return Err(invalid("serviceDeploymentArns can have 1 to 20 items."));
    }
    let all = &call.world.ecs.deployments;
    let found = arns.iter().filter_map(|arn| all.get(arn)).map(|it| to_sdk(call, it)).collect();
    let failures = arns.iter().filter(|arn| !all.contains_key(*arn)).map(|arn| missing(arn)).collect();
    Ok(DescribeServiceDeploymentsOutput::builder()
        .set_service_deployments(Some(found))
        .set_failures(Some(failures))
        .build())
}

pub(super) fn describe_revisions(
    call: &mut Call<'_>,
    input: &DescribeServiceRevisionsInput,
) -> Result<DescribeServiceRevisionsOutput, ApiError> {
    let arns = input.service_revision_arns();
    if !(1..=20).contains(&arns.len()) {
        return Err(invalid("serviceRevisionArns can have 1 to 20 items."));
    }
    let all = &call.world.ecs.revisions;
    let found = arns.iter().filter_map(|arn| all.get(arn));
    let found = found.map(|it| it.to_sdk(call, &service_deployment::cluster_arn(call, &it.service_arn))).collect();
    let failures = arns.iter().filter(|arn| !all.contains_key(*arn)).map(|arn| missing(arn)).collect();
    Ok(DescribeServiceRevisionsOutput::builder()
        .set_service_revisions(Some(found))
        .set_failures(Some(failures))
        .build())
}

/// ECS API reference, StopServiceDeployment. A first deployment has nothing to go back to and just ends.
pub(super) fn stop(
    call: &mut Call<'_>,
    input: &StopServiceDeploymentInput,
) -> Result<StopServiceDeploymentOutput, ApiError> {
    let arn = input.service_deployment_arn().unwrap_or_default();
    if input.stop_type().is_some_and(|stop| *stop != StopServiceDeploymentStopType::Rollback) {
        return Err(invalid("stopType must be ROLLBACK."));
    }
    let Some(it) = call.world.ecs.deployments.get(arn) else {
        return Err(ApiError::new("ServiceDeploymentNotFoundException", "Service deployment not found."));
    };
    // Once the old tasks go there is nothing left to go back to.
    if !it.goes_forward() || it.stage == Some(Stage::CleanUp) {
        let message = format!("Service deployment in status {} cannot be stopped.", it.status.as_str());
        return Err(ApiError::new("ConflictException", message));
    }
    let status = if it.is_first() { Status::StopRequested } else { Status::RollbackRequested };
    let now = call.now;
    service_deployment::ask(call, arn, status, "Service deployment stopped by the user.", now);
    Ok(StopServiceDeploymentOutput::builder().service_deployment_arn(arn).build())
}

/// ECS API reference, ContinueServiceDeployment: the hook that waits, by its id.
pub(super) fn go_on(
    call: &mut Call<'_>,
    input: &ContinueServiceDeploymentInput,
) -> Result<ContinueServiceDeploymentOutput, ApiError> {
    let arn = required(input.service_deployment_arn(), "serviceDeploymentArn cannot be empty.")?;
    let hook = required(input.hook_id(), "hookId cannot be empty.")?;
    let Some(it) = call.world.ecs.deployments.get(arn) else {
        return Err(ApiError::new("ServiceDeploymentNotFoundException", "Service deployment not found."));
    };
    if it.paused.as_ref().is_none_or(|paused| paused.id != hook) {
        return Err(invalid("The lifecycle hook is not awaiting an action."));
    }
    let now = call.now;
    if input.action() == Some(&DeploymentLifecycleHookAction::Rollback) {
        let reason = "Service deployment rolled back because a lifecycle hook was answered with ROLLBACK.";
        service_deployment::ask(call, arn, Status::RollbackRequested, reason, now);
    } else {
        service_deployment::go_on(call, arn, now);
    }
    Ok(ContinueServiceDeploymentOutput::builder().service_deployment_arn(arn).build())
}
