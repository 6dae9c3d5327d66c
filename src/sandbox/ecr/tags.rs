//! Tags of repositories.

use aws_sdk_ecr::operation::list_tags_for_resource::{ListTagsForResourceInput, ListTagsForResourceOutput};
use aws_sdk_ecr::operation::tag_resource::{TagResourceInput, TagResourceOutput};
use aws_sdk_ecr::types::Tag;

use super::repositories::find;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// ECR User Guide, "Tagging a private repository".
const MOST: usize = 50;

/// The tags with others added.
pub(super) fn merged(present: &Tags, added: &[Tag]) -> Result<Tags, ApiError> {
    let mut tags = present.clone();
    for tag in added {
        let (key, value) = (tag.key(), tag.value());
        let sized = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
        if !sized || key.to_ascii_lowercase().starts_with("aws:") {
            return Err(ApiError::new("InvalidTagParameterException", format!("The tag '{key}' is not valid.")));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    if tags.len() > MOST {
        return Err(ApiError::new("TooManyTagsException", "A repository can have no more than 50 tags."));
    }
    Ok(tags)
}

/// The name in a repository's ARN.
fn name(arn: Option<&str>) -> Result<&str, ApiError> {
    let name = arn.and_then(|arn| arn.split_once(":repository/")).map(|(_, name)| name);
    name.ok_or_else(|| ApiError::new("InvalidParameterException", "Invalid parameter at 'resourceArn'"))
}

/// ECR API reference, TagResource.
pub(super) fn tag_resource(call: &mut Call<'_>, input: &TagResourceInput) -> Result<TagResourceOutput, ApiError> {
    let repository = find(call, Some(name(input.resource_arn())?))?;
    repository.tags = merged(&repository.tags, input.tags())?;
    Ok(TagResourceOutput::builder().build())
}

/// ECR API reference, ListTagsForResource.
pub(super) fn list_tags_for_resource(
    call: &mut Call<'_>,
    input: &ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, ApiError> {
    let repository = find(call, Some(name(input.resource_arn())?))?;
    let tags = repository.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    Ok(ListTagsForResourceOutput::builder().set_tags(Some(tags.collect::<Result<_, _>>()?)).build())
}
