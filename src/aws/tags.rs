//! Tags, as each service spells them, and the search for them.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Answer, Aws};
use crate::engine::{
    Failure, Key, Sighting, Tagged, Tags,
    environment::{TAG_ENVIRONMENT, TAG_ENVIRONMENT_ID, TAG_KEY, TAG_NAME},
    kind::TagSearch,
};

/// Converts our tags into a service's own type: `tag_list!(aws_sdk_kms, tags, tag_key, tag_value)`. Field names differ by service, and
/// some builders can fail; those are only incomplete without a key, which ours always have, so `flat_map` drops nothing.
#[macro_export]
macro_rules! tag_list {
    ($sdk:ident, $tags:expr, fallible) => {
        $tags
            .iter()
            .flat_map(|(key, value)| $sdk::types::Tag::builder().key(key).value(value).build())
            .collect::<Vec<_>>()
    };
    ($sdk:ident, $tags:expr) => {
        $tags.iter().map(|(key, value)| $sdk::types::Tag::builder().key(key).value(value).build()).collect::<Vec<_>>()
    };
}

/// Tags from pairs of optional texts, as most SDK types give them.
pub fn collect<'a>(pairs: impl IntoIterator<Item = (Option<&'a str>, Option<&'a str>)>) -> Tags {
    pairs.into_iter().filter_map(|(key, value)| Some((key?.to_owned(), value.unwrap_or_default().to_owned()))).collect()
}

/// The key that a resource's tags give it, if they are an environment's of that suffix.
pub fn key_of(tags: &Tags, suffix: &str) -> Option<Key> {
    if tags.get(TAG_ENVIRONMENT).map(String::as_str) != Some(suffix) {
        return None;
    }
    tags.get(TAG_KEY).and_then(|value| Key::from_tag(value)).map(|(key, _)| key)
}

/// The physical name that a resource's tags give it.
pub fn name_of(tags: &Tags) -> String {
    tags.get(TAG_NAME).cloned().unwrap_or_default()
}

/// Sets tags by ARN: the tagging API reaches every taggable service that we use but IAM
/// (Resource Groups Tagging API reference, "TagResources").
///
/// # Errors
/// The call's own, or the reason that AWS gives for this ARN.
pub async fn tag_arn(aws: &Aws, arn: &str, tags: &Tags) -> Result<(), Failure> {
    let answer = aws
        .tagging
        .tag_resources()
        .resource_arn_list(arn)
        .set_tags(Some(tags.clone().into_iter().collect()))
        .send()
        .await
        .of("tag:TagResources")?;
    match answer.failed_resources_map().and_then(|failed| failed.values().next()) {
        None => Ok(()),
        Some(info) => {
            let code = info.error_code().map_or("", |code| code.as_str());
            let message = info.error_message().unwrap_or_default();
            let class = super::classify::by_code("tag:TagResources", code, message);
            Err(Failure::new(class, format!("{arn} can't be tagged: {code} {message}")))
        }
    }
}

/// The tag search of the whole environment.
pub struct Search(pub Arc<Aws>);

#[async_trait]
impl TagSearch for Search {
    async fn search(&self, suffix: &str) -> Result<Vec<Tagged>, Failure> {
        let filter = aws_sdk_resourcegroupstagging::types::TagFilter::builder();
        let ours = aws_sdk_resourcegroupstagging::types::TagFilter::builder().key(TAG_ENVIRONMENT_ID).build();
        let mut pages = self
            .0
            .tagging
            .get_resources()
            .tag_filters(filter.key(TAG_ENVIRONMENT).values(suffix).build())
            .tag_filters(ours)
            .resources_per_page(100)
            .into_paginator()
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            for mapping in page.of("tag:GetResources")?.resource_tag_mapping_list() {
                let tags = mapping.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
                found.extend(mapping.resource_arn().map(|arn| Tagged { arn: arn.to_owned(), tags }));
            }
        }
        Ok(found)
    }
}

/// Finishes sightings: gives each its key by recorded id, else by tag, else by name, and drops what is none of ours.
pub fn identify(scope: &crate::engine::Scope<'_>, mut seen: Sighting, tags: &Tags) -> Option<Sighting> {
    let target = scope.by_id(&seen.id);
    let key = target.map(|target| target.key.clone()).or_else(|| key_of(tags, scope.suffix));
    seen.key = key.or_else(|| scope.by_name(&seen.name).map(|target| target.key.clone()))?;
    seen.tags = Some(tags.clone());
    Some(seen)
}

/// The tags that the tag search has for an ARN; none where it doesn't know it, which right after create it may not. Those of
/// another environment don't count: the search goes on listing what was deleted, and ARNs with a name in them come back.
pub fn searched<'a>(scope: &'a crate::engine::Scope<'_>, arn: &str) -> Option<&'a Tags> {
    let is_ours =
        |tags: &Tags| scope.environment_id.is_none_or(|id| tags.get(TAG_ENVIRONMENT_ID).is_some_and(|tag| tag == id));
    scope.tagged.iter().find(|hit| hit.arn == arn && is_ours(&hit.tags)).map(|hit| &hit.tags)
}

/// As [`identify`], where the tags may not have been read: the engine doesn't compare them then.
pub fn identify_unread(scope: &crate::engine::Scope<'_>, seen: Sighting, tags: Option<&Tags>) -> Option<Sighting> {
    match tags {
        Some(tags) => identify(scope, seen, tags),
        None => identify(scope, seen, &Tags::new()).map(|seen| Sighting { tags: None, ..seen }),
    }
}

/// As [`identify`], for what is ours by its recorded id, so that reading its tags would be a call too many.
pub fn identify_recorded(scope: &crate::engine::Scope<'_>, mut seen: Sighting) -> Option<Sighting> {
    seen.key = scope.by_id(&seen.id)?.key.clone();
    seen.tags = None;
    Some(seen)
}
