//! Tags, and names.

use aws_sdk_rds::operation::list_tags_for_resource::{ListTagsForResourceInput, ListTagsForResourceOutput};
use aws_sdk_rds::types::Tag;

use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::tag_rules::{self, Refusals};
use crate::sandbox::world::{Simulated, Tags};

const TAGS: Refusals = Refusals { invalid: "InvalidParameterValue", too_many: "InvalidParameterValue" };

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValue", message)
}

pub(super) fn read(list: &[Tag]) -> Result<Tags, ApiError> {
    tag_rules::merged(&Tags::new(), list.iter().map(|tag| (tag.key(), tag.value())), &TAGS)
}

pub(super) fn to_sdk(tags: &Tags) -> Option<Vec<Tag>> {
    Some(tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect())
}

/// RDS API reference, CreateDBCluster, DBClusterIdentifier: 1 to 63 letters, numbers and hyphens, first a letter, no two hyphens in a row and
/// none at the end.
pub(super) fn identifier(value: Option<&str>) -> Result<&str, ApiError> {
    let id = value.unwrap_or_default();
    let formed = id.starts_with(|c: char| c.is_ascii_alphabetic())
        && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !id.contains("--")
        && !id.ends_with('-');
    if formed && id.len() <= 63 {
        return Ok(id);
    }
    Err(invalid(format!("The parameter identifier '{id}' is not a valid identifier.")))
}

/// RDS API reference, ListTagsForResource.
pub(super) fn list(
    call: &mut Call<'_>,
    input: &ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, ApiError> {
    let arn = input.resource_name().unwrap_or_default();
    let (now, place) = (call.now, call.place().clone());
    let items = call.world.rds.inventory(now, &place);
    let found = items.into_iter().find(|item| item.arn == arn);
    let found =
        found.ok_or_else(|| invalid(format!("The specified resource name does not match an RDS resource: {arn}")))?;
    Ok(ListTagsForResourceOutput::builder().set_tag_list(to_sdk(&found.tags)).build())
}
