//! The end of a phase: nobody runs any more with what was before it.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    aws::look::tasks::{self, Former},
    engine::{Book, Class, Failure, Key, survey::persist},
    operation::{OperationError, Workspace},
};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(5);
/// A task that was told to stop is killed after two minutes (ECS API reference, ContainerDefinition: `stopTimeout`), and the load
/// balancer drains it before.
const PATIENCE: Duration = Duration::from_secs(900);

/// Waits until every task that runs is of the revision that the state knows of its service. A deployment that is done still leaves
/// tasks that finish their last requests, and these trust what they were started with. `tell` hears what is waited for.
///
/// # Errors
/// Where such tasks go on running, or the calls' own failures.
pub async fn settle(workspace: &Workspace, tell: &(dyn Fn(&str) + Sync)) -> Result<(), OperationError> {
    let Some(loaded) = workspace.load()? else { return Ok(()) };
    let start = Instant::now();
    let mut last = String::new();
    loop {
        let former = former(workspace, &loaded.book).await?;
        if former.is_empty() {
            return Ok(());
        }
        let services: Vec<String> = former.iter().map(|(name, tasks)| format!("{} of {name}", tasks.len())).collect();
        let what = format!("tasks from before this phase still run: {}", services.join(", "));
        if start.elapsed() >= PATIENCE {
            return Err(stuck(&what, &former).into());
        }
        if what != last {
            tell(&what);
            last = what;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn stuck(what: &str, former: &[(String, Vec<Former>)]) -> Failure {
    let one = |(name, tasks): &(String, Vec<Former>)| {
        let tasks: Vec<String> =
            tasks.iter().map(|task| format!("{} ({}, {})", task.id, task.revision, task.status)).collect();
        format!("{name}: {}", tasks.join(", "))
    };
    let list: Vec<String> = former.iter().map(one).collect();
    let message = format!("{what}, for {} minutes now. {}", PATIENCE.as_secs() / 60, list.join("; "));
    Failure::new(Class::Deadline, message)
        .remedy("see why they don't stop, or stop them (aws ecs stop-task), and run the same command again: it goes on from here")
}

/// The tasks of each service that are of another revision than the state knows.
async fn former(workspace: &Workspace, book: &Book) -> Result<Vec<(String, Vec<Former>)>, Failure> {
    let mut found = Vec::new();
    for record in book.records.values().filter(|record| record.key.kind() == "ecs-service" && !record.id.is_empty()) {
        let name = record.key.name();
        let Some(definition) = book.records.get(&Key::new("task-definition", name)) else { continue };
        let look = || tasks::of_other_revisions(&workspace.aws, &record.id, &definition.id);
        let tasks = persist(&workspace.jitter, look).await?;
        if !tasks.is_empty() {
            found.push((name.to_owned(), tasks));
        }
    }
    Ok(found)
}
