//! Tags of topics.

use aws_sdk_sns::operation::list_tags_for_resource::{ListTagsForResourceInput, ListTagsForResourceOutput};
use aws_sdk_sns::operation::tag_resource::{TagResourceInput, TagResourceOutput};
use aws_sdk_sns::types::Tag;

use super::state::{Topic, invalid};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// SNS Developer Guide, "Amazon SNS topic tagging".
const MOST: usize = 50;

/// The tags with others added.
pub(super) fn merged(present: &Tags, added: &[Tag]) -> Result<Tags, ApiError> {
    let mut tags = present.clone();
    for tag in added {
        let (key, value) = (tag.key(), tag.value());
        let sized = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
        if !sized || key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid(&format!("Tags Reason: the tag '{key}' is not valid")));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    if tags.len() > MOST {
        return Err(ApiError::new("TagLimitExceeded", "Can't add more than 50 tags to a topic."));
    }
    Ok(tags)
}

fn topic<'a>(call: &'a mut Call<'_>, arn: Option<&str>) -> Result<&'a mut Topic, ApiError> {
    let missing = || ApiError::new("ResourceNotFound", "Resource does not exist").with_status(404);
    call.world.sns.topic_mut(arn).map_err(|error| if error.code == "NotFound" { missing() } else { error })
}

/// SNS API reference, TagResource.
pub(super) fn tag_resource(call: &mut Call<'_>, input: &TagResourceInput) -> Result<TagResourceOutput, ApiError> {
    let topic = topic(call, input.resource_arn())?;
    topic.tags = merged(&topic.tags, input.tags())?;
    Ok(TagResourceOutput::builder().build())
}

/// SNS API reference, ListTagsForResource.
pub(super) fn list_tags_for_resource(
    call: &mut Call<'_>,
    input: &ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, ApiError> {
    let topic = topic(call, input.resource_arn())?;
    let tags = topic.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    Ok(ListTagsForResourceOutput::builder().set_tags(Some(tags.collect::<Result<_, _>>()?)).build())
}
