//! What changes a deployment: beginning, stopping, going on.

use aws_sdk_ecs::types::{DeploymentConfiguration, DeploymentLifecycleHookAction, StopServiceDeploymentStopType};

use super::service::{self, Service};
use crate::{
    aws::{Answer, Aws},
    engine::{Class, Failure},
};

/// Lets a service run another revision. Sending it again changes nothing: a service that runs the revision already starts no deployment.
/// The deployment configuration is always sent in full, since ECS sets to its default what is left out; target groups and rules are never sent,
/// since in their first order they would undo ECS's own swap (ECS API reference, UpdateService).
///
/// # Errors
/// The call's own.
pub async fn run(
    aws: &Aws,
    it: &Service,
    task_definition: &str,
    configuration: DeploymentConfiguration,
) -> Result<Service, Failure> {
    let call = aws.ecs.update_service().cluster(&it.cluster).service(&it.arn).task_definition(task_definition);
    let answer = call.deployment_configuration(configuration).send().await.of("ecs:UpdateService")?;
    let service = answer.service().ok_or_else(|| Failure::internal("UpdateService told nothing of the service"))?;
    Ok(service::read(service))
}

/// Sets how deployments go, which starts none.
///
/// # Errors
/// The call's own.
pub async fn configure(aws: &Aws, it: &Service, configuration: DeploymentConfiguration) -> Result<(), Failure> {
    let call = aws.ecs.update_service().cluster(&it.cluster).service(&it.arn).deployment_configuration(configuration);
    call.send().await.of("ecs:UpdateService")?;
    Ok(())
}

/// Starts a deployment of a service as it is, so that new tasks take the place of all that run.
///
/// # Errors
/// The call's own.
pub async fn again(aws: &Aws, cluster: &str, service: &str) -> Result<(), Failure> {
    let call = aws.ecs.update_service().cluster(cluster).service(service).force_new_deployment(true);
    call.send().await.of("ecs:UpdateService")?;
    Ok(())
}

/// Stops a deployment and lets it go back. False where it can't be stopped any more: it ends by itself.
///
/// # Errors
/// The call's own.
pub async fn stop(aws: &Aws, deployment: &str) -> Result<bool, Failure> {
    let call = aws.ecs.stop_service_deployment().service_deployment_arn(deployment);
    match call.stop_type(StopServiceDeploymentStopType::Rollback).send().await.of("ecs:StopServiceDeployment") {
        Ok(_) => Ok(true),
        Err(failure) if failure.code.as_deref() == Some("ConflictException") => Ok(false),
        Err(failure) if failure.class == Class::Absent => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// Answers a PAUSE hook: go on, or go back.
///
/// # Errors
/// The call's own.
pub async fn answer(aws: &Aws, deployment: &str, hook: &str, goes_on: bool) -> Result<(), Failure> {
    let action =
        if goes_on { DeploymentLifecycleHookAction::Continue } else { DeploymentLifecycleHookAction::Rollback };
    let call = aws.ecs.continue_service_deployment().service_deployment_arn(deployment).hook_id(hook);
    call.action(action).send().await.of("ecs:ContinueServiceDeployment")?;
    Ok(())
}
