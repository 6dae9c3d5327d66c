//! Filters of Describe calls. EC2 User Guide, "List and filter your resources": the values of one filter are joined by
//! OR, filters by AND; `*` stands for any characters and `?` for one; names and values are case-sensitive.

use aws_sdk_ec2::types::Filter;

use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// A filter may have at most that many values.
const MAX_VALUES: usize = 200;

/// The filters of one call, known to be valid.
pub(super) struct Filters<'a> {
    filters: Vec<(&'a str, &'a [String])>,
}

impl<'a> Filters<'a> {
    /// Refuses filters that the call does not know.
    pub(super) fn parse(filters: &'a [Filter], known: &[&str]) -> Result<Self, ApiError> {
        let parse = |filter: &'a Filter| {
            let name = filter.name().unwrap_or_default();
            let is_known = name.starts_with("tag:") || name == "tag-key" || known.contains(&name);
            if !is_known {
                return Err(ApiError::new("InvalidParameterValue", format!("The filter '{name}' is invalid")));
            }
            if filter.values().is_empty() {
                return Err(ApiError::new("InvalidParameterValue", format!("The filter '{name}' must have a value")));
            }
            if filter.values().len() > MAX_VALUES {
                let message = format!("The maximum number of filter values specified on a single call is {MAX_VALUES}");
                return Err(ApiError::new("FilterLimitExceeded", message));
            }
            Ok((name, filter.values()))
        };
        Ok(Self { filters: filters.iter().map(parse).collect::<Result<_, _>>()? })
    }

    /// Whether a thing with these tags and fields passes all filters.
    pub(super) fn accept(&self, tags: &Tags, field: impl Fn(&str) -> Vec<String>) -> bool {
        self.filters.iter().all(|(name, patterns)| {
            let passes = |value: &str| patterns.iter().any(|pattern| matches(pattern.as_bytes(), value.as_bytes()));
            match (*name, name.strip_prefix("tag:")) {
                (_, Some(key)) => tags.get(key).is_some_and(|value| passes(value)),
                ("tag-key", _) => tags.keys().any(|key| passes(key)),
                (name, _) => field(name).iter().any(|value| passes(value)),
            }
        })
    }
}

/// Matches with the wildcards `*` and `?`; a backslash makes the next character literal.
fn matches(pattern: &[u8], value: &[u8]) -> bool {
    match (pattern, value) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => matches(rest, value) || (!value.is_empty() && matches(pattern, &value[1..])),
        ([b'?', rest @ ..], [_, others @ ..]) => matches(rest, others),
        ([b'\\', literal, rest @ ..], [first, others @ ..]) => literal == first && matches(rest, others),
        ([wanted, rest @ ..], [first, others @ ..]) => wanted == first && matches(rest, others),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn wildcards() {
        assert!(matches(b"vpc-*", b"vpc-dev") && matches(b"*", b"") && matches(b"a?c", b"abc"));
        assert!(!matches(b"vpc-?", b"vpc-dev") && !matches(b"Dev", b"dev") && !matches(b"dev", b"dev1"));
        assert!(matches(br"a\*", b"a*") && !matches(br"a\*", b"ab"));
    }
}
