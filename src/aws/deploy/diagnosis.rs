//! Why a deployment failed: stopped tasks, alarms, last lines.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{DesiredStatus, Task};
use serde::Serialize;

use crate::{
    aws::{Answer, Aws},
    engine::{Class, Failure, failure::absent_is_fine},
};

/// A task that stopped, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stopped {
    /// Its id.
    pub task: String,
    /// What ECS says.
    pub reason: String,
    /// Containers that ended with something else than 0, each with its exit code and ECS's words for it.
    pub containers: Vec<Ended>,
    /// When, in seconds since 1970.
    pub at: i64,
}

/// A container that ended badly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// Its name.
    pub name: String,
    /// Its exit code; `None` where it never started.
    pub exit_code: Option<i32>,
    /// ECS's words for it.
    pub reason: Option<String>,
}

impl Stopped {
    /// `essential container in task exited: app ended with 1`.
    pub fn text(&self) -> String {
        let containers: Vec<String> = self
            .containers
            .iter()
            .map(|one| match (one.exit_code, &one.reason) {
                (Some(code), _) => format!("{} ended with exit code {code}{}", one.name, signal(code)),
                (None, Some(reason)) => format!("{}: {reason}", one.name),
                (None, None) => format!("{} never ran", one.name),
            })
            .collect();
        if containers.is_empty() { self.reason.clone() } else { format!("{}: {}", self.reason, containers.join(", ")) }
    }
}

/// Above 128 an exit code is a signal (POSIX); 137 is what a container that exceeds its memory ends with.
fn signal(code: i32) -> &'static str {
    match code {
        137 => " (killed; out of memory?)",
        139 => " (segmentation fault)",
        143 => " (terminated)",
        _ => "",
    }
}

/// Tasks of one revision that were stopped for another reason than that a deployment wanted it, the latest first. ECS shows them for about an
/// hour.
///
/// # Errors
/// The calls' own.
pub async fn stopped(
    aws: &Aws,
    cluster: &str,
    service: &str,
    task_definition: &str,
    since: i64,
) -> Result<Vec<Stopped>, Failure> {
    let call = aws.ecs.list_tasks().cluster(cluster).service_name(service).desired_status(DesiredStatus::Stopped);
    let listed = call.max_results(100).send().await.of("ecs:ListTasks")?;
    if listed.task_arns().is_empty() {
        return Ok(Vec::new());
    }
    let call = aws.ecs.describe_tasks().cluster(cluster).set_tasks(listed.task_arns);
    let answer = call.send().await.of("ecs:DescribeTasks")?;
    let of_it = |task: &&Task| {
        task.task_definition_arn() == Some(task_definition) && task.created_at().is_none_or(|at| at.secs() >= since)
    };
    let mut stopped: Vec<Stopped> = answer.tasks().iter().filter(of_it).filter_map(read).collect();
    stopped.sort_by_key(|task| std::cmp::Reverse(task.at));
    Ok(stopped)
}

fn read(task: &Task) -> Option<Stopped> {
    let reason = task.stopped_reason()?;
    if reason.starts_with("Scaling activity initiated by") {
        return None;
    }
    let bad =
        task.containers().iter().filter(|one| one.exit_code().is_some_and(|code| code != 0) || one.reason().is_some());
    let containers = bad.map(|one| Ended {
        name: one.name().unwrap_or_default().to_owned(),
        exit_code: one.exit_code(),
        reason: one.reason().map(str::to_owned),
    });
    Some(Stopped {
        task: task.task_arn().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned(),
        reason: shortened(reason),
        containers: containers.collect(),
        at: task.stopping_at().or(task.stopped_at()).map_or(0, |at| at.secs()),
    })
}

/// ECS's words with the names of target groups instead of their ARNs.
pub fn shortened(text: &str) -> String {
    const ARN: &str = "arn:";
    let word = |word: &str| match (word.find(ARN), word.find(":targetgroup/")) {
        (Some(start), Some(at)) => {
            let name = word[at + ":targetgroup/".len()..].split('/').next().unwrap_or_default();
            let end = if word.ends_with(')') { ")" } else { "" };
            format!("{}{name}{end}", &word[..start])
        }
        _ => word.to_owned(),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// The last lines that a container of a task wrote; none where it wrote nothing.
///
/// # Errors
/// The call's own.
pub async fn last_lines(
    aws: &Aws,
    group: &str,
    container: &str,
    task: &str,
    most: i32,
) -> Result<Vec<String>, Failure> {
    let stream = format!("{container}/{container}/{task}");
    let call = aws.logs.get_log_events().log_group_name(group).log_stream_name(stream).limit(most);
    let answer = absent_is_fine(call.send().await.of("logs:GetLogEvents").map(Some))?;
    let events = answer.and_then(|answer| answer.events).unwrap_or_default();
    Ok(events.into_iter().filter_map(|event| event.message).collect())
}

/// What CloudWatch says about alarms, by name.
///
/// # Errors
/// The call's own.
pub async fn alarms(aws: &Aws, names: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let seen = crate::aws::look::alarms::alarms(aws, names).await?;
    Ok(seen.into_iter().map(|(name, seen)| (name, seen.alarm.reason)).collect())
}

/// True where looking failed in a way that a little patience may mend.
pub fn may_pass(failure: &Failure) -> bool {
    failure.class.is_transient() || failure.class == Class::Deadline
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_groups_are_called_by_their_names() {
        let arn =
            "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/tg-payments-green-dev/0123456789abcdef";
        let said = format!("Task failed ELB health checks in (target-group {arn})");
        assert_eq!(shortened(&said), "Task failed ELB health checks in (target-group tg-payments-green-dev)");
        assert_eq!(shortened("nothing of that kind"), "nothing of that kind");
    }
}
