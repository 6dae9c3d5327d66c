//! Filters of ListSecrets. Secrets Manager User Guide, "Find secrets": a filter's values are alternatives, a leading `!` negates one, and all
//! filters must pass.

use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType};

use super::checks::invalid;
use super::state::Secret;
use crate::sandbox::error::ApiError;

/// Most filters, and most values of one (Secrets Manager API reference, ListSecrets and Filter).
const MOST: usize = 10;

/// Refuses what can't be a filter.
pub(super) fn check(filters: &[Filter]) -> Result<(), ApiError> {
    let known = |filter: &Filter| {
        matches!(
            filter.key(),
            Some(
                FilterNameStringType::Name
                    | FilterNameStringType::Description
                    | FilterNameStringType::TagKey
                    | FilterNameStringType::TagValue
            )
        )
    };
    let sized = |filter: &Filter| (1..=MOST).contains(&filter.values().len());
    match filters.iter().all(|filter| known(filter) && sized(filter)) && filters.len() <= MOST {
        true => Ok(()),
        false => Err(invalid("The filters are not valid, or not simulated by the sandbox.")),
    }
}

/// Whether a secret passes all filters. Names, keys and values of tags match by prefix and case; words of descriptions without case.
pub(super) fn accept(filters: &[Filter], secret: &Secret) -> bool {
    filters.iter().all(|filter| {
        let key = filter.key().cloned().unwrap_or(FilterNameStringType::Name);
        filter.values().iter().any(|value| match value.strip_prefix('!') {
            Some(value) => !matches(&key, value, secret),
            None => matches(&key, value, secret),
        })
    })
}

fn matches(key: &FilterNameStringType, value: &str, secret: &Secret) -> bool {
    match key {
        FilterNameStringType::TagKey => secret.tags.keys().any(|tag| tag.starts_with(value)),
        FilterNameStringType::TagValue => secret.tags.values().any(|tag| tag.starts_with(value)),
        FilterNameStringType::Description => {
            let value = value.to_lowercase();
            secret.description.to_lowercase().split_whitespace().any(|word| word.starts_with(&value))
        }
        _ => secret.name.starts_with(value),
    }
}
