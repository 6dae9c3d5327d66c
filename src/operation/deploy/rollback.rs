//! Going back: stopping the deployment that is under way, or letting an earlier revision run again.

use super::{
    Limit, Place,
    begin::{self, Begun},
    history::{self, Entry},
    place, reach, settings,
    verdict::id_of,
};
use crate::{
    aws::deploy::{Revision, Service, change, deployment, revision},
    engine::{Class, Failure, survey::persist},
    operation::{OperationError, Workspace},
};

/// That many deployments are looked through for one to go back to.
const DEPTH: usize = 60;

/// What was begun.
#[derive(Clone, Debug)]
pub enum Rollback {
    /// The deployment that was under way goes back: it ends as rolled back.
    Stopped(Box<Begun>),
    /// An earlier revision is deployed.
    Deployed(Box<Begun>),
}

/// Begins to go back: with nothing said, stops what is under way, else deploys the last good revision before the one that runs.
///
/// # Errors
/// Nothing to go back to, or a call's own failure.
pub async fn rollback(
    workspace: &Workspace,
    name: &str,
    to: Option<i32>,
    limit: Limit,
) -> Result<Rollback, OperationError> {
    let place = Place::of(workspace);
    place::find(workspace, &place, &[name.to_owned()]).await?;
    let _lock = begin::lock(workspace, "rollback").await?;
    let service = place::find(workspace, &place, &[name.to_owned()]).await?.remove(name);
    let service = service.ok_or_else(|| Failure::internal(format!("{name} was found and is not there")))?;
    let configured = settings::configured(&workspace.config.services[name], &service.alarms);
    let length = settings::limit(limit, &configured);
    if let Some(begun) = under_way(workspace, name, &service, limit).await? {
        if to.is_some() {
            let id = id_of(&begun.deployment);
            return Err(OperationError::Busy {
                message: format!("deployment {id} of service {name} is under way"),
                remedy: format!("stop it first with platformctl rollback {name}, then go to the revision"),
            });
        }
        if !persist(&workspace.jitter, || change::stop(&workspace.aws, &begun.deployment)).await? {
            let message = format!(
                "deployment {} of {name} can't be stopped any more: its old tasks are gone",
                id_of(&begun.deployment)
            );
            return Err(Failure::new(Class::Invalid, message)
                .remedy("wait until it has ended, which takes a minute, and run the same command again")
                .into());
        }
        return Ok(Rollback::Stopped(Box::new(begun)));
    }
    let revision = destination(workspace, &place, name, &service, to).await?;
    reach::check(workspace, name, &service.task_definition, &revision).await?;
    let asked = revision.tags.get(revision::TAG_IMAGE).cloned().unwrap_or_else(|| revision.image.clone());
    let tags = begin::mark(workspace, &asked);
    persist(&workspace.jitter, || revision::tag(&workspace.aws, &revision.arn, &tags)).await?;
    let begun = begin::let_run(workspace, name.to_owned(), service, revision, &configured, length).await?;
    Ok(Rollback::Deployed(Box::new(begun)))
}

/// The deployment that is under way, if any.
///
/// # Errors
/// A call's own failure.
pub async fn under_way(
    workspace: &Workspace,
    name: &str,
    service: &Service,
    limit: Limit,
) -> Result<Option<Begun>, Failure> {
    match latest(workspace, name, service, limit).await? {
        Some((begun, it)) if !it.is_over() => Ok(Some(begun)),
        _ => Ok(None),
    }
}

/// The deployment that is under way, else the last one.
///
/// # Errors
/// A call's own failure.
pub async fn latest(
    workspace: &Workspace,
    name: &str,
    service: &Service,
    limit: Limit,
) -> Result<Option<(Begun, deployment::Deployment)>, Failure> {
    let (aws, jitter) = (&workspace.aws, &workspace.jitter);
    let arn = match &service.under_way {
        Some(arn) => Some(arn.clone()),
        None => {
            let listed = persist(jitter, || deployment::list(aws, &service.cluster, &service.arn, 1)).await?;
            listed.into_iter().next().map(|brief| brief.arn)
        }
    };
    let Some(arn) = arn else { return Ok(None) };
    let Some(it) = persist(jitter, || deployment::look(aws, std::slice::from_ref(&arn))).await?.remove(&arn) else {
        return Ok(None);
    };
    let sides = std::slice::from_ref(&it.target.revision);
    let contents = persist(jitter, || deployment::contents(aws, sides)).await?;
    let Some(content) = contents.get(&it.target.revision) else { return Ok(None) };
    let Some(revision) = persist(jitter, || revision::look(aws, &content.task_definition)).await? else {
        let message = format!(
            "the last deployment of {name}, {}, brought {}, which has been deleted since",
            id_of(&arn),
            revision::short(&content.task_definition)
        );
        return Err(Failure::new(Class::Invalid, message).remedy(format!("see platformctl history {name}")));
    };
    let begun = Begun {
        name: name.to_owned(),
        service: service.clone(),
        deployment: arn,
        revision,
        group: None,
        old_group: None,
        limit: settings::limit_of(limit, &it),
        resumed: true,
    };
    Ok(Some((begin::with_groups(workspace, begun).await?, it)))
}

/// The revision to go to.
async fn destination(
    workspace: &Workspace,
    place: &Place,
    name: &str,
    service: &Service,
    to: Option<i32>,
) -> Result<Revision, Failure> {
    let entries = history::entries(workspace, service, DEPTH).await?;
    let family = place.family(name);
    let running = revision::short(&service.task_definition).to_owned();
    let number = match to {
        Some(number) => number,
        None => last_good(&entries).ok_or_else(|| {
            Failure::new(Class::Invalid, format!("{name} has no good revision before {running} to go back to"))
                .remedy(format!("platformctl history {name} shows what there is; --to REVISION names one"))
        })?,
    };
    let wanted = format!("{family}:{number}");
    if wanted == running {
        return Err(Failure::new(Class::Invalid, format!("{name} runs {running} already")));
    }
    let seen = persist(&workspace.jitter, || revision::look(&workspace.aws, &wanted)).await?;
    seen.filter(|seen| seen.is_active).ok_or_else(|| {
        let there: Vec<String> =
            entries.iter().filter(|one| one.can_return).filter_map(|one| Some(one.number?.to_string())).collect();
        let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
        Failure::new(Class::Invalid, format!("there is no revision {number} of {name} that could run"))
            .remedy(format!("good ones that are still there: {there}"))
    })
}

/// The newest good revision that is older than the one that runs: so that going back twice goes back further, and never to what was just left.
fn last_good(entries: &[Entry]) -> Option<i32> {
    let running = entries.iter().find(|entry| entry.current).and_then(|entry| entry.number)?;
    entries
        .iter()
        .filter(|entry| entry.can_return)
        .filter_map(|entry| entry.number)
        .filter(|number| *number < running)
        .max()
}

/// Answers a deployment that waits for a person.
///
/// # Errors
/// Nothing that waits, or a call's own failure.
pub async fn answer(workspace: &Workspace, name: &str, goes_on: bool, limit: Limit) -> Result<Begun, OperationError> {
    let place = Place::of(workspace);
    let service = place::find(workspace, &place, &[name.to_owned()]).await?.remove(name);
    let service = service.ok_or_else(|| Failure::internal(format!("{name} was found and is not there")))?;
    let waiting = match latest(workspace, name, &service, limit).await? {
        Some((begun, it)) => it.waiting.clone().filter(|_| !it.is_over()).map(|waiting| (begun, waiting)),
        None => None,
    };
    let Some((begun, waiting)) = waiting else {
        return Err(Failure::new(Class::Invalid, format!("no deployment of {name} waits for an answer"))
            .remedy(format!("see platformctl status, or platformctl history {name}"))
            .into());
    };
    let send = || change::answer(&workspace.aws, &begun.deployment, &waiting.hook, goes_on);
    persist(&workspace.jitter, send).await?;
    Ok(begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: i32, status: &str, current: bool) -> Entry {
        Entry {
            deployment: String::new(),
            revision: String::new(),
            number: Some(number),
            image: None,
            asked: None,
            by: None,
            began: 0,
            ended: None,
            status: status.to_owned(),
            reason: None,
            current,
            can_return: status == "SUCCESSFUL",
        }
    }

    #[test]
    fn going_back_skips_what_failed_and_never_returns_to_what_was_left() {
        let (good, bad) = ("SUCCESSFUL", "ROLLBACK_SUCCESSFUL");
        let all = [entry(4, good, true), entry(3, bad, false), entry(2, good, false), entry(1, good, false)];
        assert_eq!(last_good(&all), Some(2));
        let returned = [entry(2, good, true), entry(4, good, false), entry(2, good, false), entry(1, good, false)];
        assert_eq!(last_good(&returned), Some(1));
        assert_eq!(last_good(&[entry(1, good, true)]), None);
    }
}
