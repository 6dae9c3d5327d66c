//! The tasks of a service.

use aws_sdk_ecs::types::DesiredStatus;

use crate::{
    aws::{Answer, Aws},
    engine::{Failure, failure::absent_is_fine},
};

/// DescribeTasks takes that many tasks (ECS API reference).
const AT_ONCE: usize = 100;

/// A task of a revision that is no longer its service's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    /// Its id.
    pub id: String,
    /// Its revision, as `family:revision`.
    pub revision: String,
    /// How it fares, such as `RUNNING` or `DEACTIVATING`.
    pub status: String,
}

/// The tasks of a service, by its ARN, that have not stopped and are not of this revision: those that are to run, and those that were
/// told to stop and still finish their requests.
///
/// # Errors
/// The calls' own.
pub async fn of_other_revisions(aws: &Aws, service: &str, revision: &str) -> Result<Vec<Former>, Failure> {
    let Some(cluster) = service.rsplit('/').nth(1) else {
        return Err(Failure::internal(format!("{service} is not the ARN of an ECS service")));
    };
    let mut arns = Vec::new();
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let call = aws.ecs.list_tasks().cluster(cluster).service_name(service).desired_status(status);
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = absent_is_fine(page.of("ecs:ListTasks").map(Some))?;
            arns.extend(page.and_then(|page| page.task_arns).unwrap_or_default());
        }
    }
    let mut found = Vec::new();
    for arns in arns.chunks(AT_ONCE) {
        let call = aws.ecs.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec()));
        let answer = call.send().await.of("ecs:DescribeTasks")?;
        let last = |arn: Option<&str>| arn.and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned();
        let others = answer.tasks().iter().filter(|task| {
            !matches!(task.last_status(), Some("STOPPED" | "DELETED")) && task.task_definition_arn() != Some(revision)
        });
        found.extend(others.map(|task| Former {
            id: last(task.task_arn()),
            revision: last(task.task_definition_arn()),
            status: task.last_status().unwrap_or_default().to_owned(),
        }));
    }
    Ok(found)
}
