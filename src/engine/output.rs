//! References from one resource to what another one will turn out to be.
//!
//! A specification that needs the id of another resource holds an [`Output`]. The graph is read off these references, so a
//! dependency can't be forgotten: what isn't referred to can't be used.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};

use super::{Failure, Key};

/// What a resource gives to others once it exists: `id`, `arn`, `dns_name`, ….
pub type Outputs = BTreeMap<String, String>;

/// Which output of which resource, with the text around it (`arn:password::` wants a suffix).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// The resource that is referred to.
    pub key: Key,
    /// The name of its output.
    pub output: String,
    /// Text before the value.
    pub prefix: String,
    /// Text after the value.
    pub suffix: String,
}

/// A value that is known (`Known`) or that another resource will provide (`Reference`). `T` marks what it stands for, so that a
/// subnet's id doesn't end up where a VPC's is wanted.
pub struct Output<T> {
    value: Inner,
    marker: PhantomData<fn() -> T>,
}

#[derive(Clone, PartialEq, Eq)]
enum Inner {
    Known(String),
    Reference(Reference),
}

impl<T> Output<T> {
    /// A value that is known from the start.
    pub fn known(value: impl Into<String>) -> Self {
        Output { value: Inner::Known(value.into()), marker: PhantomData }
    }

    /// The output of another resource.
    pub fn of(key: &Key, output: &str) -> Self {
        let reference =
            Reference { key: key.clone(), output: output.to_owned(), prefix: String::new(), suffix: String::new() };
        Output { value: Inner::Reference(reference), marker: PhantomData }
    }

    /// The same value with text around it; it stands for something else then, so the marker changes.
    pub fn wrap<U>(&self, prefix: &str, suffix: &str) -> Output<U> {
        let value = match &self.value {
            Inner::Known(value) => Inner::Known(format!("{prefix}{value}{suffix}")),
            Inner::Reference(reference) => Inner::Reference(Reference {
                prefix: format!("{prefix}{}", reference.prefix),
                suffix: format!("{}{suffix}", reference.suffix),
                ..reference.clone()
            }),
        };
        Output { value, marker: PhantomData }
    }

    /// The value.
    ///
    /// # Errors
    /// A failure of the tool itself where the reference was not resolved before the call that needs it.
    pub fn get(&self) -> Result<&str, Failure> {
        match &self.value {
            Inner::Known(value) => Ok(value),
            Inner::Reference(reference) => {
                Err(Failure::internal(format!("{}#{} was used before it was known", reference.key, reference.output)))
            }
        }
    }
}

impl<T> Clone for Output<T> {
    fn clone(&self) -> Self {
        Output { value: self.value.clone(), marker: PhantomData }
    }
}

impl<T> PartialEq for Output<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T> fmt::Debug for Output<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Inner::Known(value) => write!(f, "{value:?}"),
            Inner::Reference(reference) => write!(f, "{}#{}", reference.key, reference.output),
        }
    }
}

/// Declares the types that mark what outputs stand for: `markers! { /// A VPC's id.
/// VpcId }`. They have no values.
#[macro_export]
macro_rules! markers {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $($(#[$doc])* #[derive(Clone, Copy, Debug)] pub enum $name {})*
    };
}

const REFERENCE: &str = "$ref";
const PREFIX: &str = "$prefix";
const SUFFIX: &str = "$suffix";

impl<T> Serialize for Output<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Inner::Known(value) => serializer.serialize_str(value),
            Inner::Reference(reference) => {
                let mut map = Map::new();
                map.insert(REFERENCE.into(), format!("{}#{}", reference.key, reference.output).into());
                if !reference.prefix.is_empty() {
                    map.insert(PREFIX.into(), reference.prefix.clone().into());
                }
                if !reference.suffix.is_empty() {
                    map.insert(SUFFIX.into(), reference.suffix.clone().into());
                }
                map.serialize(serializer)
            }
        }
    }
}

impl<'de, T> Deserialize<'de> for Output<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let inner = match (&value, reference(&value)) {
            (_, Some(reference)) => Inner::Reference(reference),
            (Value::String(text), None) => Inner::Known(text.clone()),
            _ => return Err(D::Error::custom("expected a text or a reference")),
        };
        Ok(Output { value: inner, marker: PhantomData })
    }
}

/// Reads a JSON value as a reference, if it is one.
fn reference(value: &Value) -> Option<Reference> {
    let map = value.as_object()?;
    let (key, output) = map.get(REFERENCE)?.as_str()?.rsplit_once('#')?;
    let text = |name: &str| map.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Reference { key: key.parse().ok()?, output: output.to_owned(), prefix: text(PREFIX), suffix: text(SUFFIX) })
}

/// All references in a specification, in the order of its fields.
pub fn references(value: &Value) -> Vec<Reference> {
    fn walk(value: &Value, found: &mut Vec<Reference>) {
        if let Some(reference) = reference(value) {
            return found.push(reference);
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            Value::Object(map) => map.values().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(value, &mut found);
    found
}

/// Replaces each reference that `lookup` knows by its value and leaves the others as they are.
pub fn resolve(value: &Value, lookup: &dyn Fn(&Reference) -> Option<String>) -> Value {
    if let Some(reference) = reference(value) {
        return match lookup(&reference) {
            Some(known) => Value::String(format!("{}{known}{}", reference.prefix, reference.suffix)),
            None => value.clone(),
        };
    }
    match value {
        Value::Array(items) => items.iter().map(|item| resolve(item, lookup)).collect(),
        Value::Object(map) => map.iter().map(|(name, item)| (name.clone(), resolve(item, lookup))).collect(),
        plain => plain.clone(),
    }
}

/// True where a value holds a reference that isn't resolved yet.
pub fn is_open(value: &Value) -> bool {
    !references(value).is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_found_resolved_and_read_back() {
        let arn: Output<()> = Output::of(&Key::new("secret", "payments"), "arn");
        let spec = json!({ "secrets": [{ "from": arn.wrap::<()>("", ":password::") }], "plain": 1 });
        assert_eq!(references(&spec)[0].key.as_str(), "secret/payments");
        let resolved = resolve(&spec, &|reference| (reference.output == "arn").then(|| "arn:x".to_owned()));
        assert_eq!(resolved, json!({ "secrets": [{ "from": "arn:x:password::" }], "plain": 1 }));
        assert!(is_open(&spec) && !is_open(&resolved));
        let back: Output<()> = serde_json::from_value(spec["secrets"][0]["from"].clone()).expect("a reference");
        assert_eq!(back, arn.wrap("", ":password::"));
    }
}
