//! Running a command in a container of a task: ECS Exec.

use aws_sdk_ecs::types::{DesiredStatus, ManagedAgentName, Task};

use crate::{
    aws::{Answer, Aws},
    engine::{Failure, failure::absent_is_fine},
};

/// The IAM actions that `exec` needs; the key is the one that the cluster encrypts sessions with.
pub const ACTIONS: [&str; 5] =
    ["ecs:DescribeServices", "ecs:DescribeTasks", "ecs:ExecuteCommand", "ecs:ListTasks", "kms:GenerateDataKey"];

/// A task that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// When it began to run, in seconds since 1970.
    pub since: i64,
    /// Commands may be run in it.
    pub enabled: bool,
    /// Its containers.
    pub containers: Vec<Part>,
}

/// A container of a task that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// What ECS calls it while it runs.
    pub runtime: Option<String>,
    /// It runs.
    pub runs: bool,
    /// How the agent fares that lets commands in: `RUNNING`, `PENDING`, `STOPPED`; none where there is none.
    pub agent: Option<String>,
}

/// A session that is open. Its token lets whoever has it in: it goes nowhere but to the plugin.
#[derive(Clone)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Where it is reached.
    pub url: String,
    /// What lets one in.
    pub token: String,
}

/// The tasks of a service that run, the youngest first.
///
/// # Errors
/// The calls' own.
pub async fn tasks(aws: &Aws, cluster: &str, service: &str) -> Result<Vec<Running>, Failure> {
    let call = aws.ecs.list_tasks().cluster(cluster).service_name(service).desired_status(DesiredStatus::Running);
    let listed = absent_is_fine(call.max_results(100).send().await.of("ecs:ListTasks").map(Some))?;
    let arns = listed.and_then(|listed| listed.task_arns).unwrap_or_default();
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    let answer =
        aws.ecs.describe_tasks().cluster(cluster).set_tasks(Some(arns)).send().await.of("ecs:DescribeTasks")?;
    let running = answer.tasks().iter().filter(|task| task.last_status() == Some("RUNNING"));
    let mut running: Vec<Running> = running.map(read).collect();
    running.sort_by_key(|task| std::cmp::Reverse(task.since));
    Ok(running)
}

fn read(task: &Task) -> Running {
    let arn = task.task_arn().unwrap_or_default();
    let part = |container: &aws_sdk_ecs::types::Container| Part {
        name: container.name().unwrap_or_default().to_owned(),
        runtime: container.runtime_id().map(str::to_owned),
        runs: container.last_status() == Some("RUNNING"),
        agent: container
            .managed_agents()
            .iter()
            .find(|agent| agent.name() == Some(&ManagedAgentName::ExecuteCommandAgent))
            .and_then(|agent| agent.last_status())
            .map(str::to_owned),
    };
    Running {
        id: arn.rsplit('/').next().unwrap_or_default().to_owned(),
        arn: arn.to_owned(),
        since: task.started_at().or(task.created_at()).map_or(0, |at| at.secs()),
        enabled: task.enable_execute_command(),
        containers: task.containers().iter().map(part).collect(),
    }
}

/// Opens a session in a container.
///
/// # Errors
/// The call's own.
pub async fn open(aws: &Aws, cluster: &str, task: &str, container: &str, command: &str) -> Result<Session, Failure> {
    let call = aws.ecs.execute_command().cluster(cluster).task(task).container(container).command(command);
    let answer = call.interactive(true).send().await.of("ecs:ExecuteCommand")?;
    let session = answer.session().ok_or_else(|| Failure::internal("ExecuteCommand opened no session"))?;
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    Ok(Session { id: text(session.session_id()), url: text(session.stream_url()), token: text(session.token_value()) })
}
