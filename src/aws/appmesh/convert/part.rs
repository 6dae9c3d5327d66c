//! A part of a specification that knows where it stands.

use aws_smithy_types::error::operation::BuildError;
use serde_json::Value;

use crate::engine::Failure;

/// An object of a specification.
pub(super) struct Part<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> Part<'a> {
    /// The whole specification, which may have these fields and no others.
    pub(super) fn root(name: &str, value: &'a Value, fields: &[&str]) -> Result<Self, Failure> {
        Part { value, path: name.to_owned() }.only(fields)
    }

    fn only(self, fields: &[&str]) -> Result<Self, Failure> {
        let object = self.value.as_object().ok_or_else(|| self.wrong("is no object"))?;
        match object.keys().find(|key| !fields.contains(&key.as_str())) {
            Some(key) => Err(self.wrong(&format!("has the unknown field {key}"))),
            None => Ok(self),
        }
    }

    fn wrong(&self, what: &str) -> Failure {
        Failure::internal(format!("the specification for App Mesh: {} {what}", self.path))
    }

    /// An object inside this one.
    pub(super) fn at(&self, field: &str, fields: &[&str]) -> Result<Part<'a>, Failure> {
        self.maybe(field, fields)?.ok_or_else(|| self.wrong(&format!("lacks {field}")))
    }

    /// An object inside this one that may be missing.
    pub(super) fn maybe(&self, field: &str, fields: &[&str]) -> Result<Option<Part<'a>>, Failure> {
        let inside = self.value.get(field).map(|value| Part { value, path: format!("{}.{field}", self.path) });
        inside.map(|part| part.only(fields)).transpose()
    }

    /// A list of objects; a missing one is empty.
    pub(super) fn list(&self, field: &str, fields: &[&str]) -> Result<Vec<Part<'a>>, Failure> {
        let items = self.items(field)?.iter().enumerate();
        items.map(|(at, value)| Part { value, path: format!("{}.{field}[{at}]", self.path) }.only(fields)).collect()
    }

    /// A list of texts.
    pub(super) fn texts(&self, field: &str) -> Result<Vec<String>, Failure> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let texts: Option<Vec<String>> = self.items(field)?.iter().map(text).collect();
        texts.ok_or_else(|| self.wrong(&format!("holds something else than texts in {field}")))
    }

    /// A list of small numbers.
    pub(super) fn numbers(&self, field: &str) -> Result<Vec<i32>, Failure> {
        let number = |value: &Value| value.as_i64().and_then(|number| i32::try_from(number).ok());
        let numbers: Option<Vec<i32>> = self.items(field)?.iter().map(number).collect();
        numbers.ok_or_else(|| self.wrong(&format!("holds something else than numbers in {field}")))
    }

    fn items(&self, field: &str) -> Result<&'a [Value], Failure> {
        match self.value.get(field) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.wrong(&format!("holds no list in {field}"))),
        }
    }

    /// A text.
    pub(super) fn text(&self, field: &str) -> Result<&'a str, Failure> {
        self.value.get(field).and_then(Value::as_str).ok_or_else(|| self.wrong(&format!("lacks the text {field}")))
    }

    /// A number.
    pub(super) fn number(&self, field: &str) -> Result<i64, Failure> {
        self.value.get(field).and_then(Value::as_i64).ok_or_else(|| self.wrong(&format!("lacks the number {field}")))
    }

    /// A number that the API holds in 32 bits.
    pub(super) fn small(&self, field: &str) -> Result<i32, Failure> {
        i32::try_from(self.number(field)?).map_err(|_| self.wrong(&format!("has too large a number in {field}")))
    }

    /// Yes or no.
    pub(super) fn flag(&self, field: &str) -> Result<bool, Failure> {
        self.value.get(field).and_then(Value::as_bool).ok_or_else(|| self.wrong(&format!("lacks the flag {field}")))
    }
}

/// The builders complain about fields that are missing, which the parts have seen to.
pub(super) fn built<T>(result: Result<T, BuildError>) -> Result<T, Failure> {
    result.map_err(|error| Failure::internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn mistakes_are_named_with_their_place() {
        let spec = json!({ "listeners": [{ "port": "x" }, { "color": 1 }] });
        let root = Part::root("node", &spec, &["listeners"]).expect("an object");
        let failure = root.list("listeners", &["port"]).err().expect("the second has an unknown field");
        assert!(failure.message.ends_with("node.listeners[1] has the unknown field color"), "{failure}");
        let listeners = root.list("listeners", &["port", "color"]).expect("both known");
        assert!(listeners[0].number("port").is_err());
        assert_eq!(listeners[0].text("port").ok(), Some("x"));
        assert!(root.at("tls", &[]).is_err());
        assert!(root.maybe("tls", &[]).is_ok_and(|part| part.is_none()));
    }
}
