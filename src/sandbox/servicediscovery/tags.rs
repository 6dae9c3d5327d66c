//! Tags.

use aws_sdk_servicediscovery::operation::list_tags_for_resource::{
    ListTagsForResourceInput, ListTagsForResourceOutput,
};
use aws_sdk_servicediscovery::types::Tag;

use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// Cloud Map API reference, ListTagsForResource.
pub(super) fn list_tags_for_resource(
    call: &mut Call<'_>,
    input: &ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, ApiError> {
    let arn = input.resource_arn().unwrap_or_default();
    let state = &call.world.servicediscovery;
    let namespaces = state.namespaces.values().map(|namespace| (&namespace.arn, &namespace.tags));
    let services = state.services.values().map(|service| (&service.arn, &service.tags));
    let found = namespaces.chain(services).find(|(other, _)| *other == arn);
    let missing = || ApiError::new("ResourceNotFoundException", "The resource was not found");
    let (_, tags) = found.ok_or_else(missing)?;
    let tags: Result<Vec<_>, _> =
        tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    Ok(ListTagsForResourceOutput::builder().set_tags(Some(tags?)).build())
}
