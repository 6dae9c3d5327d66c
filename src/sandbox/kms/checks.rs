//! What KMS refuses by form alone, and what each call looks up first.

use super::state::Key;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::paging;

/// A parameter that violates its constraints.
pub(super) fn validation(member: &str, value: impl std::fmt::Display, constraint: &str) -> ApiError {
    let message = format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"
    );
    ApiError::new("ValidationException", message)
}

/// A key that must be there, for a call that changes something.
pub(super) fn key<'a>(call: &'a Call<'_>, reference: Option<&str>) -> Result<&'a Key, ApiError> {
    let reference = reference.filter(|text| !text.is_empty());
    let reference = reference.ok_or_else(|| validation("keyId", "", "have length greater than or equal to 1"))?;
    call.world.kms.find(reference).ok_or_else(|| not_found(call, reference))
}

/// The same for a call that reads: what was made a moment ago may not show. KMS Developer Guide, "AWS KMS eventual consistency".
pub(super) fn visible_key<'a>(call: &'a Call<'_>, reference: Option<&str>) -> Result<&'a Key, ApiError> {
    let key = key(call, reference)?;
    if call.visible(key.created_at) { Ok(key) } else { Err(not_found(call, &key.id)) }
}

fn not_found(call: &Call<'_>, reference: &str) -> ApiError {
    let what = if reference.starts_with("alias/") {
        format!("Alias {} is not found.", call.arn("kms", reference))
    } else if reference.starts_with("arn:") {
        format!("Key '{reference}' does not exist")
    } else {
        format!("Key '{}' does not exist", call.arn("kms", &format!("key/{reference}")))
    };
    ApiError::new("NotFoundException", what)
}

/// A description. KMS API reference, CreateKey.
pub(super) fn description(text: Option<&str>) -> Result<String, ApiError> {
    let text = text.unwrap_or_default();
    if text.chars().count() > 8192 {
        return Err(validation("description", text, "have length less than or equal to 8192"));
    }
    Ok(text.to_owned())
}

/// One page of a list. KMS API reference, parameters `Limit` and `Marker`.
pub(super) fn page<T>(
    items: Vec<T>,
    limit: Option<i32>,
    marker: Option<&str>,
    largest: i32,
    default: i32,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = limit.unwrap_or(default);
    if !(1..=largest).contains(&size) {
        return Err(validation("limit", size, &format!("have value between 1 and {largest}")));
    }
    paging::page(items, size as usize, marker)
        .ok_or_else(|| ApiError::new("InvalidMarkerException", "The marker is not valid."))
}
