//! What all services demand of tags. AWS General Reference, "Tag naming limits and requirements".

use super::error::ApiError;
use super::world::Tags;

/// Most tags of one thing.
const MOST: usize = 50;
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

/// How a service refuses tags.
pub(in crate::sandbox) struct Refusals {
    /// Error code for a tag that is malformed or reserved.
    pub invalid: &'static str,
    /// Error code for too many.
    pub too_many: &'static str,
}

/// The tags that are there, with others added.
pub(in crate::sandbox) fn merged<'a>(
    present: &Tags,
    added: impl IntoIterator<Item = (Option<&'a str>, Option<&'a str>)>,
    refusals: &Refusals,
) -> Result<Tags, ApiError> {
    let mut tags = present.clone();
    let mut seen = Vec::new();
    for (key, value) in added {
        let (key, value) = (key.unwrap_or_default(), value.unwrap_or_default());
        let sized = (1..=LONGEST_KEY).contains(&key.chars().count()) && value.chars().count() <= LONGEST_VALUE;
        if !sized || key.to_ascii_lowercase().starts_with("aws:") || !key.chars().chain(value.chars()).all(is_allowed) {
            return Err(ApiError::new(refusals.invalid, format!("The tag '{key}' is not valid")));
        }
        if seen.contains(&key) {
            return Err(ApiError::new(refusals.invalid, format!("The tag key '{key}' is given twice")));
        }
        seen.push(key);
        tags.insert(key.to_owned(), value.to_owned());
    }
    if tags.len() > MOST {
        return Err(ApiError::new(refusals.too_many, format!("A resource can have no more than {MOST} tags")));
    }
    Ok(tags)
}

fn is_allowed(character: char) -> bool {
    character.is_alphanumeric() || character == ' ' || "_.:/=+-@".contains(character)
}
