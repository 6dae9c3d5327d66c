//! The end of a phase: nobody runs any more with what was before it.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::Instant;

use crate::{
    aws::look::{
        services,
        tasks::{self, Living},
    },
    engine::{Book, Class, Failure, survey::persist},
    operation::{OperationError, Workspace},
};

/// Between two looks, each of a few calls for all services together.
const PAUSE: Duration = Duration::from_secs(10);
/// A task that was told to stop is killed after two minutes (ECS API reference, ContainerDefinition: `stopTimeout`), and the load
/// balancer drains it before.
const PATIENCE: Duration = Duration::from_secs(900);

/// Waits until every task that runs is of the revision that its service runs now. A deployment that is done still leaves
/// tasks that finish their last requests, and these are as they were started. `tell` hears what is waited for.
///
/// # Errors
/// Where such tasks go on running, or the calls' own failures.
pub async fn settle(workspace: &Workspace, tell: &(dyn Fn(&str) + Sync)) -> Result<(), OperationError> {
    let Some(loaded) = workspace.load()? else { return Ok(()) };
    let start = Instant::now();
    let (mut last, mut stopped) = (String::new(), BTreeSet::new());
    loop {
        let former = former(workspace, &loaded.book, &mut stopped).await?;
        if former.is_empty() {
            return Ok(());
        }
        let count = |tasks: &[Living]| match tasks.len() {
            0 => "the deployment".to_owned(),
            count => count.to_string(),
        };
        let services: Vec<String> = former.iter().map(|(name, tasks)| format!("{} of {name}", count(tasks))).collect();
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

fn stuck(what: &str, former: &[(String, Vec<Living>)]) -> Failure {
    let revision = |task: &Living| task.revision.rsplit('/').next().unwrap_or_default().to_owned();
    let one = |(name, tasks): &(String, Vec<Living>)| {
        let tasks: Vec<String> =
            tasks.iter().map(|task| format!("{} ({}, {})", task.id, revision(task), task.status)).collect();
        format!("{name}: {}", tasks.join(", "))
    };
    let list: Vec<String> = former.iter().map(one).collect();
    let message = format!("{what}, for {} minutes now. {}", PATIENCE.as_secs() / 60, list.join("; "));
    Failure::new(Class::Deadline, message)
        .remedy("see why they don't stop, or stop them (aws ecs stop-task), and run the same command again: it goes on from here")
}

/// The tasks of each service that are of another revision than ECS runs it with now, whoever deployed that.
async fn former(
    workspace: &Workspace,
    book: &Book,
    stopped: &mut BTreeSet<String>,
) -> Result<Vec<(String, Vec<Living>)>, Failure> {
    let (aws, jitter) = (&workspace.aws, &workspace.jitter);
    let services =
        || book.records.values().filter(|record| record.key.kind() == "ecs-service" && !record.id.is_empty());
    let names: Vec<String> = services().map(|record| record.name.clone()).collect();
    let Some(cluster) = book.records.values().find(|record| record.key.kind() == "cluster") else {
        return Ok(Vec::new());
    };
    let (seen, tasks) = futures::join!(
        persist(jitter, || services::services(aws, &cluster.name, &names)),
        persist(jitter, || tasks::living(aws, &cluster.name, stopped)),
    );
    let (seen, (living, now_stopped)) = (seen?, tasks?);
    *stopped = now_stopped;
    let former = services().filter_map(|record| {
        let service = seen.get(&record.name)?;
        let revision = service.task_definition.as_ref()?;
        let of_service = living.iter().filter(|task| task.service == record.name && task.revision != *revision);
        let tasks: Vec<Living> = of_service.cloned().collect();
        // A deployment that ECS has not closed yet may still go back.
        (!tasks.is_empty() || service.revisions.len() > 1).then(|| (record.key.name().to_owned(), tasks))
    });
    Ok(former.collect())
}
