//! Whole commands: begin, follow, record.

use super::{
    Beginning, Begun, DeployObserver, Limit, Outcome, Place, Request, Verdict, begin, place, prune, record,
    rollback::{self, Rollback},
    settle,
    verdict::id_of,
    watch,
};
use crate::{
    engine::{Class, Failure, Interrupt},
    operation::{OperationError, Workspace},
};

/// Each service with its verdict.
pub type Verdicts = Vec<(String, Verdict)>;

/// Deploys and, unless nobody waits, follows to the verdict.
///
/// # Errors
/// What kept it from beginning; what came of what was begun is in the verdicts.
pub async fn deploy(
    workspace: &Workspace,
    request: &Request,
    limit: Limit,
    wait: bool,
    observer: &dyn DeployObserver,
    interrupt: &Interrupt,
) -> Result<Verdicts, OperationError> {
    let (mut verdicts, mut begun) = (Vec::new(), Vec::new());
    for one in begin(workspace, request, limit, observer, interrupt).await? {
        match one {
            Beginning::Begun(one) => begun.push(*one),
            Beginning::Unchanged { name, service, revision } => {
                settle::settle(workspace, &name, &service, &revision, observer).await;
                let (id, image) = (revision.id(), &revision.image);
                let reason = format!("{image} runs already, as {id}");
                verdicts.push((name, still(Outcome::Unchanged, reason, "", &id, image)));
            }
        }
    }
    verdicts.extend(follow(workspace, begun, wait, observer, interrupt).await);
    Ok(in_order(request.services.iter().map(|(name, _)| name), verdicts))
}

/// Follows what is under way, or tells how the last deployment ended.
///
/// # Errors
/// An unknown service, one that was never deployed, or a call's own failure.
pub async fn resume(
    workspace: &Workspace,
    names: &[String],
    limit: Limit,
    observer: &dyn DeployObserver,
    interrupt: &Interrupt,
) -> Result<Verdicts, OperationError> {
    let place = Place::of(workspace);
    let services = place::find(workspace, &place, names).await?;
    let mut begun = Vec::new();
    for name in names {
        let service = &services[name];
        match rollback::latest(workspace, name, service, limit).await? {
            Some((one, _)) => begun.push(one),
            None => return Err(Failure::new(Class::Invalid, format!("{name} has no deployment to follow")).into()),
        }
    }
    Ok(follow(workspace, begun, true, observer, interrupt).await)
}

/// Goes back, and follows to the verdict. Where a deployment was stopped for it, its rollback is what was wanted.
///
/// # Errors
/// What kept it from beginning.
pub async fn roll_back(
    workspace: &Workspace,
    name: &str,
    to: Option<i32>,
    limit: Limit,
    wait: bool,
    observer: &dyn DeployObserver,
    interrupt: &Interrupt,
) -> Result<(Verdicts, bool), OperationError> {
    let (begun, stopped) = match rollback::rollback(workspace, name, to, limit).await? {
        Rollback::Stopped(begun) => (begun, true),
        Rollback::Deployed(begun) => (begun, false),
    };
    Ok((follow(workspace, vec![*begun], wait, observer, interrupt).await, stopped))
}

/// Answers a deployment that waits, and follows it to the verdict.
///
/// # Errors
/// Nothing that waits, or a call's own failure.
pub async fn answer(
    workspace: &Workspace,
    name: &str,
    goes_on: bool,
    wait: bool,
    observer: &dyn DeployObserver,
    interrupt: &Interrupt,
) -> Result<Verdicts, OperationError> {
    let begun = rollback::answer(workspace, name, goes_on, Limit::Usual).await?;
    Ok(follow(workspace, vec![begun], wait, observer, interrupt).await)
}

async fn follow(
    workspace: &Workspace,
    begun: Vec<Begun>,
    wait: bool,
    observer: &dyn DeployObserver,
    interrupt: &Interrupt,
) -> Verdicts {
    if !wait {
        let verdict = |one: &Begun| {
            let reason = format!("follow it with platformctl deploy {} --resume", one.name);
            let id = id_of(&one.deployment);
            still(Outcome::Begun, reason, &id, &one.revision.id(), &one.revision.image)
        };
        return begun.iter().map(|one| (one.name.clone(), verdict(one))).collect();
    }
    let revisions: Vec<_> = begun.iter().map(|one| (one.name.clone(), one.revision.clone())).collect();
    let verdicts = watch(workspace, begun, observer, interrupt).await;
    for (name, revision) in revisions {
        if verdicts.iter().any(|(one, verdict)| *one == name && verdict.outcome == Outcome::Succeeded) {
            record::record(workspace, &name, &revision);
            prune::prune(workspace, &revision).await;
        }
    }
    verdicts
}

/// A verdict about something that nobody waits for.
fn still(outcome: Outcome, reason: String, deployment: &str, revision: &str, image: &str) -> Verdict {
    Verdict {
        outcome,
        reason,
        causes: Vec::new(),
        log: Vec::new(),
        deployment: deployment.to_owned(),
        revision: revision.to_owned(),
        image: image.to_owned(),
        seconds: 0,
        remedy: None,
    }
}

fn in_order<'a>(names: impl Iterator<Item = &'a String>, mut verdicts: Verdicts) -> Verdicts {
    let take = |name: &String| {
        let at = verdicts.iter().position(|(one, _)| one == name)?;
        Some(verdicts.swap_remove(at))
    };
    names.filter_map(take).collect()
}
