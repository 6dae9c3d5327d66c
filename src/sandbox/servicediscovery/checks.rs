//! What Cloud Map refuses by form alone, and what it does not find.

use aws_sdk_servicediscovery::types::FilterCondition;

use super::state::{Namespace, Service};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::paging;
use crate::sandbox::tag_rules::Refusals;

pub(super) const TAGS: Refusals = Refusals { invalid: "InvalidInput", too_many: "TooManyTagsException" };

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidInput", message)
}

/// A DNS name: labels of at most 63 letters, digits, hyphens and underscores. Cloud Map API reference, CreatePrivateDnsNamespace, Name.
pub(super) fn dns_name(value: Option<&str>) -> Result<&str, ApiError> {
    let name = value.unwrap_or_default();
    let is_label = |label: &str| {
        let formed = label.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        (1..=63).contains(&label.len()) && formed && !label.starts_with('-') && !label.ends_with('-')
    };
    match name.len() <= 253 && name.split('.').all(is_label) {
        true => Ok(name),
        false => Err(invalid(format!("'{name}' is not a valid name"))),
    }
}

/// Cloud Map API reference, CreatorRequestId: at most 64 characters.
pub(super) fn token(value: Option<&str>) -> Result<Option<&str>, ApiError> {
    match value {
        Some(token) if token.len() > 64 => Err(invalid("CreatorRequestId must be at most 64 characters long")),
        token => Ok(token),
    }
}

/// A request is carried out once, also where what it made is gone: "a unique string that identifies the request and that allows failed
/// CreateService requests to be retried without the risk of running the operation twice" (Cloud Map API reference, CreateService).
pub(super) fn unused(call: &mut Call<'_>, token: Option<&str>, code: &'static str) -> Result<(), ApiError> {
    let Some(token) = token else { return Ok(()) };
    if call.world.servicediscovery.tokens.insert(token.to_owned()) {
        return Ok(());
    }
    Err(ApiError::new(code, format!("A request with the CreatorRequestId {token} was carried out already")))
}

/// A namespace that others can use.
pub(super) fn namespace<'a>(call: &'a Call<'_>, id: Option<&str>) -> Result<&'a Namespace, ApiError> {
    let id = id.unwrap_or_default();
    let found = call.world.servicediscovery.namespaces.get(id).filter(|namespace| namespace.is_ready(call.now));
    found.ok_or_else(|| ApiError::new("NamespaceNotFound", format!("Namespace {id} does not exist")))
}

/// A service.
pub(super) fn service<'a>(call: &'a Call<'_>, id: Option<&str>) -> Result<&'a Service, ApiError> {
    let id = id.unwrap_or_default();
    let found = call.world.servicediscovery.services.get(id);
    found.ok_or_else(|| ApiError::new("ServiceNotFound", format!("Service {id} does not exist")))
}

/// Whether a filter's values hold one.
pub(super) fn holds(condition: Option<&FilterCondition>, values: &[String], value: &str) -> Result<bool, ApiError> {
    match (condition.unwrap_or(&FilterCondition::Eq), values) {
        (FilterCondition::Eq, [only]) => Ok(only == value),
        (FilterCondition::In, [_, ..]) => Ok(values.iter().any(|other| other == value)),
        _ => Err(invalid("The filter is not valid, or not simulated by the sandbox")),
    }
}

/// One page: 100 where nothing else is said, and at most.
pub(super) fn page<T>(
    items: Vec<T>,
    most: Option<i32>,
    token: Option<&str>,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = most.unwrap_or(100);
    if !(1..=100).contains(&size) {
        return Err(invalid("MaxResults must be between 1 and 100"));
    }
    paging::page(items, usize::try_from(size).unwrap_or(1), token).ok_or_else(|| invalid("NextToken is not valid"))
}
