//! The commands whose every call is proved: what each does, what it needs to be there, and what must have come of it.

use std::collections::BTreeMap;

use aws_sdk_ecr::primitives::Blob;
use platformctl::{
    aws::deploy::{manifest, revision},
    engine::{Class, Failure, Interrupt, Key, schedule::Outcome},
    operation::{
        self, Intention, OperationError, Prepared, Workspace,
        deploy::{
            DeployEvent, DeployObserver, Image, Limit, Request,
            preflight::Demands,
            request::Strategy,
            run::{self, Verdicts},
        },
        rotate::{authority::Phase, certificates, credentials, record},
    },
    sandbox::world::World,
};
use serde_json::json;

use crate::lab::{End, Lab, Ran, SUFFIX, Told};

/// What is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command {
    /// `up`.
    Up,
    /// `destroy`.
    Destroy,
    /// `rotate certificates`.
    Certificates,
    /// `rotate certificates --authority`.
    Authority,
    /// `rotate credentials`.
    Credentials,
    /// `deploy accounts=1 payments=1`, with another bake time than the configuration's.
    Deploy,
    /// `deploy --resume`.
    Resume,
}

/// The services that are deployed.
const SERVICES: [&str; 2] = ["accounts", "payments"];
/// The image that is deployed.
const TAG: &str = "1";
/// So many revisions are there before a deployment: with them there are more than are kept, and the oldest go.
const REVISIONS: usize = 11;

impl DeployObserver for Told {
    fn tell(&self, event: &DeployEvent) {
        self.note(serde_json::to_string(event).expect("plain data"));
    }
}

/// Runs a command to its end or the process's death.
pub async fn run(lab: &Lab, config: &str, command: Command) -> End {
    match command {
        Command::Up => lab.run(config, Intention::Up).await,
        Command::Destroy => lab.run(config, Intention::Destroy).await,
        command => {
            let work = async {
                let workspace = lab.workspace(config).await?;
                match command {
                    Command::Certificates => renew(lab, &workspace).await,
                    Command::Authority => change_authority(lab, &workspace).await,
                    Command::Credentials => change_credentials(lab, &workspace).await,
                    Command::Resume => resume(lab, &workspace).await,
                    _ => deploy(lab, &workspace).await,
                }
            };
            lab.mortal(work).await
        }
    }
}

/// Done, or what was planned and failed.
fn ran(prepared: &Prepared, outcome: Outcome) -> Ran {
    let steps = if outcome.is_complete() { &[][..] } else { &prepared.plan.steps[..] };
    let planned = steps.iter().map(|step| format!("{:?} {}", step.action, step.key)).collect();
    Ran { planned, outcome, left: Vec::new() }
}

/// What can't be put as a step.
fn verdict(failures: Vec<(String, String)>) -> Ran {
    let failed = failures
        .into_iter()
        .map(|(service, text)| (Key::new("ecs-service", &service), Failure::new(Class::Invalid, text)))
        .collect();
    Ran { planned: Vec::new(), outcome: Outcome { failed, ..Outcome::default() }, left: Vec::new() }
}

async fn carry_out(lab: &Lab, workspace: &Workspace, prepared: &Prepared) -> Result<Outcome, OperationError> {
    prepared.warnings.iter().for_each(|warning| lab.told.note(warning.clone()));
    let outcome = operation::apply(workspace, prepared, &*lab.told, &Interrupt::default()).await?;
    lab.told.note(format!("{outcome:?}"));
    Ok(outcome)
}

async fn renew(lab: &Lab, workspace: &Workspace) -> Result<Ran, OperationError> {
    let prepared = certificates::prepare(workspace, None).await?;
    let outcome = carry_out(lab, workspace, &prepared).await?;
    if outcome.is_complete() {
        record::end(workspace)?;
    }
    Ok(ran(&prepared, outcome))
}

async fn change_authority(lab: &Lab, workspace: &Workspace) -> Result<Ran, OperationError> {
    let mut phase = Phase::first(workspace).await?;
    loop {
        let outcome = carry_out(lab, workspace, &phase.prepared).await?;
        if !outcome.is_complete() {
            return Ok(ran(&phase.prepared, outcome));
        }
        let told = lab.told.clone();
        let tell = |text: &str| told.note(text.to_owned());
        match phase.next(workspace, &tell).await? {
            Some(next) => phase = next,
            None => return Ok(verdict(Vec::new())),
        }
    }
}

async fn change_credentials(lab: &Lab, workspace: &Workspace) -> Result<Ran, OperationError> {
    let _lock = workspace.store.lock("rotate")?;
    let chosen = credentials::chosen(workspace, None).await?;
    let tell = |service: &str, news: &credentials::News| lab.told.note(format!("{service} {news:?}"));
    let verdicts = credentials::rotate(workspace, &chosen, &tell).await;
    let failed = |it: credentials::Verdict| it.outcome.err().map(|trouble| (it.service, trouble.to_string()));
    Ok(verdict(verdicts.into_iter().filter_map(failed).collect()))
}

fn judged(verdicts: Verdicts) -> Ran {
    let bad = |(name, it): (String, operation::deploy::Verdict)| {
        (!it.outcome.is_good()).then(|| (name, format!("{:?}: {} {:?}", it.outcome, it.reason, it.causes)))
    };
    verdict(verdicts.into_iter().filter_map(bad).collect())
}

async fn deploy(lab: &Lab, workspace: &Workspace) -> Result<Ran, OperationError> {
    let services = SERVICES.map(|name| (name.to_owned(), Image::Own(TAG.to_owned()))).to_vec();
    let strategy = Strategy { bake_minutes: Some(2), ..Strategy::default() };
    let request = Request { services, demands: Demands::default(), strategy };
    let (told, interrupt) = (&*lab.told, Interrupt::default());
    run::deploy(workspace, &request, Limit::Usual, true, told, &interrupt).await.map(judged)
}

async fn resume(lab: &Lab, workspace: &Workspace) -> Result<Ran, OperationError> {
    let names = SERVICES.map(str::to_owned);
    run::resume(workspace, &names, Limit::Usual, &*lab.told, &Interrupt::default()).await.map(judged)
}

/// What has to be there before a command, besides the environment.
pub async fn before(lab: &Lab, config: &str, command: Command) -> Result<(), String> {
    if command != Command::Deploy {
        return Ok(());
    }
    let workspace = lab.workspace(config).await.map_err(|error| error.to_string())?;
    let aws = &workspace.aws;
    for service in SERVICES {
        push(&workspace, service, TAG, "well").await?;
        let family = format!("task-{service}-{SUFFIX}");
        let first = revision::look(aws, &family).await.map_err(|failure| failure.to_string())?;
        let first = first.ok_or("the service has no revision")?;
        while revision::list(aws, &family).await.map_err(|failure| failure.to_string())?.len() < REVISIONS {
            let made = revision::register(aws, &first, &first.image, &first.tags).await;
            made.map_err(|failure| failure.to_string())?;
        }
    }
    Ok(())
}

/// Pushes an image whose program behaves so: its configuration first, then the manifest that names it.
pub async fn push(workspace: &Workspace, service: &str, tag: &str, behaviour: &str) -> Result<(), String> {
    let (ecr, repository) = (&workspace.aws.ecr, format!("ecr-{service}-{SUFFIX}"));
    let configuration = json!({ "os": "linux", "architecture": "amd64", "history": [{ "comment": tag }] }).to_string();
    let digest = manifest::digest(configuration.as_bytes());
    let begun = ecr.initiate_layer_upload().repository_name(&repository).send().await;
    let id = begun.map_err(|error| format!("{error:?}"))?.upload_id.unwrap_or_default();
    let part = ecr.upload_layer_part().repository_name(&repository).upload_id(&id).part_first_byte(0);
    let last = i64::try_from(configuration.len()).map_err(|error| error.to_string())? - 1;
    let part = part.part_last_byte(last).layer_part_blob(Blob::new(configuration));
    part.send().await.map_err(|error| format!("{error:?}"))?;
    let end = ecr.complete_layer_upload().repository_name(&repository).upload_id(id).layer_digests(&digest);
    end.send().await.map_err(|error| format!("{error:?}"))?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest },
        "layers": [],
        "annotations": { "tag": tag, "platformctl.sandbox.behaviour": behaviour },
    });
    let call = ecr.put_image().repository_name(repository).image_tag(tag).image_manifest(manifest.to_string());
    call.send().await.map(drop).map_err(|error| format!("{error:?}"))
}

/// What secrets held before a command.
pub type Memory = BTreeMap<String, String>;

/// What secrets hold now, by their names.
pub fn memory(lab: &Lab) -> Memory {
    let texts = |world: &World| {
        let secrets = world.secretsmanager.secrets.values();
        secrets.filter_map(|secret| Some((secret.name.clone(), secret.text()?.to_owned()))).collect()
    };
    lab.sandbox.look(|call| texts(call.world)).expect("a readable account")
}

/// What must have come of a command besides an environment in order.
pub fn fulfilled(lab: &Lab, command: Command, memory: &Memory) -> Result<(), String> {
    let is_new: &dyn Fn(&str) -> bool = match command {
        Command::Certificates => &|name| name.starts_with("mesh-") && !name.starts_with("mesh-authority"),
        Command::Authority => &|name| name.starts_with("mesh-"),
        Command::Credentials => &|name| name.starts_with("db-credentials-"),
        Command::Deploy => return deployed(lab),
        Command::Up | Command::Destroy | Command::Resume => return Ok(()),
    };
    let now = self::memory(lab);
    let wanted: Vec<&String> = now.keys().filter(|name| is_new(name)).collect();
    if wanted.is_empty() {
        return Err("there is nothing that could have been rotated".to_owned());
    }
    if let Some(name) = wanted.iter().find(|name| memory.get(**name) == now.get(**name)) {
        return Err(format!("{name} is as it was"));
    }
    if let Some(name) = memory.iter().find(|(name, text)| !is_new(name) && now.get(*name) != Some(text)) {
        return Err(format!("{} was not to be touched", name.0));
    }
    lab.sandbox.look(|call| stale(call.world)).map_err(|error| error.to_string())?.map_or(Ok(()), Err)
}

/// A task that was started with what is no more.
fn stale(world: &World) -> Option<String> {
    let alive = world.ecs.tasks.values().filter(|task| task.stopping_at.is_none() && task.stopped_at.is_none());
    let mut held = alive.flat_map(|task| task.secrets.iter().map(move |(arn, version)| (task, arn, version)));
    held.find_map(|(task, arn, version)| {
        let secret = world.secretsmanager.find(arn)?;
        (secret.stages.get("AWSCURRENT") != Some(version))
            .then(|| format!("{} runs with a former value of {}", task.task_definition, secret.name))
    })
}

/// Each service runs the image, by one deployment, and nobody was left without an answer meanwhile.
fn deployed(lab: &Lab) -> Result<(), String> {
    let look = |world: &World| {
        let ecs = &world.ecs;
        for name in SERVICES {
            let ending = format!("/service-{name}-{SUFFIX}");
            let repository = format!("/ecr-{name}-{SUFFIX}");
            let is_wanted = |image: &str| image.contains(&repository) && image.contains("@sha256:");
            let brings = |revision: &str| {
                let definition = ecs.revisions.get(revision).map(|it| it.settings.task_definition.as_str());
                let definition = ecs.task_definitions.get(definition.unwrap_or_default());
                definition.is_some_and(|it| it.containers.iter().any(|one| is_wanted(&one.image)))
            };
            let of = |it: &&platformctl::sandbox::ecs::deployment::Deployment| it.service_arn.ends_with(&ending);
            let count = ecs.deployments.values().filter(of).filter(|it| brings(&it.target)).count();
            let service = ecs.services.values().find(|it| it.arn.ends_with(&ending)).ok_or("no service")?;
            let runs = service.active_revision.as_deref().is_some_and(brings);
            if count != 1 || !runs {
                return Err(format!("{name}: deployed {count} times, runs it: {runs}"));
            }
        }
        if ecs.unserved.is_empty() { Ok(()) } else { Err(format!("unserved: {:?}", ecs.unserved)) }
    };
    lab.sandbox.look(|call| look(call.world)).map_err(|error| error.to_string())?
}
