//! How ECS services fare.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{
    ContainerDefinition, Service, ServiceDeployment, ServiceDeploymentBrief, ServiceDeploymentStatus as Status,
};
use futures::future::try_join_all;
use serde::Serialize;

use super::{data_planes, time::rfc3339};
use crate::{
    aws::{
        Answer, Aws,
        ecs::{rollout, task_definition::CONTENT_LABEL},
        rotating,
    },
    engine::{Failure, failure::absent_is_fine},
    mesh::Shape,
    rotator::platform::Rollout,
};

/// DescribeServices takes that many services (ECS API reference).
const SERVICES_AT_ONCE: usize = 10;

/// DescribeServiceDeployments takes that many deployments (ECS API reference).
const DEPLOYMENTS_AT_ONCE: usize = 20;

/// How many tasks a service has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TaskCounts {
    /// Wanted.
    pub desired: i32,
    /// Running.
    pub running: i32,
    /// Starting.
    pub pending: i32,
}

/// A service as ECS shows it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its ARN.
    pub arn: String,
    /// `ACTIVE` or `DRAINING`.
    pub status: String,
    /// Its tasks.
    pub tasks: TaskCounts,
    /// The ARN of its task definition.
    pub task_definition: Option<String>,
    /// All revisions that have tasks of it, or are to have: more than one while a deployment is under way.
    pub revisions: BTreeSet<String>,
    /// The newest event, with its time.
    pub last_event: Option<String>,
    cluster: Option<String>,
    deployment: Option<String>,
}

/// A deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeploymentStatus {
    /// True while it is under way.
    pub in_progress: bool,
    /// ECS's status, such as `IN_PROGRESS`, `SUCCESSFUL`, `ROLLBACK_SUCCESSFUL` (which is a failed deployment).
    pub status: String,
    /// The lifecycle stage, while it is under way.
    pub stage: Option<String>,
    /// What ECS says about it.
    pub reason: Option<String>,
    /// True while it waits for a person: `continue` or `abort`.
    pub waits_for_you: bool,
    /// True where it ended without the new revision in service, or is on its way there.
    pub failed: bool,
    /// When it began (RFC 3339).
    pub began: Option<String>,
    /// When it ended (RFC 3339).
    pub ended: Option<String>,
}

/// The services of a cluster by name.
///
/// # Errors
/// The calls' own.
pub async fn services(aws: &Aws, cluster: &str, names: &[String]) -> Result<BTreeMap<String, Seen>, Failure> {
    let call = |names: &[String]| {
        let call = aws.ecs.describe_services().cluster(cluster).set_services(Some(names.to_vec()));
        async {
            absent_is_fine(
                call.send().await.of("ecs:DescribeServices").map(|answer| answer.services.unwrap_or_default()),
            )
        }
    };
    let found = try_join_all(names.chunks(SERVICES_AT_ONCE).map(call)).await?;
    // An inactive service is one that has been deleted (ECS API reference, Service).
    let living = found.into_iter().flatten().filter(|service| service.status() != Some("INACTIVE"));
    Ok(living.map(|service| (service.service_name().unwrap_or_default().to_owned(), seen(&service))).collect())
}

fn seen(service: &Service) -> Seen {
    let event = service.events().iter().max_by_key(|event| event.created_at().copied());
    let event = event.map(|event| {
        let text = event.message().unwrap_or_default();
        rfc3339(event.created_at()).map_or_else(|| text.to_owned(), |time| format!("{time} {text}"))
    });
    Seen {
        arn: service.service_arn().unwrap_or_default().to_owned(),
        status: service.status().unwrap_or_default().to_owned(),
        tasks: TaskCounts {
            desired: service.desired_count(),
            running: service.running_count(),
            pending: service.pending_count(),
        },
        task_definition: service.task_definition().map(str::to_owned),
        revisions: service
            .deployments()
            .iter()
            .filter_map(|deployment| deployment.task_definition())
            .chain(service.task_definition())
            .map(str::to_owned)
            .collect(),
        last_event: event,
        cluster: service.cluster_arn().map(str::to_owned),
        deployment: service.current_service_deployment().map(str::to_owned),
    }
}

/// The deployment in progress of each service, else its latest, by the service's ARN.
///
/// # Errors
/// The calls' own.
pub async fn deployments<'a>(
    aws: &Aws,
    services: impl Iterator<Item = &'a Seen>,
) -> Result<BTreeMap<String, DeploymentStatus>, Failure> {
    let arns: Vec<String> =
        try_join_all(services.map(|service| latest(aws, service))).await?.into_iter().flatten().collect();
    let describe = |arns: &[String]| {
        let call = aws.ecs.describe_service_deployments().set_service_deployment_arns(Some(arns.to_vec()));
        async { call.send().await.of("ecs:DescribeServiceDeployments") }
    };
    let answers = try_join_all(arns.chunks(DEPLOYMENTS_AT_ONCE).map(describe)).await?;
    let found = answers.iter().flat_map(|answer| answer.service_deployments());
    Ok(found.filter_map(|one| Some((one.service_arn()?.to_owned(), deployment(one)))).collect())
}

/// ECS names the deployment of a service only while it is under way; later the list must be asked.
async fn latest(aws: &Aws, service: &Seen) -> Result<Option<String>, Failure> {
    if let Some(arn) = &service.deployment {
        return Ok(Some(arn.clone()));
    }
    let newest = listed(aws, service).await?.into_iter().max_by_key(|deployment| deployment.created_at);
    Ok(newest.and_then(|deployment| deployment.service_deployment_arn))
}

async fn listed(aws: &Aws, service: &Seen) -> Result<Vec<ServiceDeploymentBrief>, Failure> {
    let call = aws.ecs.list_service_deployments().set_cluster(service.cluster.clone()).service(&service.arn);
    let answer = absent_is_fine(call.send().await.of("ecs:ListServiceDeployments").map(Some))?;
    Ok(answer.and_then(|answer| answer.service_deployments).unwrap_or_default())
}

/// How a service's tasks came to run; nothing where it never had a deployment.
///
/// # Errors
/// The call's own.
pub async fn rollout(aws: &Aws, service: &Seen) -> Result<Option<Rollout>, Failure> {
    Ok(rotating::rollout(&listed(aws, service).await?))
}

fn deployment(it: &ServiceDeployment) -> DeploymentStatus {
    let in_progress = !matches!(
        it.status(),
        Some(Status::Successful | Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed)
    );
    let failed = matches!(
        it.status(),
        Some(
            Status::Stopped
                | Status::StopRequested
                | Status::RollbackRequested
                | Status::RollbackInProgress
                | Status::RollbackSuccessful
                | Status::RollbackFailed
        )
    );
    DeploymentStatus {
        in_progress,
        waits_for_you: in_progress && rollout::waits(it),
        status: it.status().map_or("PENDING", Status::as_str).to_owned(),
        stage: it.lifecycle_stage().filter(|_| in_progress).map(|stage| stage.as_str().to_owned()),
        reason: it.status_reason().filter(|reason| !reason.is_empty()).map(str::to_owned),
        failed,
        began: rfc3339(it.created_at()),
        ended: rfc3339(it.finished_at().or(it.stopped_at())),
    }
}

/// What is told of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The application's image.
    pub image: Option<String>,
    /// What carries its calls; `None` where nothing of ours does.
    pub shape: Option<Shape>,
}

/// Revisions by their ARNs. `variables` are those that tell an application where a peer is.
///
/// # Errors
/// The calls' own.
pub async fn revisions(
    aws: &Aws,
    task_definitions: Vec<String>,
    variables: &BTreeSet<String>,
) -> Result<BTreeMap<String, Revision>, Failure> {
    let look = async |arn: String| {
        let call = aws.ecs.describe_task_definition().task_definition(&arn);
        let answer = absent_is_fine(call.send().await.of("ecs:DescribeTaskDefinition").map(Some))?;
        let definition = answer.and_then(|answer| answer.task_definition);
        let revision = definition.map(|definition| Revision {
            image: application(definition.container_definitions()).map(str::to_owned),
            shape: data_planes::shape_of(&definition, variables),
        });
        Ok::<_, Failure>(revision.map(|revision| (arn, revision)))
    };
    Ok(try_join_all(task_definitions.into_iter().map(look)).await?.into_iter().flatten().collect())
}

/// The container that we labelled, else the first that the task can't do without.
fn application(containers: &[ContainerDefinition]) -> Option<&str> {
    let labelled =
        |it: &&ContainerDefinition| it.docker_labels().is_some_and(|labels| labels.contains_key(CONTENT_LABEL));
    let essential = || containers.iter().find(|it| it.essential() == Some(true));
    containers.iter().find(labelled).or_else(essential)?.image()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollback_is_a_failed_deployment_even_where_it_succeeded() {
        let of = |status: Status| deployment(&ServiceDeployment::builder().status(status).build());
        let rolled_back = of(Status::RollbackSuccessful);
        assert!(rolled_back.failed && !rolled_back.in_progress);
        let rolling_back = of(Status::RollbackInProgress);
        assert!(rolling_back.failed && rolling_back.in_progress);
        let done = of(Status::Successful);
        assert!(!done.failed && !done.in_progress);
        assert!(of(Status::InProgress).in_progress && !of(Status::InProgress).failed);
    }

    #[test]
    fn the_application_is_the_labelled_container() {
        let container = |image: &str| ContainerDefinition::builder().image(image).essential(true);
        let envoy = container("envoy").build();
        let labelled = container("payments").docker_labels(CONTENT_LABEL, "x").build();
        assert_eq!(application(&[envoy.clone(), labelled]), Some("payments"));
        assert_eq!(application(std::slice::from_ref(&envoy)), Some("envoy"));
        assert_eq!(application(&[]), None);
    }
}
