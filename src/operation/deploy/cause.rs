//! Why a deployment failed, in the words of those who know: alarms, stopped tasks, health checks, the application's own last lines.

use super::{begin::Begun, verdict::Verdict};
use crate::{
    aws::deploy::{
        Deployment,
        diagnosis::{self, Stopped},
    },
    engine::survey::persist,
    operation::Workspace,
};

/// That many stopped tasks are named.
const TASKS: usize = 3;
/// That many of the application's last lines are shown.
const LINES: i32 = 5;

/// Adds what led to a verdict. What can't be read is left out: the verdict must not be lost for it.
pub async fn explain(workspace: &Workspace, begun: &Begun, it: &Deployment, verdict: &mut Verdict) {
    let (aws, jitter) = (&workspace.aws, &workspace.jitter);
    let service = &begun.service;
    let (stopped, alarms) = futures::join!(
        persist(jitter, || diagnosis::stopped(aws, &service.cluster, &service.name, &begun.revision.arn, it.created)),
        persist(jitter, || diagnosis::alarms(aws, &it.ringing)),
    );
    let (stopped, alarms) = (stopped.unwrap_or_default(), alarms.unwrap_or_default());
    for name in &it.ringing {
        let says = alarms.get(name).filter(|text| !text.is_empty()).map(|text| format!(": {text}")).unwrap_or_default();
        verdict.causes.push(format!("alarm {name} went off{says}"));
    }
    verdict.causes.extend(reasons(&stopped));
    if let Some((task, container)) = speaker(&stopped, &begun.revision.application)
        && let Some(group) = &begun.revision.log_group
    {
        let lines = persist(jitter, || diagnosis::last_lines(aws, group, &container, &task, LINES)).await;
        verdict.log = lines.unwrap_or_default();
    }
}

/// Each reason once, with the task that had it last and how many had it.
fn reasons(stopped: &[Stopped]) -> Vec<String> {
    let mut found: Vec<(String, &str, usize)> = Vec::new();
    for task in stopped {
        let text = task.text();
        match found.iter_mut().find(|(one, ..)| *one == text) {
            Some((.., count)) => *count += 1,
            None => found.push((text, &task.task, 1)),
        }
    }
    let line = |(text, task, count): (String, &str, usize)| match count {
        1 => format!("task {task}: {text}"),
        _ => format!("{count} tasks, the last {task}: {text}"),
    };
    found.into_iter().take(TASKS).map(line).collect()
}

/// Whose last lines tell most: the container that ended badly, else the application, of the task that stopped last.
fn speaker(stopped: &[Stopped], application: &str) -> Option<(String, String)> {
    let ended = stopped.iter().find_map(|task| {
        let container = task.containers.iter().find(|one| one.exit_code.is_some_and(|code| code != 0))?;
        Some((task.task.clone(), container.name.clone()))
    });
    ended.or_else(|| stopped.first().map(|task| (task.task.clone(), application.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::deploy::diagnosis::Ended;

    fn stopped(task: &str, code: Option<i32>) -> Stopped {
        let containers = code.map(|code| Ended { name: "app".to_owned(), exit_code: Some(code), reason: None });
        let reason = "Essential container in task exited".to_owned();
        Stopped { task: task.to_owned(), reason, containers: containers.into_iter().collect(), at: 0 }
    }

    #[test]
    fn equal_reasons_are_told_once() {
        let all = [stopped("b", Some(137)), stopped("a", Some(137)), stopped("c", None)];
        assert_eq!(
            reasons(&all),
            [
                "2 tasks, the last b: Essential container in task exited: app ended with exit code 137 (killed; out of memory?)",
                "task c: Essential container in task exited"
            ]
        );
        assert_eq!(speaker(&all, "app"), Some(("b".to_owned(), "app".to_owned())));
        assert_eq!(speaker(&[], "app"), None);
    }
}
