//! Specifications and the policies inside them, by resource.

use serde_json::{Map, Value};

use super::Chosen;
use crate::{engine::Node, view::values::legible};

impl Chosen<'_> {
    /// The resources that are wanted: all, or those of one service.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.blueprint.nodes().iter().filter(|node| match self.service {
            None => true,
            Some(service) => self.owner(node) == Some(service),
        })
    }

    /// The services that are wanted: all, or the one.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.config
            .services
            .keys()
            .map(String::as_str)
            .filter(|name| self.service.is_none_or(|service| service == *name))
    }

    /// The service that a resource belongs to: keys are `payments`, `payments-blue`, `execution-payments`. Of several services whose
    /// names match (`pay` and `pay-roll`), it is the longest one's.
    fn owner(&self, node: &Node) -> Option<&str> {
        let name = format!("-{}-", node.key.name());
        let services = self.config.services.keys().map(String::as_str);
        services.filter(|service| name.contains(&format!("-{service}-"))).max_by_key(|service| service.len())
    }
}

/// The specifications of one kind.
pub fn of_kind(chosen: &Chosen<'_>, kind: &str) -> Value {
    let nodes = chosen.nodes().filter(|node| node.key.kind() == kind);
    nodes.map(|node| (node.key.to_string(), legible(&node.spec))).collect::<Map<_, _>>().into()
}

/// All policy documents in the specifications of some kinds: by resource, then by where they stand in it.
pub fn policies(chosen: &Chosen<'_>, kinds: impl Fn(&str) -> bool) -> Value {
    let mut found = Map::new();
    for node in chosen.nodes().filter(|node| kinds(node.key.kind())) {
        let mut inside = Map::new();
        collect("", &legible(&node.spec), &mut inside);
        if !inside.is_empty() {
            found.insert(node.key.to_string(), inside.into());
        }
    }
    found.into()
}

/// A policy document is an object with statements (IAM User Guide, "Grammar of the IAM JSON policy language").
fn collect(path: &str, value: &Value, found: &mut Map<String, Value>) {
    match value {
        Value::Object(fields) if fields.contains_key("Statement") => {
            found.insert(path.to_owned(), value.clone());
        }
        Value::Object(fields) => {
            for (name, inner) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(&path, inner, found);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                let name = inner.get("name").and_then(Value::as_str).map_or_else(|| index.to_string(), str::to_owned);
                collect(&format!("{path}[{name}]"), inner, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn policies_are_found_wherever_they_stand() {
        let policy = json!({"Version": "2012-10-17", "Statement": []});
        let spec = json!({"trust": policy, "inline": [{"name": "own", "document": policy}], "other": {"a": 1}});
        let mut found = Map::new();
        collect("", &spec, &mut found);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["trust", "inline[own].document"]);
    }
}
