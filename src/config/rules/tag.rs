//! Values of tags.

use crate::config::report::{Fault, quotable};

const LONGEST: usize = 256;

/// A tag's value: 1 to 256 letters, digits, spaces and `+ - = . _ : / @` (AWS Resource Groups and Tagging: tag naming
/// limits and requirements).
pub(crate) fn value(text: &str) -> Result<String, Fault> {
    let fault = |what: &str, label: String, help: &str| Err(Fault::new(what, label, help));
    if text.trim().is_empty() {
        return fault(
            "is blank",
            "nobody to ask, nothing to bill".into(),
            "fill it in: every resource is tagged with it",
        );
    }
    if text.trim() != text {
        return fault(
            "begins or ends with a space",
            "space at an end".into(),
            "remove it: cost reports would list it apart",
        );
    }
    let length = text.chars().count();
    if length > LONGEST {
        let label = format!("{length} characters, {} too many", length - LONGEST);
        return fault("is too long for a tag", label, "use at most 256 characters");
    }
    let allowed = |c: &char| c.is_alphanumeric() || *c == ' ' || "+-=._:/@".contains(*c);
    if let Some(other) = text.chars().find(|c| !allowed(c)) {
        let label = format!("`{}` is not allowed", quotable(&other.to_string()));
        return fault("has a character that no tag may have", label, "use letters, digits, spaces and + - = . _ : / @");
    }
    if text.to_lowercase().starts_with("aws:") {
        return fault("begins with `aws:`", "reserved for AWS".into(), "drop the prefix");
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_values_follow_the_rules_of_aws() {
        for good in ["payments", "Größe 4711", "a+b-c=d.e_f:g/h@i", &"x".repeat(256)] {
            assert_eq!(value(good).as_deref(), Ok(good));
        }
        for bad in ["", "  ", " a", "a ", "a#b", "a\tb", "aws:a", "AWS:a", &"x".repeat(257)] {
            assert!(value(bad).is_err(), "{bad:?}");
        }
    }
}
