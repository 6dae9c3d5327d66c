//! Tags.

use aws_sdk_appmesh::operation::list_tags_for_resource::{ListTagsForResourceInput, ListTagsForResourceOutput};
use aws_sdk_appmesh::types::TagRef;

use super::pieces::{page, reachable};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// App Mesh API reference, ListTagsForResource.
pub(super) fn list_tags_for_resource(
    call: &mut Call<'_>,
    input: &ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, ApiError> {
    reachable(call)?;
    let arn = input.resource_arn().unwrap_or_default();
    let found = call.world.appmesh.pieces.values().find(|piece| piece.arn(call.place()) == arn);
    let missing = || ApiError::new("NotFoundException", format!("There is no resource {arn}")).with_status(404);
    let tags = found.ok_or_else(missing)?.tags.iter();
    let tags: Result<Vec<_>, _> = tags.map(|(key, value)| TagRef::builder().key(key).value(value).build()).collect();
    let (page, next) = page(tags?, input.limit(), input.next_token())?;
    Ok(ListTagsForResourceOutput::builder().set_tags(Some(page)).set_next_token(next).build()?)
}
