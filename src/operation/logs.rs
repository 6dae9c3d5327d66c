//! What the containers of a service write.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use serde::Serialize;

use super::{OperationError, Workspace};
use crate::{
    aws::logs::events::{self, Line, Question},
    blueprint::services::log_group,
    config::nearest,
    engine::{Class, Failure, survey::persist},
};

/// Between two looks for new lines.
const PAUSE: Duration = Duration::from_secs(2);
/// Lines may come to CloudWatch that much later than they were written, and are still found, in milliseconds.
const LATE: i64 = 10_000;
/// Ids that are remembered so that no line is told twice.
const REMEMBERED: usize = 20_000;

/// Which lines are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The service.
    pub service: String,
    /// How far back.
    pub since: Duration,
    /// CloudWatch's filter pattern.
    pub filter: Option<String>,
    /// The container; all where none is named.
    pub container: Option<String>,
    /// Tasks whose ids begin so.
    pub task: Option<String>,
}

/// A line, and who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spoken {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The container: `app`, `envoy`, `mesh-init`, `agent`.
    pub container: String,
    /// The task's id.
    pub task: String,
    /// The line.
    pub text: String,
}

/// Lines as they come.
pub struct Reader<'a> {
    workspace: &'a Workspace,
    wanted: Wanted,
    group: String,
    from: i64,
    told: BTreeSet<String>,
    order: VecDeque<String>,
}

impl<'a> Reader<'a> {
    /// Begins as far back as is wanted.
    ///
    /// # Errors
    /// A service that the configuration doesn't know.
    pub fn new(workspace: &'a Workspace, wanted: Wanted) -> Result<Self, OperationError> {
        let services = &workspace.config.services;
        if !services.contains_key(&wanted.service) {
            let failure =
                Failure::new(Class::Invalid, format!("the configuration has no service '{}'", wanted.service));
            let meant = nearest(&wanted.service, services.keys().map(String::as_str));
            let all = services.keys().cloned().collect::<Vec<_>>().join(", ");
            let remedy =
                meant.map_or_else(|| format!("its services are {all}"), |meant| format!("did you mean {meant}?"));
            return Err(failure.remedy(remedy).into());
        }
        let back = i64::try_from(wanted.since.as_millis()).unwrap_or(i64::MAX);
        Ok(Reader {
            group: log_group(workspace.suffix.as_str(), &wanted.service),
            from: (workspace.aws.now().unix_timestamp() * 1000).saturating_sub(back),
            workspace,
            wanted,
            told: BTreeSet::new(),
            order: VecDeque::new(),
        })
    }

    /// The lines that were not told yet, the oldest first, and whether there are more than can be told at once.
    ///
    /// # Errors
    /// The call's own.
    pub async fn next(&mut self) -> Result<(Vec<Spoken>, bool), OperationError> {
        let prefix = self.wanted.container.as_ref().map(|container| format!("{container}/"));
        let (aws, jitter) = (&self.workspace.aws, &self.workspace.jitter);
        let look = || async {
            let question = Question {
                group: &self.group,
                prefix: prefix.as_deref(),
                pattern: self.wanted.filter.as_deref(),
                from: self.from,
            };
            events::read(aws, &question).await
        };
        let (lines, more) = persist(jitter, look).await.map_err(|failure| self.explained(failure))?;
        let newest = lines.last().map_or(self.from, |line| line.at);
        self.from = self.from.max(newest - LATE);
        let mut spoken = Vec::new();
        for line in lines {
            if self.is_new(&line) {
                spoken.extend(self.wanted_line(&line));
            }
        }
        Ok((spoken, more))
    }

    /// Waits until it is worth looking again.
    pub async fn pause(&self) {
        tokio::time::sleep(PAUSE).await;
    }

    fn explained(&self, failure: Failure) -> Failure {
        match failure.class {
            Class::Absent => failure.remedy(format!(
                "bring the environment up first: platformctl up --env-suffix {}",
                self.workspace.suffix
            )),
            Class::Invalid if self.wanted.filter.is_some() => failure.remedy(
                "--filter takes CloudWatch's filter patterns: words that all must be there, \"a phrase\" in double quotes, or { $.level = \"error\" }",
            ),
            _ => failure,
        }
    }

    fn is_new(&mut self, line: &Line) -> bool {
        let new = self.told.insert(line.id.clone());
        if new {
            self.order.push_back(line.id.clone());
            if self.order.len() > REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.told.remove(&oldest);
            }
        }
        new
    }

    /// The stream is `container/container/task` (ECS Developer Guide, "Send Amazon ECS logs to CloudWatch": the prefix is the container's name).
    fn wanted_line(&self, line: &Line) -> Option<Spoken> {
        let mut parts = line.stream.rsplit('/');
        let (task, container) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if self.wanted.task.as_ref().is_some_and(|prefix| !task.starts_with(prefix.as_str())) {
            return None;
        }
        Some(Spoken {
            at: line.at,
            container: container.to_owned(),
            task: task.to_owned(),
            text: line.text.trim_end_matches(['\r', '\n']).to_owned(),
        })
    }
}
