//! The stable name of a resource inside an environment.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// `kind/name`, for example `subnet/public-a`. It is the same in every environment and in every run, so that the state,
/// the tags on AWS and the output of the tool all speak of one thing by one name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Arc<str>);

impl Key {
    /// Joins a kind and a name. Neither may hold a `/`, which only the blueprint's own constants decide.
    pub fn new(kind: &str, name: &str) -> Self {
        Key(format!("{kind}/{name}").into())
    }

    /// The part before the slash: `subnet`.
    pub fn kind(&self) -> &str {
        self.0.split_once('/').map_or("", |(kind, _)| kind)
    }

    /// The part after the slash: `public-a`.
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// The whole key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of the tag `platformctl:key`. Replaced resources live side by side for a while; the generation tells
    /// which is which when the state is lost. Generation 0 is the plain key.
    pub fn tag(&self, generation: u32) -> String {
        if generation == 0 { self.0.to_string() } else { format!("{}@{generation}", self.0) }
    }

    /// Reads a tag written by [`Key::tag`]; `None` where the value is not of that form.
    pub fn from_tag(value: &str) -> Option<(Key, u32)> {
        let (key, generation) = match value.rsplit_once('@') {
            Some((key, generation)) => (key, generation.parse().ok()?),
            None => (value, 0),
        };
        Some((key.parse().ok()?, generation))
    }
}

/// A text that is not `kind/name`.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not a resource key of the form kind/name")]
pub struct KeyError(String);

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        match text.split_once('/') {
            Some((kind, name)) if !kind.is_empty() && !name.is_empty() => Ok(Key(text.into())),
            _ => Err(KeyError(text.to_owned())),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_carries_the_generation_and_comes_back() {
        let key = Key::new("subnet", "public-a");
        assert_eq!(key.tag(0), "subnet/public-a");
        assert_eq!(Key::from_tag(&key.tag(3)), Some((key.clone(), 3)));
        assert_eq!(Key::from_tag("subnet/public-a"), Some((key, 0)));
        assert_eq!(Key::from_tag("nonsense"), None);
        assert_eq!(Key::from_tag("subnet/a@x"), None);
    }
}
