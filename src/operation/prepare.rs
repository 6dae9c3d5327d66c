//! Looking and planning: everything before the first change.

use std::{collections::BTreeSet, sync::Arc};

use super::{OperationError, Workspace, facts, rotate};
use crate::{
    blueprint::{self, Facts},
    engine::{
        Blueprint, Book, Class, Environment, Failure, Plan, Planner,
        generation::Spent,
        survey::{self, Question, Survey},
    },
    state::{Header, Lock},
};

/// What the run is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Intention {
    /// Bring the environment to what the configuration says.
    Up,
    /// The same, but change nothing.
    Plan,
    /// Take it away.
    Destroy,
    /// Make secrets anew, and change nothing else.
    Rotate,
}

/// A plan, and everything that it was made from.
pub struct Prepared {
    /// What the run is for.
    pub intention: Intention,
    /// The environment.
    pub environment: Arc<Environment>,
    /// What is wanted; empty to destroy.
    pub blueprint: Blueprint,
    /// What the configuration describes, also to destroy.
    pub reference: Blueprint,
    /// The state.
    pub book: Book,
    /// The state's header.
    pub header: Header,
    /// What is there.
    pub survey: Survey,
    /// The steps.
    pub plan: Plan,
    /// Which provider carries the mesh and why, and other choices.
    pub found: facts::Found,
    /// What is odd, for people.
    pub warnings: Vec<String>,
    /// Held until the run ends, where something may be changed.
    pub lock: Option<Lock>,
}

/// Looks at everything and plans.
///
/// # Errors
/// Whatever keeps the picture from being whole. Nothing has been changed then.
pub async fn prepare(workspace: &Workspace, intention: Intention) -> Result<Prepared, OperationError> {
    prepare_with(workspace, intention, |facts| blueprint::build(&workspace.config, &workspace.suffix, facts)).await
}

/// [`prepare`] with another blueprint than that of the configuration.
///
/// # Errors
/// As [`prepare`].
pub async fn prepare_with(
    workspace: &Workspace,
    intention: Intention,
    build: impl FnOnce(&Facts) -> Blueprint,
) -> Result<Prepared, OperationError> {
    let lock = match intention {
        Intention::Up => Some(workspace.store.lock("up")?),
        Intention::Destroy => Some(workspace.store.lock("destroy")?),
        Intention::Rotate => Some(workspace.store.lock("rotate")?),
        Intention::Plan => None,
    };
    let loaded = workspace.load()?;
    let known = loaded.as_ref().map(|loaded| loaded.header.environment_id.clone());
    let mut warnings: Vec<String> = loaded.iter().filter_map(|loaded| loaded.warning.clone()).collect();
    let mut book = loaded.as_ref().map(|loaded| loaded.book.clone()).unwrap_or_default();
    let found = facts::find(workspace, &book, intention, loaded.is_some()).await?;
    warnings.extend(found.warning.clone());
    let reference = build(&found.facts);
    reference.check().map_err(|reason| Failure::internal(format!("the blueprint: {reason}")))?;
    let destroy = intention == Intention::Destroy;
    let question = Question {
        kinds: &workspace.kinds,
        blueprint: &reference,
        book: &book,
        suffix: workspace.suffix.as_str(),
        environment_id: known.as_deref(),
        sweep: destroy || known.is_none(),
        vanished: &found.vanished,
        jitter: &workspace.jitter,
    };
    let survey = survey::survey(&question).await?;
    let id = match known {
        Some(id) => id,
        None => {
            let (id, spent) = identify(&survey.owners, workspace.suffix.as_str(), &mut warnings)?;
            book.spent = spent;
            id
        }
    };
    let environment = Arc::new(Environment {
        suffix: workspace.suffix.to_string(),
        id: id.clone(),
        account: workspace.aws.account.clone(),
        region: workspace.aws.region.clone(),
        tags: workspace.tags(),
    });
    let blueprint = if destroy { Blueprint::default() } else { reference.clone() };
    let planner = Planner {
        kinds: &workspace.kinds,
        blueprint: &blueprint,
        reference: &reference,
        book: &book,
        environment: &environment,
        survey: &survey,
        vanished: &found.vanished,
    };
    let plan = planner.plan()?;
    if matches!(intention, Intention::Up | Intention::Plan) {
        warnings.extend(told_of_certificates(workspace, &survey, &book));
    }
    let header = match loaded {
        Some(loaded) => loaded.header,
        None => Header::new(&id, workspace.suffix.as_str(), &workspace.aws.account, &workspace.aws.region),
    };
    Ok(Prepared { intention, environment, blueprint, reference, book, header, survey, plan, found, warnings, lock })
}

/// What somebody should know of the certificates before anything is done.
fn told_of_certificates(workspace: &Workspace, survey: &Survey, book: &Book) -> Vec<String> {
    let key = rotate::authority::key();
    let mut outputs = book.records.get(&key).map(|record| record.outputs.clone()).unwrap_or_default();
    outputs.extend(survey.sightings.get(&key).map(|seen| seen.outputs.clone()).unwrap_or_default());
    let notices = rotate::notices(&outputs, book, &workspace.config, workspace.aws.now());
    notices.iter().map(rotate::Notice::line).collect()
}

/// The id of an environment whose state is lost or never was: that of the tags, or a new one. With the state, it is also lost which client
/// tokens an adopted environment used for what is gone by now: new ones begin where none has ever been.
fn identify(owners: &BTreeSet<String>, suffix: &str, warnings: &mut Vec<String>) -> Result<(String, Spent), Failure> {
    let mut ids = owners.iter();
    match (ids.next(), ids.next()) {
        (None, _) => Ok((format!("{:016x}", rand::random::<u64>()), Spent::default())),
        (Some(id), None) => {
            warnings
                .push(format!("there is no state, but environment {id} is tagged '{suffix}' on AWS: it is adopted"));
            Ok((id.clone(), Spent::up_to(rand::random_range(1_000..1_000_000))))
        }
        (Some(_), Some(_)) => {
            let all = owners.iter().cloned().collect::<Vec<_>>().join(", ");
            let message =
                format!("there is no state, and resources of several environments bear the suffix '{suffix}': {all}");
            Err(Failure::new(Class::Exists, message)
                .remedy("bring back the state of the one you mean, or choose another --env-suffix"))
        }
    }
}
