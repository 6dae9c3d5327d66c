//! Beginning a deployment: look, check, register, let run, and find the deployment that ECS makes of it.

use std::{collections::BTreeMap, time::Duration};

use futures::future::try_join_all;
use tokio::time::Instant;

use super::{
    DeployEvent, DeployObserver, Limit, Request,
    place::{self, Place},
    preflight::{self, Cleared},
    settings,
    verdict::id_of,
};
use crate::{
    aws::deploy::{
        Reference, Revision, Service, change, deployment,
        revision::{self, TAG_BY, TAG_IMAGE},
    },
    engine::{Answers, Class, Failure, Interrupt, Tags, survey::persist},
    operation::{OperationError, Workspace, doctor::Verdict},
    state::{Lock, StateError},
};

/// How long other deploys of this environment are waited for while they begin theirs, which takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long ECS may take to show a deployment.
const SHOWS: Duration = Duration::from_secs(60);

/// A deployment that is under way, and what is needed to follow it.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The service's name in the configuration.
    pub name: String,
    /// The service.
    pub service: Service,
    /// The ARN of the deployment.
    pub deployment: String,
    /// The revision that it brings.
    pub revision: Revision,
    /// The target group of the new tasks.
    pub group: Option<String>,
    /// The target group of the old tasks.
    pub old_group: Option<String>,
    /// How long it may take from its beginning.
    pub limit: Duration,
    /// It was begun by an earlier call.
    pub resumed: bool,
}

/// What came of beginning.
#[derive(Clone, Debug)]
pub enum Beginning {
    /// A deployment is under way.
    Begun(Box<Begun>),
    /// What was asked for runs already.
    Unchanged {
        /// The service's name in the configuration.
        name: String,
        /// The service.
        service: Box<Service>,
        /// The revision that runs.
        revision: Box<Revision>,
    },
}

/// One service that is about to be deployed.
struct Candidate {
    name: String,
    service: Service,
    current: Revision,
    reference: Reference,
}

/// Checks everything for all services, and only then begins their deployments. What an earlier call has begun with the same image is taken up.
///
/// # Errors
/// Anything that keeps one of them from beginning: nothing was changed then. A failure after that names what was begun.
pub async fn begin(
    workspace: &Workspace,
    request: &Request,
    limit: Limit,
    observer: &dyn DeployObserver,
    interrupt: &Interrupt,
) -> Result<Vec<Beginning>, OperationError> {
    let place = Place::of(workspace);
    let names: Vec<String> = request.services.iter().map(|(name, _)| name.clone()).collect();
    for name in &names {
        let configured = workspace.config.services.get(name);
        if let Some(wrong) = configured.and_then(|service| settings::refuse(&request.strategy, service)) {
            return Err(Failure::new(Class::Invalid, wrong).into());
        }
    }
    // Before the lock is taken, which makes a directory for the state: there may be no such environment.
    place::find(workspace, &place, &names).await?;
    let _lock = lock(workspace, "deploy").await?;
    let services = place::find(workspace, &place, &names).await?;
    let candidates = try_join_all(request.services.iter().map(async |(name, image)| {
        let service = services[name].clone();
        let current = current(workspace, &service).await?;
        let reference = preflight::image::reference(workspace, &place, name, image);
        Ok::<_, Failure>(Candidate { name: name.clone(), service, current, reference })
    }));
    let candidates = candidates.await?;
    let answers = Answers::default();
    let cleared = try_join_all(
        candidates
            .iter()
            .map(|one| preflight::check(workspace, &one.reference, &one.current, &request.demands, &answers)),
    );
    let cleared = cleared.await?;
    for (one, cleared) in candidates.iter().zip(&cleared) {
        observer.tell(&DeployEvent::Checked { service: one.name.clone(), checks: cleared.checks.clone() });
    }
    refuse(&candidates, &cleared)?;
    let mut ready = Vec::new();
    for (one, cleared) in candidates.into_iter().zip(cleared) {
        ready.push((under_way(workspace, &one, &cleared).await?, one, cleared));
    }
    if interrupt.is_raised() {
        return Err(Failure::new(Class::Interrupted, "interrupted; nothing was changed").into());
    }
    let begin =
        ready.into_iter().map(|(taken_up, one, cleared)| start(workspace, request, limit, one, cleared, taken_up));
    let begun = futures::future::join_all(begin).await;
    let started: Vec<String> = begun
        .iter()
        .filter_map(|one| match one {
            Ok(Beginning::Begun(begun)) => Some(format!("{} ({})", begun.name, id_of(&begun.deployment))),
            _ => None,
        })
        .collect();
    begun.into_iter().collect::<Result<Vec<_>, _>>().map_err(|failure| {
        if started.is_empty() {
            return OperationError::from(failure);
        }
        let message = format!("{}; begun before that, and going on: {}", failure.message, started.join(", "));
        OperationError::from(Failure { message, ..failure }.remedy("follow them with platformctl deploy --resume"))
    })
}

/// Holds the environment's lock while a deployment is begun. Other deploys hold it for seconds, and are waited for; `up` and `destroy` are not.
///
/// # Errors
/// Where somebody has it, or it can't be written.
pub async fn lock(workspace: &Workspace, operation: &str) -> Result<Lock, OperationError> {
    let start = Instant::now();
    loop {
        match workspace.store.lock(operation) {
            Err(StateError::Locked { holder }) if is_brief(&holder.operation) && start.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            other => return Ok(other?),
        }
    }
}

fn is_brief(operation: &str) -> bool {
    ["deploy", "rollback"].contains(&operation)
}

/// The revision that a service runs.
///
/// # Errors
/// The call's own, or a revision that is gone.
pub async fn current(workspace: &Workspace, service: &Service) -> Result<Revision, Failure> {
    let arn = &service.task_definition;
    let seen = persist(&workspace.jitter, || revision::look(&workspace.aws, arn)).await?;
    seen.ok_or_else(|| {
        Failure::new(Class::Invalid, format!("{} runs {}, which has been deleted", service.name, revision::short(arn)))
            .remedy("run platformctl up, which makes a revision anew")
    })
}

fn refuse(candidates: &[Candidate], cleared: &[Cleared]) -> Result<(), Failure> {
    let mut found = Vec::new();
    let mut remedy = None;
    for (one, cleared) in candidates.iter().zip(cleared) {
        for check in cleared.checks.iter().filter(|check| check.verdict == Verdict::Failed) {
            found.push(format!("{}: {}: {}", one.name, check.name, check.detail));
            remedy = remedy.or(check.remedy.clone());
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let failure = Failure::new(Class::Invalid, format!("nothing was deployed: {}", found.join("; ")));
    Err(match remedy {
        Some(remedy) => failure.remedy(remedy),
        None => failure,
    })
}

/// What becomes of a service that something is under way with, or that runs what was asked for.
enum TakenUp {
    /// Nothing is in the way.
    No,
    /// The same image is being deployed: by a call that was killed, or by somebody else.
    Deployment(Box<deployment::Deployment>, Box<Revision>),
    /// It runs, and its deployment succeeded.
    Runs,
}

async fn under_way(workspace: &Workspace, one: &Candidate, cleared: &Cleared) -> Result<TakenUp, OperationError> {
    let (aws, jitter) = (&workspace.aws, &workspace.jitter);
    let wanted = |revision: &Revision| revision.image == cleared.image;
    if let Some(arn) = &one.service.under_way {
        let found = persist(jitter, || deployment::look(aws, std::slice::from_ref(arn))).await?;
        if let Some(it) = found.get(arn).filter(|it| !it.is_over()) {
            let revisions = std::slice::from_ref(&it.target.revision);
            let contents = persist(jitter, || deployment::contents(aws, revisions)).await?;
            let brings = contents.get(&it.target.revision).map(|content| content.task_definition.clone());
            let brings = match &brings {
                Some(brings) => persist(jitter, || revision::look(aws, brings)).await?,
                None => None,
            };
            return match brings {
                Some(revision) if wanted(&revision) && it.goes_forward() => {
                    Ok(TakenUp::Deployment(Box::new(it.clone()), Box::new(revision)))
                }
                brings => Err(busy(one, it, brings.as_ref())),
            };
        }
    }
    if !wanted(&one.current) {
        return Ok(TakenUp::No);
    }
    let service = &one.service;
    let latest = persist(jitter, || deployment::list(aws, &service.cluster, &service.arn, 1)).await?;
    // After a failed first deployment the service is still set to what failed: that is tried again.
    let runs = latest.first().is_none_or(|latest| !["STOPPED", "ROLLBACK_FAILED"].contains(&latest.status.as_str()));
    Ok(if runs { TakenUp::Runs } else { TakenUp::No })
}

/// Somebody else's deployment is under way: which, and whose.
fn busy(one: &Candidate, it: &deployment::Deployment, brings: Option<&Revision>) -> OperationError {
    let what = brings.map_or_else(String::new, |revision| {
        let by = revision.tags.get(TAG_BY).or(revision.registered_by.as_ref());
        let by = by.map(|by| format!(", by {by}")).unwrap_or_default();
        format!(" of {} ({}{by})", revision.image, revision.id())
    });
    let stage = it.stage.as_deref().map(|stage| format!(", {stage}")).unwrap_or_default();
    let id = id_of(&it.arn);
    OperationError::Busy {
        message: format!("deployment {id}{what} of service {} is under way: {}{stage}", one.name, it.status),
        remedy: format!(
            "follow it with platformctl deploy {name} --resume, or stop it with platformctl rollback {name}",
            name = one.name
        ),
    }
}

async fn start(
    workspace: &Workspace,
    request: &Request,
    limit: Limit,
    one: Candidate,
    cleared: Cleared,
    taken_up: TakenUp,
) -> Result<Beginning, Failure> {
    let configured = &workspace.config.services[&one.name];
    let rollout = settings::overridden(configured, &one.service.alarms, &request.strategy);
    match taken_up {
        TakenUp::Runs => {
            let (service, revision) = (Box::new(one.service), Box::new(one.current));
            Ok(Beginning::Unchanged { name: one.name, service, revision })
        }
        TakenUp::Deployment(it, revision) => {
            let begun = Begun {
                name: one.name,
                deployment: it.arn.clone(),
                revision: *revision,
                group: None,
                old_group: None,
                limit: settings::limit_of(limit, &it),
                resumed: true,
                service: one.service,
            };
            Ok(Beginning::Begun(Box::new(with_groups(workspace, begun).await?)))
        }
        TakenUp::No => {
            let mut tags = one.current.tags.clone();
            tags.extend(mark(workspace, &cleared.asked));
            let register = || revision::register(&workspace.aws, &one.current, &cleared.image, &tags);
            let revision = persist(&workspace.jitter, register).await?;
            let limit = settings::limit(limit, &rollout);
            let begun = let_run(workspace, one.name, one.service, revision, &rollout, limit).await?;
            Ok(Beginning::Begun(Box::new(begun)))
        }
    }
}

/// Who puts which image into service.
pub fn mark(workspace: &Workspace, asked: &str) -> Tags {
    Tags::from([
        (TAG_BY.to_owned(), revision::tag_value(&workspace.aws.caller)),
        (TAG_IMAGE.to_owned(), revision::tag_value(asked)),
    ])
}

/// Lets a service run a revision and finds the deployment that ECS makes of it: the newest that wasn't there before and brings this revision.
///
/// # Errors
/// A call's own, or no deployment that shows.
pub async fn let_run(
    workspace: &Workspace,
    name: String,
    service: Service,
    revision: Revision,
    rollout: &crate::aws::ecs::rollout_settings::Rollout,
    limit: Duration,
) -> Result<Begun, Failure> {
    let (aws, jitter) = (&workspace.aws, &workspace.jitter);
    let before = persist(jitter, || deployment::list(aws, &service.cluster, &service.arn, 1)).await?;
    let before = before.into_iter().next().map(|brief| brief.arn);
    let configuration = rollout.configuration()?;
    persist(jitter, || change::run(aws, &service, &revision.arn, configuration.clone())).await?;
    let begin = Instant::now();
    loop {
        if let Some(arn) = appeared(workspace, &service, &revision.arn, before.as_deref()).await? {
            let begun =
                Begun { name, service, deployment: arn, revision, group: None, old_group: None, limit, resumed: false };
            return with_groups(workspace, begun).await;
        }
        if begin.elapsed() > SHOWS {
            let message = format!("ECS has taken {} for {name}, but shows no deployment of it", revision.id());
            return Err(Failure::new(Class::Deadline, message)
                .remedy(format!("look again with platformctl deploy {name} --resume")));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn appeared(
    workspace: &Workspace,
    service: &Service,
    task_definition: &str,
    before: Option<&str>,
) -> Result<Option<String>, Failure> {
    let (aws, jitter) = (&workspace.aws, &workspace.jitter);
    let listed = persist(jitter, || deployment::list(aws, &service.cluster, &service.arn, 5)).await?;
    let new: Vec<_> = listed.into_iter().take_while(|brief| Some(brief.arn.as_str()) != before).collect();
    let revisions: Vec<String> = new.iter().map(|brief| brief.revision.clone()).filter(|arn| !arn.is_empty()).collect();
    if revisions.is_empty() {
        return Ok(None);
    }
    let contents = persist(jitter, || deployment::contents(aws, &revisions)).await?;
    let brings = |revision: &str| contents.get(revision).is_some_and(|it| it.task_definition == task_definition);
    Ok(new.into_iter().find(|brief| brings(&brief.revision)).map(|brief| brief.arn))
}

/// Finds out which target group each of the two revisions is in.
///
/// # Errors
/// A call's own.
pub async fn with_groups(workspace: &Workspace, begun: Begun) -> Result<Begun, Failure> {
    let (aws, jitter) = (&workspace.aws, &workspace.jitter);
    let found = persist(jitter, || deployment::look(aws, std::slice::from_ref(&begun.deployment))).await?;
    let Some(it) = found.get(&begun.deployment) else { return Ok(begun) };
    let sides: Vec<String> = std::iter::once(&it.target).chain(&it.source).map(|side| side.revision.clone()).collect();
    let contents: BTreeMap<_, _> = persist(jitter, || deployment::contents(aws, &sides)).await?;
    let group = |revision: &str| contents.get(revision).and_then(|content| content.target_group.clone());
    let (new, old) = (group(&it.target.revision), it.source.as_ref().and_then(|side| group(&side.revision)));
    Ok(Begun { group: new, old_group: old, ..begun })
}
