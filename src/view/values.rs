//! Values of specifications, for people.

use serde_json::Value;

use super::text::{clean, shorten};
use crate::engine::output;

/// The text of what is only known once something else has been made.
pub const LATER: &str = "(known after apply)";
/// The text of what is not set.
const NOTHING: &str = "(none)";

/// In one line of at most `width` columns.
pub fn show(value: &Value, width: usize) -> String {
    match value {
        Value::Null => NOTHING.to_owned(),
        value if value.get("$ref").is_some() => LATER.to_owned(),
        value => shorten(&clean(&legible(value).to_string()), width),
    }
}

/// With references as `${kind/name.output}`.
pub fn legible(value: &Value) -> Value {
    output::resolve(value, &|reference| Some(format!("${{{}.{}}}", reference.key, reference.output)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_legible_and_nothing_is_said() {
        let open = json!({"$ref": "vpc/main#id", "$prefix": "arn:"});
        assert_eq!(legible(&json!([open])), json!(["arn:${vpc/main.id}"]));
        assert_eq!(show(&open, 40), LATER);
        assert_eq!(show(&Value::Null, 40), "(none)");
        assert_eq!(show(&json!({"a": [1, 2, 3]}), 9), "{\"a\":[1,…");
    }
}
