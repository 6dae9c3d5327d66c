//! Tags of clusters, services and task definitions.

use aws_sdk_ecs::operation::list_tags_for_resource::{ListTagsForResourceInput, ListTagsForResourceOutput};
use aws_sdk_ecs::operation::tag_resource::{TagResourceInput, TagResourceOutput};
use aws_sdk_ecs::operation::untag_resource::{UntagResourceInput, UntagResourceOutput};

use super::names;
use super::problem::invalid;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

fn unknown(arn: &str) -> ApiError {
    invalid(format!("The specified resource {arn} does not exist."))
}

/// Overwrites the values of keys that are there (ECS API reference, TagResource).
pub(super) fn tag(call: &mut Call<'_>, input: &TagResourceInput) -> Result<TagResourceOutput, ApiError> {
    let arn = input.resource_arn().unwrap_or_default();
    let new = names::tags(input.tags())?;
    let mut merged = call.world.ecs.tags(arn).ok_or_else(|| unknown(arn))?.clone();
    merged.extend(new);
    if merged.len() > 50 {
        return Err(invalid("The maximum number of tags per resource is 50."));
    }
    if let Some(tags) = call.world.ecs.tags_mut(arn) {
        *tags = merged;
    }
    Ok(TagResourceOutput::builder().build())
}

pub(super) fn untag(call: &mut Call<'_>, input: &UntagResourceInput) -> Result<UntagResourceOutput, ApiError> {
    let arn = input.resource_arn().unwrap_or_default();
    let tags = call.world.ecs.tags_mut(arn).ok_or_else(|| unknown(arn))?;
    tags.retain(|key, _| !input.tag_keys().contains(key));
    Ok(UntagResourceOutput::builder().build())
}

pub(super) fn list(
    call: &mut Call<'_>,
    input: &ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, ApiError> {
    let arn = input.resource_arn().unwrap_or_default();
    let tags = call.world.ecs.tags(arn).ok_or_else(|| unknown(arn))?;
    Ok(ListTagsForResourceOutput::builder().set_tags(names::to_sdk(tags)).build())
}
