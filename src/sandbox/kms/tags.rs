//! Tags of keys.

use aws_sdk_kms::operation::list_resource_tags::{ListResourceTagsInput, ListResourceTagsOutput};
use aws_sdk_kms::operation::tag_resource::{TagResourceInput, TagResourceOutput};
use aws_sdk_kms::types::Tag;

use super::checks;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// KMS Developer Guide, "Tags in AWS KMS".
const MOST: usize = 50;

/// The tags with others added.
pub(super) fn merged(present: &Tags, added: &[Tag]) -> Result<Tags, ApiError> {
    let mut tags = present.clone();
    let mut given = Tags::new();
    for tag in added {
        let (key, value) = (tag.tag_key(), tag.tag_value());
        let sized = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
        let twice = given.insert(key.to_owned(), value.to_owned()).is_some();
        if !sized || twice || key.to_ascii_lowercase().starts_with("aws:") {
            return Err(ApiError::new("TagException", format!("The tag '{key}' is not valid.")));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    if tags.len() > MOST {
        return Err(ApiError::new("TagException", "Too many tags."));
    }
    Ok(tags)
}

/// KMS API reference, TagResource: for keys only.
pub(super) fn tag_resource(call: &mut Call<'_>, input: &TagResourceInput) -> Result<TagResourceOutput, ApiError> {
    if input.key_id().is_some_and(|key| key.contains("alias/")) {
        return Err(ApiError::new("InvalidArnException", "TagResource takes no aliases."));
    }
    let key = checks::key(call, input.key_id())?.live()?;
    let (id, tags) = (key.id.clone(), merged(&key.tags, input.tags())?);
    if let Some(key) = call.world.kms.find_mut(&id) {
        key.tags = tags;
    }
    Ok(TagResourceOutput::builder().build())
}

/// KMS API reference, ListResourceTags: Limit 1 to 50, 50 by default.
pub(super) fn list_resource_tags(
    call: &mut Call<'_>,
    input: &ListResourceTagsInput,
) -> Result<ListResourceTagsOutput, ApiError> {
    let key = checks::visible_key(call, input.key_id())?;
    let tags = key.tags.iter().map(|(key, value)| Tag::builder().tag_key(key).tag_value(value).build());
    let (tags, marker) = checks::page(tags.collect::<Result<_, _>>()?, input.limit(), input.marker(), 50, 50)?;
    Ok(ListResourceTagsOutput::builder()
        .set_tags(Some(tags))
        .truncated(marker.is_some())
        .set_next_marker(marker)
        .build())
}
