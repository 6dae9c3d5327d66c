//! What a revision was registered from, in few characters.
//!
//! ECS gives a task definition back with defaults filled in and lists reordered, so comparing it with a specification would find
//! differences where there are none. A revision never changes, so it is enough to know which specification it came from.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Fields that say nothing about a revision's content: those that are only used by create, and those that only tell who runs it.
pub(super) const LEFT_OUT: [&str; 3] = ["placeholder", "cluster", "service"];
/// The image is `deploy`'s and is read off the revision itself.
const IMAGE: &str = "image";

/// The fields of a specification that make up the content.
pub(super) fn fields(spec: &Value) -> Map<String, Value> {
    let fields = spec.as_object().into_iter().flatten();
    let kept = fields.filter(|(name, _)| *name != IMAGE && !LEFT_OUT.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A digest of the content: 32 hexadecimal digits, the same whatever the order of a map's keys.
pub fn digest(spec: &Value) -> String {
    let canonical = sorted(&Value::Object(fields(spec))).to_string();
    Sha256::digest(canonical.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by_key(|(name, _)| *name);
            entries.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect()
        }
        plain => plain.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_digest_is_that_of_the_content_alone() {
        let one = json!({ "cpu": 1024, "application": { "a": 1, "b": 2 }, "image": "x", "service": "s" });
        let other = json!({ "application": { "b": 2, "a": 1 }, "cpu": 1024, "image": "y", "service": "t" });
        assert_eq!(digest(&one), digest(&other));
        assert_eq!(digest(&one).len(), 32);
        assert_ne!(digest(&one), digest(&json!({ "cpu": 512, "application": { "a": 1, "b": 2 } })));
    }
}
