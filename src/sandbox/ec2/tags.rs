//! Tags: in create calls, and CreateTags, DeleteTags, DescribeTags.

use aws_sdk_ec2::operation::create_tags::{CreateTagsInput, CreateTagsOutput};
use aws_sdk_ec2::operation::delete_tags::{DeleteTagsInput, DeleteTagsOutput};
use aws_sdk_ec2::operation::describe_tags::{DescribeTagsInput, DescribeTagsOutput};
use aws_sdk_ec2::types::{ResourceType, Tag, TagDescription, TagSpecification};

use super::filters::Filters;
use super::record::{self, Kind, required};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// EC2 User Guide, "Tag restrictions".
const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;

/// The tags that a create call gives to the one kind of thing that it makes.
pub(super) fn specified(specifications: &[TagSpecification], kind: &Kind) -> Result<Tags, ApiError> {
    let mut tags = Tags::new();
    for specification in specifications {
        let resource_type = specification.resource_type().map_or("", ResourceType::as_str);
        if resource_type != kind.resource_type {
            let message = format!("'{resource_type}' is not a valid taggable resource type for this operation.");
            return Err(ApiError::new("InvalidParameterValue", message));
        }
        add(&mut tags, specification.tags())?;
    }
    check_count(&tags)?;
    Ok(tags)
}

/// As the SDK's type.
pub(super) fn to_sdk(tags: &Tags) -> Option<Vec<Tag>> {
    Some(tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect())
}

fn add(tags: &mut Tags, new: &[Tag]) -> Result<(), ApiError> {
    for tag in new {
        let key = required(tag.key(), "Tag.Key")?;
        let value = tag.value().unwrap_or_default();
        check(key, value)?;
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(ApiError::new("InvalidParameterValue", format!("Duplicate tag key '{key}' specified.")));
        }
    }
    Ok(())
}

fn check(key: &str, value: &str) -> Result<(), ApiError> {
    if key.starts_with("aws:") {
        let message = "Tag keys starting with 'aws:' are reserved for internal use";
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    if key.is_empty() || key.chars().count() > MAX_KEY {
        let message = format!("Tag key must be between 1 and {MAX_KEY} characters: '{key}'");
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    if value.chars().count() > MAX_VALUE {
        let message = format!("Tag value exceeds the maximum length of {MAX_VALUE} characters");
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    Ok(())
}

fn check_count(tags: &Tags) -> Result<(), ApiError> {
    if tags.len() > MAX_TAGS {
        let message = format!("The maximum number of Tags for a resource has been reached ({MAX_TAGS}).");
        return Err(ApiError::new("TagLimitExceeded", message));
    }
    Ok(())
}

/// Overwrites the values of keys that are there. EC2 API reference, CreateTags.
pub(super) fn create_tags(call: &mut Call<'_>, input: &CreateTagsInput) -> Result<CreateTagsOutput, ApiError> {
    let mut new = Tags::new();
    add(&mut new, required(input.tags.as_deref(), "Tags")?)?;
    let resources = required(input.resources.as_deref(), "Resources")?;
    for id in resources {
        let mut merged = call.world.ec2.tags(id).ok_or_else(|| unknown(id))?.clone();
        merged.extend(new.clone());
        check_count(&merged)?;
    }
    for id in resources {
        if let Some(tags) = call.world.ec2.tags_mut(id) {
            tags.extend(new.clone());
        }
    }
    Ok(CreateTagsOutput::builder().build())
}

/// Without tags, deletes all; a value that differs keeps its tag. EC2 API reference, DeleteTags.
pub(super) fn delete_tags(call: &mut Call<'_>, input: &DeleteTagsInput) -> Result<DeleteTagsOutput, ApiError> {
    let resources = required(input.resources.as_deref(), "Resources")?;
    if let Some(id) = resources.iter().find(|id| call.world.ec2.tags(id).is_none()) {
        return Err(unknown(id));
    }
    for id in resources {
        if let Some(tags) = call.world.ec2.tags_mut(id) {
            tags.retain(|key, value| {
                !input.tags().is_empty() && !input.tags().iter().any(|tag| names(tag, key, value))
            });
        }
    }
    Ok(DeleteTagsOutput::builder().build())
}

fn names(tag: &Tag, key: &str, value: &str) -> bool {
    tag.key() == Some(key) && tag.value().is_none_or(|wanted| wanted == value)
}

pub(super) fn describe_tags(call: &mut Call<'_>, input: &DescribeTagsInput) -> Result<DescribeTagsOutput, ApiError> {
    let filters = Filters::parse(input.filters(), &["key", "resource-id", "resource-type", "value"])?;
    let mut found = Vec::new();
    for (kind, meta) in call.world.ec2.things().filter(|(_, meta)| call.visible(meta.created_at)) {
        for (key, value) in &meta.tags {
            let field = |name: &str| match name {
                "key" => vec![key.clone()],
                "resource-id" => vec![meta.id.clone()],
                "resource-type" => vec![kind.resource_type.to_owned()],
                _ => vec![value.clone()],
            };
            let single = Tags::from([(key.clone(), value.clone())]);
            if filters.accept(&single, field) {
                let tag = TagDescription::builder()
                    .key(key)
                    .value(value)
                    .resource_id(&meta.id)
                    .resource_type(ResourceType::from(kind.resource_type));
                found.push(tag.build());
            }
        }
    }
    let (tags, next_token) = record::page(found, input.max_results(), input.next_token())?;
    Ok(DescribeTagsOutput::builder().set_tags(Some(tags)).set_next_token(next_token).build())
}

fn unknown(id: &str) -> ApiError {
    match super::state::kind_of(id) {
        Some(kind) => kind.not_found(id),
        None => ApiError::new("InvalidID", format!("The ID '{id}' is not valid")),
    }
}
