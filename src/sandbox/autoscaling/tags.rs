//! Tags of scalable targets.

use std::collections::HashMap;

use aws_sdk_applicationautoscaling::operation::list_tags_for_resource::{
    ListTagsForResourceInput, ListTagsForResourceOutput,
};
use aws_sdk_applicationautoscaling::operation::tag_resource::{TagResourceInput, TagResourceOutput};

use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::tag_rules::{self, Refusals};
use crate::sandbox::world::{Simulated, Tags};

/// API reference, TagResource.
const REFUSALS: Refusals = Refusals { invalid: "ValidationException", too_many: "TooManyTagsException" };

/// The tags with others added.
pub(super) fn merged(present: &Tags, added: Option<&HashMap<String, String>>) -> Result<Tags, ApiError> {
    let added = added.into_iter().flatten().map(|(key, value)| (Some(key.as_str()), Some(value.as_str())));
    tag_rules::merged(present, added, &REFUSALS)
}

fn tags<'a>(call: &'a mut Call<'_>, arn: Option<&str>) -> Result<&'a mut Tags, ApiError> {
    let arn = arn.unwrap_or_default();
    let missing = || ApiError::new("ResourceNotFoundException", format!("The scalable target {arn} does not exist"));
    let place = call.place().clone();
    call.world.autoscaling.tags_by_arn(&place, arn).ok_or_else(missing)
}

/// API reference, TagResource.
pub(super) fn tag(call: &mut Call<'_>, input: &TagResourceInput) -> Result<TagResourceOutput, ApiError> {
    let tags = tags(call, input.resource_arn())?;
    *tags = merged(tags, input.tags())?;
    Ok(TagResourceOutput::builder().build())
}

/// API reference, ListTagsForResource.
pub(super) fn list(
    call: &mut Call<'_>,
    input: &ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, ApiError> {
    let tags = tags(call, input.resource_arn())?.clone();
    Ok(ListTagsForResourceOutput::builder().set_tags(Some(tags.into_iter().collect())).build())
}
