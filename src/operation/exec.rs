//! A command in a container of a service.

use serde_json::json;

use super::{OperationError, Workspace, deploy::Place, deploy::place};
use crate::{
    aws::ecs::exec::{self, Part, Running},
    engine::{Class, Failure, survey::persist},
};

/// The program that carries the session.
pub const PLUGIN: &str = "session-manager-plugin";
/// The variable that newer plugins read the session from, so that its token is in nobody's list of processes.
const VARIABLE: &str = "AWS_SSM_START_SESSION_RESPONSE";
/// The last version that takes the session as an argument only.
const LAST_WITHOUT: [u32; 4] = [1, 2, 497, 0];

/// Where a command is to run.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The service.
    pub service: String,
    /// The container.
    pub container: String,
    /// A task whose id begins so; the youngest where none is named.
    pub task: Option<String>,
    /// The command line.
    pub command: String,
}

/// How the plugin is to be started.
#[derive(Clone, PartialEq, Eq)]
pub struct Start {
    /// Its arguments.
    pub arguments: Vec<String>,
    /// A variable of its environment.
    pub variable: Option<(&'static str, String)>,
    /// The task and the container, for people.
    pub place: String,
}

/// Finds the container and opens a session in it. `version` is what the plugin says of itself.
///
/// # Errors
/// No such task or container, one that lets no commands in, or a call's own failure.
pub async fn open(workspace: &Workspace, wanted: &Wanted, version: &str) -> Result<Start, OperationError> {
    let at = Place::of(workspace);
    let service = place::find(workspace, &at, std::slice::from_ref(&wanted.service)).await?.remove(&wanted.service);
    let service = service.ok_or_else(|| Failure::internal("the service was found and is not there"))?;
    let look = || exec::tasks(&workspace.aws, &at.cluster, &service.name);
    let tasks = persist(&workspace.jitter, look).await?;
    let (task, part) = choose(&tasks, wanted, service.execute_command)?;
    let session = exec::open(&workspace.aws, &at.cluster, &task.arn, &part.name, &wanted.command).await?;
    let runtime = part.runtime.clone().unwrap_or_default();
    let body = json!({ "SessionId": session.id, "StreamUrl": session.url, "TokenValue": session.token }).to_string();
    let request = json!({ "Target": format!("ecs:{}_{}_{runtime}", at.cluster, task.id) }).to_string();
    let domain = if workspace.aws.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    let endpoint = format!("https://ssm.{}.{domain}", workspace.aws.region);
    let by_variable = takes_variable(version);
    let first = if by_variable { VARIABLE.to_owned() } else { body.clone() };
    Ok(Start {
        arguments: vec![
            first,
            workspace.aws.region.clone(),
            "StartSession".to_owned(),
            String::new(),
            request,
            endpoint,
        ],
        variable: by_variable.then_some((VARIABLE, body)),
        place: format!("{} of task {}", part.name, task.id),
    })
}

fn choose<'a>(tasks: &'a [Running], wanted: &Wanted, enabled: bool) -> Result<(&'a Running, &'a Part), Failure> {
    let refused = |message: String, remedy: String| Failure::new(Class::Invalid, message).remedy(remedy);
    let service = &wanted.service;
    if !enabled {
        let remedy = "set execute_command = true in [cluster] of the configuration and run platformctl up";
        return Err(refused(format!("{service} lets nobody run commands in its containers"), remedy.to_owned()));
    }
    let prefix = wanted.task.as_deref().unwrap_or_default();
    let Some(task) = tasks.iter().find(|task| task.id.starts_with(prefix)) else {
        let ids: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
        let there = if ids.is_empty() { "none runs".to_owned() } else { format!("these run: {}", ids.join(", ")) };
        return Err(refused(format!("{service} has no running task '{prefix}'"), there));
    };
    if !task.enabled {
        let remedy = format!("deploy again, or name another with --task: platformctl deploy {service}");
        return Err(refused(format!("task {} was started before commands were allowed", task.id), remedy));
    }
    let Some(part) = task.containers.iter().find(|part| part.name == wanted.container) else {
        let names: Vec<&str> = task.containers.iter().map(|part| part.name.as_str()).collect();
        return Err(refused(
            format!("a task of {service} has no container '{}'", wanted.container),
            format!("its containers are {}", names.join(", ")),
        ));
    };
    if !part.runs {
        let remedy = "name another with --container".to_owned();
        return Err(refused(format!("container {} of task {} does not run", part.name, task.id), remedy));
    }
    match part.agent.as_deref() {
        Some("RUNNING") => Ok((task, part)),
        state => {
            let state = state.unwrap_or("absent");
            let remedy = "wait some seconds if the task is young; else the task role lacks ssmmessages, which platformctl up mends";
            let message = format!("the agent that lets commands in is {state} in {} of task {}", part.name, task.id);
            Err(refused(message, remedy.to_owned()))
        }
    }
}

/// Whether a plugin of this version reads the session from a variable. The aws command line draws the line at the same version.
fn takes_variable(version: &str) -> bool {
    let numbers: Option<Vec<u32>> = version.trim().split('.').map(|part| part.parse().ok()).collect();
    numbers.is_some_and(|numbers| numbers.as_slice() > LAST_WITHOUT.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, runs: bool, agent: Option<&str>) -> Part {
        Part { name: name.to_owned(), runtime: None, runs, agent: agent.map(str::to_owned) }
    }

    fn wanted(container: &str) -> Wanted {
        Wanted { service: "payments".into(), container: container.into(), task: None, command: "sh".into() }
    }

    #[test]
    fn the_token_is_an_argument_only_where_the_plugin_demands_it() {
        for (version, variable) in [("1.2.497.0", false), ("1.2.553.0", true), ("1.3.0.0\n", true), ("?", false)] {
            assert_eq!(takes_variable(version), variable, "{version}");
        }
    }

    #[test]
    fn what_lets_no_command_in_is_named() {
        let containers =
            vec![part("app", true, Some("RUNNING")), part("envoy", true, None), part("mesh-init", false, None)];
        let task = Running { id: "0a1b".into(), arn: String::new(), since: 0, enabled: true, containers };
        let tasks = std::slice::from_ref(&task);
        let found = choose(tasks, &wanted("app"), true).expect("it is there");
        assert_eq!(found.1.name, "app");
        let says = |container: &str, enabled| choose(tasks, &wanted(container), enabled).expect_err("refused").message;
        assert!(says("app", false).contains("lets nobody"));
        assert!(says("nginx", true).contains("has no container 'nginx'"));
        assert!(says("mesh-init", true).contains("does not run"));
        assert!(says("envoy", true).contains("absent"));
        let named = Wanted { task: Some("ff".into()), ..wanted("app") };
        assert!(choose(tasks, &named, true).expect_err("refused").message.contains("no running task 'ff'"));
    }
}
