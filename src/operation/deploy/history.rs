//! What was deployed, when, by whom and how it ended: as ECS remembers it, so that it is the same from any machine.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use serde::Serialize;

use super::{
    place::{self, Place},
    verdict::id_of,
};
use crate::{
    aws::deploy::{
        Brief, Revision, Service, deployment,
        revision::{self, TAG_BY, TAG_IMAGE},
    },
    blueprint::APPLICATION,
    engine::{Failure, survey::persist},
    operation::Workspace,
};

/// One deployment of the past, or the one that is under way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// ECS's id of it.
    pub deployment: String,
    /// The revision that it brought: `task-payments-dev:3`.
    pub revision: String,
    /// The number of the revision.
    pub number: Option<i32>,
    /// The image.
    pub image: Option<String>,
    /// The image as it was asked for.
    pub asked: Option<String>,
    /// Who put it into service: the ARN of an identity.
    pub by: Option<String>,
    /// When it was asked for, in seconds since 1970.
    pub began: i64,
    /// When it ended, in seconds since 1970.
    pub ended: Option<i64>,
    /// ECS's status.
    pub status: String,
    /// What ECS says about it.
    pub reason: Option<String>,
    /// The service is set to this revision, and this is its latest deployment.
    pub current: bool,
    /// It can be gone back to: it was good, and its revision is still there.
    pub can_return: bool,
}

/// The deployments of a service, the newest first; at most `most`.
///
/// # Errors
/// An unknown service, or a call's own failure.
pub async fn history(workspace: &Workspace, name: &str, most: usize) -> Result<Vec<Entry>, Failure> {
    let place = Place::of(workspace);
    let mut services = place::find(workspace, &place, &[name.to_owned()]).await?;
    match services.remove(name) {
        Some(service) => entries(workspace, &service, most).await,
        None => Ok(Vec::new()),
    }
}

/// As [`history`], of a service that was looked at.
///
/// # Errors
/// A call's own failure.
pub async fn entries(workspace: &Workspace, service: &Service, most: usize) -> Result<Vec<Entry>, Failure> {
    let (aws, jitter) = (&workspace.aws, &workspace.jitter);
    let listed = persist(jitter, || deployment::list(aws, &service.cluster, &service.arn, most)).await?;
    let arns: BTreeSet<String> =
        listed.iter().map(|brief| brief.revision.clone()).filter(|arn| !arn.is_empty()).collect();
    let arns: Vec<String> = arns.into_iter().collect();
    let contents =
        if arns.is_empty() { BTreeMap::new() } else { persist(jitter, || deployment::contents(aws, &arns)).await? };
    let definitions: BTreeSet<String> = contents.values().map(|content| content.task_definition.clone()).collect();
    let look = async |arn: String| {
        let seen = persist(jitter, || revision::look(aws, &arn)).await?;
        Ok::<_, Failure>(seen.map(|seen| (arn, seen)))
    };
    let revisions: BTreeMap<String, Revision> =
        try_join_all(definitions.into_iter().map(look)).await?.into_iter().flatten().collect();
    let mut told = BTreeSet::new();
    let mut found_current = false;
    let mut entries = Vec::new();
    for brief in listed {
        let content = contents.get(&brief.revision);
        let arn = content.map(|content| content.task_definition.clone()).unwrap_or_default();
        let seen = revisions.get(&arn);
        let newest = told.insert(arn.clone());
        let current = !found_current && arn == service.task_definition;
        found_current |= current;
        let image = seen.map(|seen| seen.image.clone());
        entries.push(Entry {
            image: image.or_else(|| content?.images.get(APPLICATION).cloned()),
            asked: seen.and_then(|seen| seen.tags.get(TAG_IMAGE).cloned()),
            by: seen.and_then(|seen| who(seen, newest)),
            number: arn.rsplit(':').next().and_then(|number| number.parse().ok()),
            revision: revision::short(&arn).to_owned(),
            can_return: brief.status == "SUCCESSFUL" && seen.is_some_and(|seen| seen.is_active),
            current,
            ..entry(brief)
        });
    }
    Ok(entries)
}

/// The tag tells who put a revision into service last; before that it was whoever registered it.
fn who(seen: &Revision, newest: bool) -> Option<String> {
    seen.tags.get(TAG_BY).filter(|_| newest).or(seen.registered_by.as_ref()).cloned()
}

fn entry(brief: Brief) -> Entry {
    Entry {
        deployment: id_of(&brief.arn),
        revision: String::new(),
        number: None,
        image: None,
        asked: None,
        by: None,
        began: brief.created,
        ended: brief.finished,
        status: brief.status,
        reason: brief.reason,
        current: false,
        can_return: false,
    }
}
