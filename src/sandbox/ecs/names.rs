//! Names, ARNs and tags.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::Tag;

use super::problem::invalid;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// The last part of an ARN, or a name as it is.
pub fn short(name_or_arn: &str) -> &str {
    name_or_arn.rsplit('/').next().unwrap_or(name_or_arn)
}

/// Clusters, services and families: 1 to 255 letters, digits, underscores and hyphens. ECS API reference, CreateCluster,
/// CreateService, RegisterTaskDefinition.
pub fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// The tags of a create call. ECS API reference, Tag: at most 50, each key once, none that begins with `aws:`.
pub fn tags(list: &[Tag]) -> Result<Tags, ApiError> {
    let mut tags = BTreeMap::new();
    for tag in list {
        let key = tag.key().unwrap_or_default();
        let value = tag.value().unwrap_or_default();
        if key.is_empty() || key.chars().count() > 128 || key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid(format!("The tag key '{key}' is not allowed.")));
        }
        if value.chars().count() > 256 {
            return Err(invalid(format!("The value of the tag '{key}' is longer than 256 characters.")));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(invalid(format!("Duplicate tag keys found: {key}")));
        }
    }
    if tags.len() > 50 {
        return Err(invalid("The maximum number of tags per resource is 50."));
    }
    Ok(tags)
}

/// As the SDK's type.
pub fn to_sdk(tags: &Tags) -> Option<Vec<Tag>> {
    Some(tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_tags_are_checked() {
        assert!(is_name("service-payments_dev"));
        assert!(!is_name("") && !is_name("a b") && !is_name(&"a".repeat(256)));
        let tag = |key: &str| Tag::builder().key(key).value("x").build();
        assert!(tags(&[tag("Team"), tag("Name")]).is_ok());
        assert!(tags(&[tag("Team"), tag("Team")]).is_err());
        assert!(tags(&[tag("AWS:x")]).is_err());
    }
}
