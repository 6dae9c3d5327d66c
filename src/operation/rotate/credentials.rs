//! Database credentials, rotated now: Secrets Manager calls the rotator, and what it does is watched until the tasks hold the new ones.

use std::time::Duration;

use futures::future::{join_all, try_join_all};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::Instant;

use crate::{
    aws::{
        deploy::change,
        look::{
            rotation::{self, Seen},
            services::{self, DeploymentStatus},
        },
    },
    engine::{Class, Failure, Key},
    operation::{OperationError, Workspace},
    rotator::{Step, in_use::InUse, names, stages::Progress},
};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(2);
/// How long a step may stay where it is. Secrets Manager tries a rotation again after about a minute, so that this is several tries.
const STUCK: Duration = Duration::from_secs(300);
/// How long the roll-out may take: the longest bake time that can be configured is on top of it.
const ROLLOUT: Duration = Duration::from_secs(1800);

/// How long a deployment that was ordered may take to show.
const UNSEEN: Duration = Duration::from_secs(120);

/// The credentials of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The service.
    pub service: String,
    /// The ARN of the secret.
    pub secret: String,
    /// What is left to do.
    pub begin: Begin,
    /// Deployments that were ordered up to this moment, in milliseconds since the Unix epoch, do not bring what is waited for.
    former: Option<i64>,
}

/// Where a rotation begins. It is complete when the tasks hold the new credentials, so one that is not is brought to its end, not followed
/// by another: the tasks still hold the former ones, whose turn it would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// With new credentials.
    Anew,
    /// They came into use at this moment, and the tasks are being replaced.
    Following(OffsetDateTime),
    /// They came into use at this moment, and the deployment that was to bring them failed, or was never started.
    RollingOut(OffsetDateTime),
}

/// What can be told of a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A rotation that was begun before is brought to its end; its credentials came into use at this moment.
    TakenUp(OffsetDateTime),
    /// It is in this step now.
    Step(Step),
    /// The new credentials are current; the tasks are being replaced, at this stage.
    RollingOut(Option<String>),
    /// The tasks hold the new credentials.
    Done,
}

/// How the rotation of one service's credentials ended.
#[derive(Debug)]
pub struct Verdict {
    /// The service.
    pub service: String,
    /// How long it took.
    pub took: Duration,
    /// Why it failed, if it did. The credentials in use work as before.
    pub outcome: Result<(), Trouble>,
}

/// Why a rotation failed.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A look failed.
    #[error(transparent)]
    Call(#[from] Failure),
    /// A step stays where it is.
    #[error(
        "{step} did not succeed within {minutes} minutes; the credentials in use work as before. The log group {log} says why; Secrets \
         Manager takes the rotation up again by itself, and this command does, too"
    )]
    Stuck {
        /// The step.
        step: &'static str,
        /// How long it was waited for.
        minutes: u64,
        /// Where the rotator logs.
        log: String,
    },
    /// The deployment did not bring the new credentials.
    #[error(
        "the new credentials are current, but the deployment that was to bring them failed: {0}. The tasks that run hold the former ones, \
         which work until the next rotation"
    )]
    RolledBack(String),
}

impl Trouble {
    /// True where it is the deployment that failed.
    pub fn is_rollout(&self) -> bool {
        matches!(self, Trouble::RolledBack(_))
    }
}

/// The credentials that are to be rotated: of one service, or of all that use the database.
///
/// # Errors
/// Where there is no such service, where it has no credentials that are rotated, or where somebody else is deploying it: the deployment that a
/// rotation starts would end that one.
pub async fn chosen(workspace: &Workspace, service: Option<&str>) -> Result<Vec<Credentials>, OperationError> {
    let book = workspace.load()?.map(|loaded| loaded.book).unwrap_or_default();
    // Those of certificates have names with a dot.
    let of_credentials = |key: &Key| key.kind() == "secret-rotation" && !key.name().contains('.');
    let rotated = book.records.values().filter(|record| of_credentials(&record.key) && !record.id.is_empty());
    let all: Vec<(String, String)> = rotated
        .map(|record| (record.key.name().to_owned(), record.id.clone()))
        .filter(|(name, _)| service.is_none_or(|service| name == service))
        .collect();
    if all.is_empty() {
        let (message, remedy) = match service {
            Some(name) => (
                format!("the credentials of '{name}' are not rotated in environment '{}'", workspace.suffix),
                "name a service with `database = true`, or bring the environment up",
            ),
            None => (
                format!("no credentials are rotated in environment '{}'", workspace.suffix),
                "add [database] and a service with `database = true` to the configuration, and run platformctl up",
            ),
        };
        return Err(Failure::new(Class::Invalid, message).remedy(remedy).into());
    }
    try_join_all(all.into_iter().map(async |(service, secret)| {
        let (begin, former) = begin(workspace, &service, &secret).await?;
        Ok(Credentials { service, secret, begin, former })
    }))
    .await
}

/// Where the rotation of a service's credentials begins, as the secret and the service's deployments tell.
async fn begin(workspace: &Workspace, service: &str, secret: &str) -> Result<(Begin, Option<i64>), OperationError> {
    let Some(seen) = seen(workspace, service).await? else { return Ok((Begin::Anew, None)) };
    let Some(rollout) = services::rollout(&workspace.aws, &seen).await? else { return Ok((Begin::Anew, None)) };
    let noted = rotation::look(&workspace.aws, secret).await?.in_use;
    let since = |moment: Option<i64>, noted: &InUse| moment.is_some_and(|moment| moment >= noted.millis());
    match noted {
        Some(noted) if !since(rollout.since, &noted) => {
            if !rollout.under_way {
                return Ok((Begin::RollingOut(noted.since), rollout.latest));
            }
            if since(rollout.latest, &noted) {
                return Ok((Begin::Following(noted.since), Some(noted.millis() - 1)));
            }
        }
        _ if !rollout.under_way => return Ok((Begin::Anew, rollout.latest)),
        _ => {}
    }
    let message = format!("a deployment of '{service}' is under way, which the one that a rotation starts would end");
    let remedy = "wait until it is done (platformctl status shows it), then run the same command again";
    Err(Failure::new(Class::Invalid, message).remedy(remedy).into())
}

/// Rotates them side by side, and tells what happens. Each has its own verdict.
pub async fn rotate(workspace: &Workspace, all: &[Credentials], tell: &dyn Fn(&str, &News)) -> Vec<Verdict> {
    join_all(all.iter().map(async |it| {
        let started = Instant::now();
        let outcome = one(workspace, it, &|news| tell(&it.service, news)).await;
        Verdict { service: it.service.clone(), took: started.elapsed(), outcome }
    }))
    .await
}

async fn one(workspace: &Workspace, it: &Credentials, tell: &dyn Fn(&News)) -> Result<(), Trouble> {
    match it.begin {
        Begin::Anew => {
            let before = rotation::look(&workspace.aws, &it.secret).await?;
            tell(&News::Step(Step::CreateSecret));
            rotation::order(&workspace.aws, &it.secret).await?;
            steps(workspace, it, &before, tell).await?;
        }
        Begin::Following(since) => tell(&News::TakenUp(since)),
        Begin::RollingOut(since) => {
            tell(&News::TakenUp(since));
            let service = names::ecs_service(&it.service, workspace.suffix.as_str());
            change::again(&workspace.aws, &cluster(workspace), &service).await?;
        }
    }
    roll_out(workspace, it, tell).await?;
    tell(&News::Done);
    Ok(())
}

/// Watches until another version is current and nothing is pending.
async fn steps(workspace: &Workspace, it: &Credentials, before: &Seen, tell: &dyn Fn(&News)) -> Result<(), Trouble> {
    let (mut told, mut since) = (Step::CreateSecret, Instant::now());
    loop {
        tokio::time::sleep(EVERY).await;
        let seen = rotation::look(&workspace.aws, &it.secret).await?;
        match seen.progress {
            Progress::Idle if seen.current != before.current => return Ok(()),
            Progress::Under(step) if step > told => {
                (told, since) = (step, Instant::now());
                tell(&News::Step(step));
            }
            _ => {}
        }
        if since.elapsed() > STUCK {
            let log = format!("{}rotator", crate::aws::logs::prefix(workspace.suffix.as_str()));
            return Err(Trouble::Stuck { step: told.name(), minutes: STUCK.as_secs() / 60, log });
        }
    }
}

/// Watches the deployment that gives the tasks the new credentials.
async fn roll_out(workspace: &Workspace, it: &Credentials, tell: &dyn Fn(&News)) -> Result<(), Trouble> {
    let started = Instant::now();
    let bake = workspace.config.services.get(&it.service).map_or(0, |service| service.bake_minutes);
    let limit = ROLLOUT + Duration::from_secs(60) * bake;
    let mut told = None;
    loop {
        let Some(deployment) = deployment(workspace, &it.service).await? else { return Ok(()) };
        if it.former.is_some_and(|former| ordered(&deployment).is_some_and(|ordered| ordered <= former)) {
            // What was ordered a moment ago may not show yet.
            if started.elapsed() > UNSEEN {
                return Err(Trouble::RolledBack("none was started".to_owned()));
            }
            tokio::time::sleep(EVERY).await;
            continue;
        }
        if deployment.failed {
            return Err(Trouble::RolledBack(deployment.reason.unwrap_or(deployment.status)));
        }
        if !deployment.in_progress {
            return Ok(());
        }
        if told.as_ref() != Some(&deployment.stage) {
            tell(&News::RollingOut(deployment.stage.clone()));
            told = Some(deployment.stage);
        }
        if started.elapsed() > limit {
            let minutes = limit.as_secs() / 60;
            return Err(Trouble::RolledBack(format!("it is not done after {minutes} minutes")));
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// When a deployment was ordered, in milliseconds since the Unix epoch.
fn ordered(deployment: &DeploymentStatus) -> Option<i64> {
    let moment = OffsetDateTime::parse(deployment.began.as_deref()?, &Rfc3339).ok()?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()
}

/// The deployment of a service that is under way, else its latest; nothing where there is no such service.
async fn deployment(workspace: &Workspace, service: &str) -> Result<Option<DeploymentStatus>, Failure> {
    let Some(seen) = seen(workspace, service).await? else { return Ok(None) };
    let mut found = services::deployments(&workspace.aws, std::iter::once(&seen)).await?;
    Ok(found.remove(&seen.arn))
}

async fn seen(workspace: &Workspace, service: &str) -> Result<Option<services::Seen>, Failure> {
    let name = names::ecs_service(service, workspace.suffix.as_str());
    let mut seen = services::services(&workspace.aws, &cluster(workspace), std::slice::from_ref(&name)).await?;
    Ok(seen.remove(&name))
}

fn cluster(workspace: &Workspace) -> String {
    format!("cluster-{}", workspace.suffix)
}
