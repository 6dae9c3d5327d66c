//! The tasks of a cluster.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::DesiredStatus;

use crate::{
    aws::{Answer, Aws},
    engine::{Failure, failure::absent_is_fine},
};

/// DescribeTasks takes that many tasks (ECS API reference).
const AT_ONCE: usize = 100;

/// A task that has not stopped: one that is to run, or one that was told to stop and still finishes its requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Living {
    /// The name of its service; empty where it has none.
    pub service: String,
    /// Its id.
    pub id: String,
    /// The ARN of its revision.
    pub revision: String,
    /// How it fares, such as `RUNNING` or `DEACTIVATING`.
    pub status: String,
}

/// All tasks of a cluster that have not stopped, however many services there are: a call for each hundred that are to run, for each
/// hundred that are not, and for each hundred that are not known to have `stopped`. The second list is of those that are known now.
///
/// # Errors
/// The calls' own.
pub async fn living(
    aws: &Aws,
    cluster: &str,
    stopped: &BTreeSet<String>,
) -> Result<(Vec<Living>, BTreeSet<String>), Failure> {
    let mut arns = Vec::new();
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let mut pages = aws.ecs.list_tasks().cluster(cluster).desired_status(status).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = absent_is_fine(page.of("ecs:ListTasks").map(Some))?;
            arns.extend(page.and_then(|page| page.task_arns).unwrap_or_default());
        }
    }
    arns.retain(|arn| !stopped.contains(arn));
    let (mut found, mut stopped) = (Vec::new(), stopped.clone());
    for arns in arns.chunks(AT_ONCE) {
        let call = aws.ecs.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec()));
        let answer = call.send().await.of("ecs:DescribeTasks")?;
        for task in answer.tasks() {
            let arn = task.task_arn().unwrap_or_default();
            if matches!(task.last_status(), Some("STOPPED" | "DELETED")) {
                stopped.insert(arn.to_owned());
                continue;
            }
            found.push(Living {
                service: task.group().and_then(|it| it.strip_prefix("service:")).unwrap_or_default().to_owned(),
                id: arn.rsplit('/').next().unwrap_or_default().to_owned(),
                revision: task.task_definition_arn().unwrap_or_default().to_owned(),
                status: task.last_status().unwrap_or_default().to_owned(),
            });
        }
    }
    Ok((found, stopped))
}
