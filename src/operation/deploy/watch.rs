//! Following deployments by their id until each has its verdict.
//!
//! However many services there are, one look costs a call for each twenty deployments and one for each ten services. Only what those can't tell is asked for
//! one by one, and more rarely the more there are: which targets are healthy, while that matters.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    DeployEvent, DeployObserver, Outcome, Progress, Verdict,
    begin::Begun,
    cause,
    progress::Health,
    settle,
    verdict::{id_of, outcome},
};
use crate::{
    aws::{
        deploy::{
            Deployment, Service, change, deployment,
            diagnosis::{self, Stopped},
            service,
        },
        look::balancing,
    },
    engine::{Failure, Interrupt, survey::persist},
    operation::Workspace,
};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(5);
/// Target groups that are looked at in a minute, all services together.
const GROUPS_A_MINUTE: u64 = 24;
/// How long AWS may be out of sight.
const BLIND: Duration = Duration::from_secs(600);
/// How long a deployment that was stopped, or that only has to clean up, may still take.
const GRACE: i64 = 1800;

/// One deployment that is followed.
struct Followed {
    begun: Begun,
    /// Events that were told, by id.
    told: BTreeSet<String>,
    /// Stopped tasks that were told, by id.
    stopped: BTreeSet<String>,
    failed_tasks: i32,
    since: Instant,
    /// We stopped it ourselves, and why.
    ours: Option<String>,
    last: Option<Deployment>,
    verdict: Option<Verdict>,
}

/// Follows deployments until all have ended, or the interrupt is raised. Gives each its verdict, in the order of `begun`.
pub async fn watch(
    workspace: &Workspace,
    begun: Vec<Begun>,
    observer: &dyn DeployObserver,
    interrupt: &Interrupt,
) -> Vec<(String, Verdict)> {
    for one in &begun {
        observer.tell(&DeployEvent::Begun {
            service: one.name.clone(),
            deployment: id_of(&one.deployment),
            revision: one.revision.id(),
            image: one.revision.image.clone(),
            resumed: one.resumed,
        });
    }
    let mut all: Vec<Followed> = begun.into_iter().map(Followed::new).collect();
    let mut health = Health::new();
    let (mut looked_at_targets, mut seen) = (None::<Instant>, Instant::now());
    while all.iter().any(|one| one.verdict.is_none()) {
        match look(workspace, &mut all, &mut health, &mut looked_at_targets, observer).await {
            Ok(()) => seen = Instant::now(),
            Err(failure) if diagnosis::may_pass(&failure) && seen.elapsed() < BLIND => {}
            Err(failure) => {
                give_up(&mut all, &format!("lost sight of it: {failure}"), observer);
                break;
            }
        }
        if all.iter().all(|one| one.verdict.is_some()) {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = interrupt.raised() => {
                give_up(&mut all, "interrupted; ECS goes on with it", observer);
                break;
            }
        }
    }
    all.into_iter().filter_map(|one| Some((one.begun.name, one.verdict?))).collect()
}

impl Followed {
    fn new(begun: Begun) -> Self {
        // What happened before is no news.
        let told = begun.service.events.iter().map(|event| event.id.clone()).collect();
        Followed {
            begun,
            told,
            stopped: BTreeSet::new(),
            failed_tasks: 0,
            since: Instant::now(),
            ours: None,
            last: None,
            verdict: None,
        }
    }

    fn verdict(&self, it: Option<&Deployment>, outcome: Outcome, reason: String) -> Verdict {
        let seconds = it.map_or(0, |it| it.finished.unwrap_or(it.updated) - it.created);
        Verdict {
            outcome,
            reason,
            causes: Vec::new(),
            log: Vec::new(),
            deployment: id_of(&self.begun.deployment),
            revision: self.begun.revision.id(),
            image: self.begun.revision.image.clone(),
            seconds,
            remedy: None,
        }
    }

    fn end(&mut self, verdict: Verdict, observer: &dyn DeployObserver) {
        observer.tell(&DeployEvent::Ended { service: self.begun.name.clone(), verdict: verdict.clone() });
        self.verdict = Some(verdict);
    }
}

fn give_up(all: &mut [Followed], reason: &str, observer: &dyn DeployObserver) {
    for one in all.iter_mut().filter(|one| one.verdict.is_none()) {
        let mut verdict = one.verdict(one.last.as_ref(), Outcome::Unfinished, reason.to_owned());
        verdict.remedy = Some(format!("follow it with platformctl deploy {} --resume", one.begun.name));
        one.end(verdict, observer);
    }
}

/// One look at all that are under way.
async fn look(
    workspace: &Workspace,
    all: &mut [Followed],
    health: &mut Health,
    looked_at_targets: &mut Option<Instant>,
    observer: &dyn DeployObserver,
) -> Result<(), Failure> {
    let (aws, jitter) = (&workspace.aws, &workspace.jitter);
    let open: Vec<&Followed> = all.iter().filter(|one| one.verdict.is_none()).collect();
    let arns: Vec<String> = open.iter().map(|one| one.begun.deployment.clone()).collect();
    let names: Vec<String> = open.iter().map(|one| one.begun.service.name.clone()).collect();
    let cluster = open.first().map(|one| one.begun.service.cluster.clone()).unwrap_or_default();
    let (deployments, services) = futures::join!(
        persist(jitter, || deployment::look(aws, &arns)),
        persist(jitter, || service::look(aws, &cluster, &names)),
    );
    let (deployments, services) = (deployments?, services?);
    let groups = groups_that_matter(&open, &deployments);
    if !groups.is_empty() && is_due(*looked_at_targets, groups.len()) {
        *looked_at_targets = Some(Instant::now());
        // Only for people: a look that fails is made again later.
        if let Ok(found) = balancing::targets(aws, groups).await {
            health.extend(found);
        }
    }
    for one in all.iter_mut().filter(|one| one.verdict.is_none()) {
        let found = deployments.get(&one.begun.deployment);
        let service = services.get(&one.begun.service.name);
        take_in(workspace, one, found, service, health, observer).await?;
    }
    Ok(())
}

/// The target groups whose health matters now: the new one while its tasks come, and the old one while traffic may go back.
fn groups_that_matter(open: &[&Followed], deployments: &BTreeMap<String, Deployment>) -> Vec<String> {
    let matters = |one: &&&Followed| {
        let stage = deployments.get(&one.begun.deployment).and_then(|it| it.stage.as_deref()).unwrap_or_default();
        stage == "SCALE_UP" || stage.contains("TRAFFIC_SHIFT") || stage == "POST_SCALE_UP"
    };
    open.iter().filter(matters).flat_map(|one| one.begun.group.iter().chain(&one.begun.old_group).cloned()).collect()
}

fn is_due(last: Option<Instant>, groups: usize) -> bool {
    let pause = Duration::from_secs((groups as u64 * 60).div_ceil(GROUPS_A_MINUTE)).max(PAUSE * 2);
    last.is_none_or(|last| last.elapsed() >= pause)
}

async fn take_in(
    workspace: &Workspace,
    one: &mut Followed,
    found: Option<&Deployment>,
    service: Option<&Service>,
    health: &Health,
    observer: &dyn DeployObserver,
) -> Result<(), Failure> {
    let Some(service) = service else {
        let verdict = one.verdict(one.last.as_ref(), Outcome::Failed, "the service was deleted meanwhile".to_owned());
        one.end(verdict, observer);
        return Ok(());
    };
    let Some(it) = found else {
        // ECS may not show it everywhere yet; but not for ever.
        if one.since.elapsed() > one.begun.limit {
            let verdict =
                one.verdict(one.last.as_ref(), Outcome::Unfinished, "ECS does not show it any more".to_owned());
            one.end(verdict, observer);
        }
        return Ok(());
    };
    tell_events(one, service, observer);
    if it.failed_tasks > one.failed_tasks {
        one.failed_tasks = it.failed_tasks;
        tell_stopped(workspace, one, it, observer).await;
    }
    let now = workspace.aws.now().unix_timestamp();
    let progress = Progress::of(&one.begun, it, health, now);
    observer.tell(&DeployEvent::Looked { service: one.begun.name.clone(), progress });
    one.last = Some(it.clone());
    if it.is_over() {
        return conclude(workspace, one, it, service, observer).await;
    }
    overdue(workspace, one, it, now, observer).await
}

fn tell_events(one: &mut Followed, service: &Service, observer: &dyn DeployObserver) {
    for event in &service.events {
        if one.told.insert(event.id.clone()) {
            let bad = ["unable", "unhealthy", "failed", "rolling back"].iter().any(|sign| event.text.contains(sign));
            let (service, text) = (one.begun.name.clone(), event.text.clone());
            observer.tell(&DeployEvent::News { service, at: event.at, text, bad });
        }
    }
}

async fn tell_stopped(workspace: &Workspace, one: &mut Followed, it: &Deployment, observer: &dyn DeployObserver) {
    let (service, revision) = (&one.begun.service, &one.begun.revision.arn);
    let look = diagnosis::stopped(&workspace.aws, &service.cluster, &service.name, revision, it.created).await;
    // Told again with the verdict, where it is looked for with patience.
    let stopped: Vec<Stopped> = look.unwrap_or_default();
    for task in stopped.iter().rev() {
        if one.stopped.insert(task.task.clone()) {
            let text = format!("task {}: {}", task.task, task.text());
            observer.tell(&DeployEvent::News { service: one.begun.name.clone(), at: task.at, text, bad: true });
        }
    }
}

/// Stops a deployment that takes too long. One that only has to let the old tasks go has succeeded but for that, and is given more time.
async fn overdue(
    workspace: &Workspace,
    one: &mut Followed,
    it: &Deployment,
    now: i64,
    observer: &dyn DeployObserver,
) -> Result<(), Failure> {
    let limit = i64::try_from(one.begun.limit.as_secs()).unwrap_or(i64::MAX);
    let elapsed = now - it.created;
    if elapsed < limit {
        return Ok(());
    }
    if it.goes_forward() && !it.is_cleaning_up() && one.ours.is_none() {
        let stopped = persist(&workspace.jitter, || change::stop(&workspace.aws, &it.arn)).await?;
        if stopped {
            let stage = it.stage.as_deref().unwrap_or(&it.status);
            let text = format!("took longer than {} in {stage}: stopped, with rollback", minutes(limit));
            observer.tell(&DeployEvent::Acted { service: one.begun.name.clone(), text: text.clone() });
            one.ours = Some(text);
        }
        return Ok(());
    }
    if elapsed >= limit.saturating_add(GRACE) {
        let stage = it.stage.as_deref().unwrap_or_default();
        let reason = format!("still {} {stage} after {}", it.status, minutes(elapsed));
        let mut verdict = one.verdict(Some(it), Outcome::Unfinished, reason);
        verdict.remedy = Some(format!("look at it again with platformctl deploy {} --resume", one.begun.name));
        one.end(verdict, observer);
    }
    Ok(())
}

fn minutes(seconds: i64) -> String {
    if seconds % 60 == 0 { format!("{} min", seconds / 60) } else { format!("{seconds} s") }
}

/// A deployment is over: what came of it.
async fn conclude(
    workspace: &Workspace,
    one: &mut Followed,
    it: &Deployment,
    service: &Service,
    observer: &dyn DeployObserver,
) -> Result<(), Failure> {
    let outcome = outcome(it);
    let said = it.reason.clone().unwrap_or_else(|| format!("ECS says {}", it.status));
    let reason = one.ours.clone().unwrap_or(said);
    let mut verdict = one.verdict(Some(it), outcome, reason);
    match outcome {
        Outcome::Succeeded => match serves(workspace, one, service).await? {
            None => verdict.reason = "the new revision serves all requests".to_owned(),
            Some(instead) => {
                verdict.outcome = Outcome::Failed;
                verdict.reason = format!("ECS says SUCCESSFUL, but {instead}");
            }
        },
        Outcome::Superseded => verdict.remedy = Some(format!("see platformctl history {}", one.begun.name)),
        _ => {
            cause::explain(workspace, &one.begun, it, &mut verdict).await;
            verdict.remedy = Some(remedy(&verdict, outcome, &one.begun.name));
        }
    }
    settle::restore(workspace, &one.begun.name, service, observer).await;
    one.end(verdict, observer);
    Ok(())
}

fn remedy(verdict: &Verdict, outcome: Outcome, name: &str) -> String {
    let state = match outcome {
        Outcome::RolledBack => "the former revision serves again",
        _ => "nothing serves: there was nothing to go back to",
    };
    let first = if verdict.log.is_empty() { "mend what is named above" } else { "mend what the application says" };
    format!("{state}; {first} and deploy again (platformctl logs {name} shows more)")
}

/// What serves instead of the new revision; `None` where it does.
async fn serves(workspace: &Workspace, one: &Followed, service: &Service) -> Result<Option<String>, Failure> {
    if service.task_definition != one.begun.revision.arn {
        return Ok(Some(format!("the service is set to {} by now", id_of(&service.task_definition))));
    }
    let (Some(rule), Some(group)) = (&service.production_rule, &one.begun.group) else { return Ok(None) };
    let rules = vec![rule.clone()];
    let weights = persist(&workspace.jitter, || balancing::weights(&workspace.aws, rules.clone())).await?;
    let Some(weights) = weights.get(rule) else { return Ok(Some("its production rule is gone".to_owned())) };
    let elsewhere = weights.iter().find(|(other, weight)| *other != group && **weight > 0);
    Ok(elsewhere.map(|(other, weight)| format!("the production rule sends {weight} to {}", id_of_group(other))))
}

fn id_of_group(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}
