//! What IAM refuses by form alone.

use aws_sdk_iam::types::Tag;

use super::policy::{Grammar, Policy};
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// IAM User Guide, "IAM and AWS STS quotas": tags on a role.
const MOST_TAGS: usize = 50;

fn invalid(value: &str, member: &str, constraint: &str) -> ApiError {
    let message = format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"
    );
    ApiError::new("ValidationError", message)
}

/// A name of a role or a policy. IAM API reference, CreateRole and PutRolePolicy.
pub(super) fn name<'a>(value: Option<&'a str>, member: &str, longest: usize) -> Result<&'a str, ApiError> {
    let value = value.unwrap_or_default();
    if value.is_empty() {
        return Err(invalid(value, member, "have length greater than or equal to 1"));
    }
    if value.len() > longest {
        return Err(invalid(value, member, &format!("have length less than or equal to {longest}")));
    }
    if !value.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)) {
        return Err(invalid(value, member, "satisfy regular expression pattern: [\\w+=,.@-]+"));
    }
    Ok(value)
}

/// A description. IAM API reference, CreateRole.
pub(super) fn description(value: Option<&str>) -> Result<String, ApiError> {
    let value = value.unwrap_or_default();
    if value.chars().count() > 1000 {
        return Err(invalid(value, "description", "have length less than or equal to 1000"));
    }
    Ok(value.to_owned())
}

/// A document that must be one.
pub(super) fn document(text: Option<&str>, grammar: Grammar) -> Result<(String, Policy), ApiError> {
    let text = text.unwrap_or_default();
    let policy = Policy::parse(text, grammar).map_err(|flaw| ApiError::new("MalformedPolicyDocument", flaw))?;
    Ok((text.to_owned(), policy))
}

/// How much of a document counts against quotas: whitespace doesn't. IAM User Guide, "IAM and AWS STS quotas".
pub(super) fn weight(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

/// Tags as they may be. IAM User Guide, "Tags for AWS Identity and Access Management resources".
pub(super) fn tags(list: &[Tag], present: &Tags) -> Result<Tags, ApiError> {
    let mut tags = present.clone();
    let mut given = Tags::new();
    for tag in list {
        let (key, value) = (tag.key(), tag.value());
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(invalid(key, "tags.key", "have length between 1 and 128, its value at most 256"));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(ApiError::new("InvalidInput", "Tag keys beginning with aws: are reserved for AWS."));
        }
        if !key.chars().chain(value.chars()).all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c)) {
            return Err(invalid(key, "tags", "satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"));
        }
        if given.insert(key.to_ascii_lowercase(), value.to_owned()).is_some() {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(ApiError::new("InvalidInput", message));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    if tags.len() > MOST_TAGS {
        return Err(ApiError::new("LimitExceeded", format!("Cannot exceed quota for TagsPerRole: {MOST_TAGS}")));
    }
    Ok(tags)
}
