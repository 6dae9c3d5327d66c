//! Looking for task definitions without asking for each of them.
//!
//! A revision that a service runs exists, and DescribeServices tells which ones these are, ten services a call. Only the others
//! are asked for one by one. `deploy` and `rollback` let services run other revisions than the state knows; those are taken as they are.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{SortOrder, TaskDefinitionFamilyStatus, TaskDefinitionStatus};
use serde_json::{Map, Value, json};

use super::{
    content, rollout, service,
    task_definition::{CONTENT_LABEL, TaskDefinition, describe, outputs, text},
};
use crate::{
    aws::{Answer, Aws, tags},
    engine::{Failure, Key, Life, Resource, Scope, Sighting, Tags, Target, environment::TAG_ENVIRONMENT_ID},
};

/// What earlier revisions are kept for.
const KEPT: &str = "an earlier revision, kept to go back to";

/// What runs a service: the ARN of its task definition, and how that fares.
type Running = (String, Life);

/// All of the environment's revisions. The revision of a key is the one that its service runs, whoever put it there, unless a run of `up` has
/// already made a successor; all others are kept.
///
/// # Errors
/// Those of the calls.
pub(super) async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
    let in_use = in_use(aws, scope).await?;
    let (mut found, mut unconfirmed, mut nameless) = (Vec::new(), BTreeSet::<String>::new(), Vec::new());
    for target in scope.targets {
        let service = (!target.spec.is_null()).then(|| service_of(target)).flatten();
        let runs = service.and_then(|service| in_use.get(&service)).filter(|(arn, _)| is_of(arn, &target.name));
        match (&target.id, runs) {
            (Some(id), Some((arn, life))) if arn == id => found.push(running(scope, target, arn, life.clone())),
            // Somebody deployed it since. A successor that is recorded, and whose predecessor still runs, was made by `up`.
            (_, Some((arn, life))) if !is_deposed(scope, arn) => match deployed(aws, scope, target, arn, life).await? {
                Some(seen) => found.push(seen),
                None => drop(target.id.as_ref().map(|id| unconfirmed.insert(id.clone()))),
            },
            (Some(id), _) => drop(unconfirmed.insert(id.clone())),
            (None, _) => {}
        }
        if target.id.is_none() {
            nameless.push(target.name.as_str());
        }
    }
    for family in families(aws, &nameless).await? {
        unconfirmed.extend(revisions(aws, &family).await?);
    }
    if scope.sweep {
        unconfirmed.extend(scope.tagged_with(":task-definition/").map(|hit| hit.arn.clone()));
    }
    unconfirmed.retain(|arn| !found.iter().any(|seen| seen.id == *arn));
    let held: BTreeSet<Key> = found.iter().map(|seen| seen.key.clone()).collect();
    for arn in unconfirmed {
        if let Some((definition, tags)) = describe(aws, &arn).await? {
            let seen = described(scope, &arn, &definition, &tags);
            found.extend(seen.map(|seen| if held.contains(&seen.key) { kept(scope, seen) } else { seen }));
        }
    }
    if !scope.sweep {
        found.extend(earlier(scope, &found));
    }
    Ok(found)
}

/// `cluster` and `service` of a target.
fn service_of(target: &Target) -> Option<(String, String)> {
    Some((text(&target.spec, "cluster")?.to_owned(), text(&target.spec, "service")?.to_owned()))
}

/// True where a revision is of a family: `…:task-definition/family:1`.
fn is_of(arn: &str, family: &str) -> bool {
    arn.rsplit('/').next().and_then(|id| id.rsplit_once(':')).is_some_and(|(found, _)| found == family)
}

/// True where the state knows a revision as a predecessor that has to go.
fn is_deposed(scope: &Scope<'_>, arn: &str) -> bool {
    scope.targets.iter().any(|target| target.spec.is_null() && target.id.as_deref() == Some(arn))
}

/// The revision that a service runs, where it is not the recorded one.
async fn deployed(
    aws: &Aws,
    scope: &Scope<'_>,
    target: &Target,
    arn: &str,
    life: &Life,
) -> Result<Option<Sighting>, Failure> {
    let Some((definition, tags)) = describe(aws, arn).await? else { return Ok(None) };
    let owner = tags.get(TAG_ENVIRONMENT_ID);
    if owner.is_none() || scope.environment_id.is_some_and(|id| owner.is_none_or(|owner| owner != id)) {
        // Somebody else's revision in our service is an ordinary difference.
        return Ok(None);
    }
    let seen = described(scope, arn, &definition, &tags).filter(|seen| seen.key == target.key);
    Ok(seen
        .map(|seen| Sighting { life: if seen.life == Life::Live { life.clone() } else { seen.life.clone() }, ..seen }))
}

/// A revision beside the one that runs. It is kept, unless it is what is wanted (a create whose answer was lost), or has to go.
fn kept(scope: &Scope<'_>, seen: Sighting) -> Sighting {
    let target = scope.targets.iter().find(|target| target.key == seen.key && !target.spec.is_null());
    let wanted = target.filter(|target| target.id.is_none()).is_some_and(|target| {
        let wanted = content::fields(&target.spec);
        wanted.iter().all(|(name, value)| seen.observed.get(name) == Some(value))
            && seen.observed.get("image") == target.spec.get("image")
    });
    if wanted || is_deposed(scope, &seen.id) { seen } else { Sighting { life: Life::Kept(KEPT.to_owned()), ..seen } }
}

/// Earlier revisions of what is looked for that the tag search knows of. They only matter once nothing of their key is wanted any more, and deleting
/// what is gone is harmless, so they aren't asked for. Where nothing of the key is known any more, the search lists the dead.
fn earlier(scope: &Scope<'_>, found: &[Sighting]) -> Vec<Sighting> {
    let hits = scope.tagged_with(":task-definition/").filter(|hit| tags::searched(scope, &hit.arn).is_some());
    let new = hits.filter(|hit| !found.iter().any(|seen| seen.id == hit.arn) && !is_deposed(scope, &hit.arn));
    new.filter_map(|hit| {
        let key = tags::key_of(&hit.tags, scope.suffix)?;
        scope.targets.iter().any(|target| target.key == key).then(|| Sighting {
            key,
            name: tags::name_of(&hit.tags),
            id: hit.arn.clone(),
            outputs: outputs(&hit.arn),
            observed: Map::new(),
            tags: Some(hit.tags.clone()),
            life: Life::Kept(KEPT.to_owned()),
        })
    })
    .collect()
}

/// What the wanted services run, and how that fares: a revision whose tasks have never started, with nothing to go back to, is not
/// tried again as it is. The next one is made from what is wanted by then, its image included, since nobody has deployed anything yet.
async fn in_use(aws: &Aws, scope: &Scope<'_>) -> Result<BTreeMap<(String, String), Running>, Failure> {
    let mut services: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // Without an id nothing can be running, unless the state was lost.
    for target in scope.targets.iter().filter(|target| target.id.is_some() || scope.sweep) {
        if let Some((cluster, service)) = service_of(target) {
            services.entry(cluster).or_default().push(service);
        }
    }
    let mut running = BTreeMap::new();
    for (cluster, names) in services {
        let services = service::all(aws, scope, &cluster, names).await?;
        let active = services.iter().filter(|service| service.status() == Some("ACTIVE"));
        running.extend(active.filter_map(|service| {
            let life = rollout::failed(service).map_or(Life::Live, |reason| Life::Broken(reason.to_owned()));
            let name = service.service_name()?.to_owned();
            Some(((cluster.clone(), name), (service.task_definition()?.to_owned(), life)))
        }));
    }
    Ok(running)
}

/// A recorded revision that a service runs: what it was registered from is recorded, too.
fn running(scope: &Scope<'_>, target: &Target, arn: &str, life: Life) -> Sighting {
    Sighting {
        key: target.key.clone(),
        name: target.name.clone(),
        id: arn.to_owned(),
        outputs: outputs(arn),
        observed: Map::new(),
        tags: tags::searched(scope, arn).cloned(),
        life,
    }
}

/// Which of the named families have revisions that can be used.
async fn families(aws: &Aws, names: &[&str]) -> Result<Vec<String>, Failure> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut pages = aws
        .ecs
        .list_task_definition_families()
        .family_prefix(common_prefix(names))
        .status(TaskDefinitionFamilyStatus::Active)
        .into_paginator()
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let families = page.of("ecs:ListTaskDefinitionFamilies")?.families.unwrap_or_default();
        found.extend(families.into_iter().filter(|family| names.contains(&family.as_str())));
    }
    Ok(found)
}

/// The usable revisions of one family, the newest first.
async fn revisions(aws: &Aws, family: &str) -> Result<Vec<String>, Failure> {
    let mut pages = aws
        .ecs
        .list_task_definitions()
        .family_prefix(family)
        .status(TaskDefinitionStatus::Active)
        .sort(SortOrder::Desc)
        .into_paginator()
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(page.of("ecs:ListTaskDefinitions")?.task_definition_arns.unwrap_or_default());
    }
    Ok(found)
}

fn common_prefix(names: &[&str]) -> String {
    let Some((first, others)) = names.split_first() else { return String::new() };
    let shared = |other: &&str| first.chars().zip(other.chars()).take_while(|(one, two)| one == two).count();
    let length = others.iter().map(shared).min().unwrap_or(first.chars().count());
    first.chars().take(length).collect()
}

fn described(
    scope: &Scope<'_>,
    arn: &str,
    definition: &aws_sdk_ecs::types::TaskDefinition,
    tags: &Tags,
) -> Option<Sighting> {
    let life = match definition.status() {
        Some(TaskDefinitionStatus::DeleteInProgress) => return None,
        Some(TaskDefinitionStatus::Inactive) => Life::Broken("it was deregistered".to_owned()),
        _ => Life::Live,
    };
    let family = definition.family().unwrap_or_default();
    let seen = Sighting {
        key: Key::new(TaskDefinition::KIND, "?"),
        name: family.to_owned(),
        id: arn.to_owned(),
        outputs: outputs(arn),
        observed: Map::new(),
        tags: None,
        life,
    };
    let mut seen = tags::identify(scope, seen, tags)?;
    let target = scope.targets.iter().find(|target| target.key == seen.key);
    seen.observed = observe(definition, target.map(|target| &target.spec));
    Some(seen)
}

/// The application's image, and the rest of the specification where the revision says that it was registered from it.
fn observe(definition: &aws_sdk_ecs::types::TaskDefinition, wanted: Option<&Value>) -> Map<String, Value> {
    let label = |container: &aws_sdk_ecs::types::ContainerDefinition| {
        container.docker_labels().and_then(|labels| labels.get(CONTENT_LABEL)).cloned()
    };
    let application = definition.container_definitions().iter().find_map(|one| Some((one, label(one)?)));
    let Some((container, found)) = application else { return Map::new() };
    let mut observed = match wanted.filter(|spec| spec.is_object()) {
        Some(spec) if content::digest(spec) == found => content::fields(spec),
        Some(_) => Map::from_iter([("application".to_owned(), json!(format!("another content, {found}")))]),
        None => Map::new(),
    };
    observed.insert("image".to_owned(), json!(container.image()));
    observed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_read_off_arns() {
        let arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/task-payments-dev:3";
        assert!(is_of(arn, "task-payments-dev") && !is_of(arn, "task-payments"));
    }

    #[test]
    fn one_prefix_covers_all_families() {
        assert_eq!(common_prefix(&["task-payments-dev", "task-accounts-dev"]), "task-");
        assert_eq!(common_prefix(&["task-payments-dev"]), "task-payments-dev");
        assert_eq!(common_prefix(&[]), "");
    }
}
