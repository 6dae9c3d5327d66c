//! Tags of log groups.

use std::collections::HashMap;

use aws_sdk_cloudwatchlogs::operation::list_tags_for_resource::{ListTagsForResourceInput, ListTagsForResourceOutput};
use aws_sdk_cloudwatchlogs::operation::tag_resource::{TagResourceInput, TagResourceOutput};

use super::groups::{invalid, missing};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// CloudWatch Logs API reference, TagResource.
const MOST: usize = 50;

/// The tags with others added.
pub(super) fn merged(present: &Tags, added: Option<&HashMap<String, String>>) -> Result<Tags, ApiError> {
    let mut tags = present.clone();
    for (key, value) in added.into_iter().flatten() {
        let sized = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
        let formed = key.chars().chain(value.chars()).all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c));
        if !sized || !formed || key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid(format!("The tag '{key}' is not valid.")));
        }
        tags.insert(key.clone(), value.clone());
    }
    if tags.len() > MOST {
        return Err(ApiError::new("TooManyTagsException", "A log group can have no more than 50 tags."));
    }
    Ok(tags)
}

/// The name of the group with an ARN. CloudWatch Logs API reference, TagResource: the ARN without the `:*`.
fn name(call: &Call<'_>, arn: Option<&str>) -> Result<String, ApiError> {
    let arn = arn.unwrap_or_default();
    if !arn.starts_with("arn:") || arn.ends_with(":*") {
        return Err(invalid(format!("Invalid resource ARN: {arn}")));
    }
    call.world.logs.groups.values().find(|group| group.arn == arn).map(|group| group.name.clone()).ok_or_else(missing)
}

/// CloudWatch Logs API reference, TagResource.
pub(super) fn tag_resource(call: &mut Call<'_>, input: &TagResourceInput) -> Result<TagResourceOutput, ApiError> {
    let name = name(call, input.resource_arn())?;
    if let Some(group) = call.world.logs.groups.get_mut(&name) {
        group.tags = merged(&group.tags, input.tags())?;
    }
    Ok(TagResourceOutput::builder().build())
}

/// CloudWatch Logs API reference, ListTagsForResource.
pub(super) fn list_tags_for_resource(
    call: &mut Call<'_>,
    input: &ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, ApiError> {
    let name = name(call, input.resource_arn())?;
    let tags = call.world.logs.groups.get(&name).map(|group| group.tags.clone()).unwrap_or_default();
    Ok(ListTagsForResourceOutput::builder().set_tags(Some(tags.into_iter().collect())).build())
}
