//! Tags of alarms and dashboards.

use aws_sdk_cloudwatch::operation::list_tags_for_resource::{ListTagsForResourceInput, ListTagsForResourceOutput};
use aws_sdk_cloudwatch::operation::tag_resource::{TagResourceInput, TagResourceOutput};
use aws_sdk_cloudwatch::types::Tag;

use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::tag_rules::{self, Refusals};
use crate::sandbox::world::Tags;

/// CloudWatch API reference, TagResource.
const REFUSALS: Refusals = Refusals { invalid: "InvalidParameterValue", too_many: "InvalidParameterValue" };

/// The tags with others added.
pub(super) fn merged(present: &Tags, added: &[Tag]) -> Result<Tags, ApiError> {
    tag_rules::merged(present, added.iter().map(|tag| (tag.key(), tag.value())), &REFUSALS)
}

fn tags<'a>(call: &'a mut Call<'_>, arn: Option<&str>) -> Result<&'a mut Tags, ApiError> {
    let arn = arn.unwrap_or_default();
    if !arn.starts_with("arn:") {
        return Err(ApiError::new("InvalidParameterValue", format!("Invalid ARN: {arn}")));
    }
    let missing = || ApiError::new("ResourceNotFoundException", format!("{arn} does not exist")).with_status(404);
    call.world.cloudwatch.tags_mut(arn).ok_or_else(missing)
}

/// CloudWatch API reference, TagResource.
pub(super) fn tag(call: &mut Call<'_>, input: &TagResourceInput) -> Result<TagResourceOutput, ApiError> {
    let tags = tags(call, input.resource_arn())?;
    *tags = merged(tags, input.tags())?;
    Ok(TagResourceOutput::builder().build())
}

/// CloudWatch API reference, ListTagsForResource.
pub(super) fn list(
    call: &mut Call<'_>,
    input: &ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, ApiError> {
    let tags = tags(call, input.resource_arn())?;
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    Ok(ListTagsForResourceOutput::builder().set_tags(Some(tags)).build())
}
