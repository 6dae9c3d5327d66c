//! Looking for task definitions without asking for each of them.
//!
//! A revision that a service runs exists, and DescribeServices tells which ones these are, ten services a call. Only the others
//! are asked for one by one.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{SortOrder, TaskDefinitionFamilyStatus, TaskDefinitionStatus};
use serde_json::{Map, Value, json};

use super::{
    content, rollout, service,
    task_definition::{CONTENT_LABEL, TaskDefinition, describe, outputs, text},
};
use crate::{
    aws::{Answer, Aws, tags},
    engine::{Failure, Key, Life, Resource, Scope, Sighting, Tags, Target},
};

/// All of the environment's revisions.
///
/// # Errors
/// Those of the calls.
pub(super) async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
    let in_use = in_use(aws, scope).await?;
    let mut found = Vec::new();
    let mut unconfirmed: BTreeSet<String> = BTreeSet::new();
    for target in scope.targets {
        match &target.id {
            Some(arn) if in_use.contains_key(arn) => found.push(running(scope, target, arn, in_use[arn].clone())),
            Some(arn) => drop(unconfirmed.insert(arn.clone())),
            None => {}
        }
    }
    let nameless: Vec<&str> =
        scope.targets.iter().filter(|target| target.id.is_none()).map(|target| target.name.as_str()).collect();
    for family in families(aws, &nameless).await? {
        unconfirmed.extend(revisions(aws, &family).await?);
    }
    if scope.sweep {
        unconfirmed.extend(scope.tagged_with(":task-definition/").map(|hit| hit.arn.clone()));
    }
    unconfirmed.retain(|arn| !found.iter().any(|seen| seen.id == *arn));
    for arn in unconfirmed {
        if let Some((definition, tags)) = describe(aws, &arn).await? {
            found.extend(described(scope, &arn, &definition, &tags));
        }
    }
    Ok(found)
}

/// The revisions that the wanted services run, and how they fare: one whose tasks have never started, with nothing to go back to, is not
/// tried again as it is. The next one is made from what is wanted by then, its image included, since nobody has deployed anything yet.
async fn in_use(aws: &Aws, scope: &Scope<'_>) -> Result<BTreeMap<String, Life>, Failure> {
    let mut services: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for target in scope.targets.iter().filter(|target| target.id.is_some()) {
        if let (Some(cluster), Some(service)) = (text(&target.spec, "cluster"), text(&target.spec, "service")) {
            services.entry(cluster).or_default().push(service.to_owned());
        }
    }
    let mut revisions = BTreeMap::new();
    for (cluster, names) in services {
        let services = service::all(aws, scope, cluster, names).await?;
        let active = services.iter().filter(|service| service.status() == Some("ACTIVE"));
        revisions.extend(active.filter_map(|service| {
            let life = rollout::failed(service).map_or(Life::Live, |reason| Life::Broken(reason.to_owned()));
            Some((service.task_definition()?.to_owned(), life))
        }));
    }
    Ok(revisions)
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
    fn one_prefix_covers_all_families() {
        assert_eq!(common_prefix(&["task-payments-dev", "task-accounts-dev"]), "task-");
        assert_eq!(common_prefix(&["task-payments-dev"]), "task-payments-dev");
        assert_eq!(common_prefix(&[]), "");
    }
}
