//! DynamoDB tables.

use crate::config::report::Fault;

/// The name of a key attribute: 1 to 255 bytes of UTF-8 (DynamoDB API reference, KeySchemaElement).
pub(crate) fn key(text: &str) -> Result<String, Fault> {
    let label = match text.len() {
        0 => "empty",
        1..=255 if text.trim() != text || text.chars().any(char::is_control) => {
            "a space at an end, or a control character"
        }
        1..=255 => return Ok(text.into()),
        _ => "longer than 255 bytes",
    };
    Err(Fault::new("is not a name for a key", label, "name the attribute that items are found by, such as \"id\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_names_are_short_and_printable() {
        assert_eq!(key("account id").as_deref(), Ok("account id"));
        for bad in ["", " ", "id ", "a\nb", &"x".repeat(256)] {
            assert!(key(bad).is_err(), "{bad:?}");
        }
    }
}
