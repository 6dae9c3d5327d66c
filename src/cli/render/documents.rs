//! Requests and documents, by resource.

use serde_json::{Map, Value};

use super::Chosen;
use crate::{
    cli::CliError,
    engine::Node,
    operation::{OperationError, rehearse},
    view::values::legible,
};

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

/// The create requests of some kinds, by resource, in AWS's own form.
///
/// # Errors
/// Never for a configuration that was checked.
pub async fn requests(chosen: &Chosen<'_>, kinds: &[&str]) -> Result<Map<String, Value>, CliError> {
    let nodes = chosen.nodes().filter(|node| kinds.contains(&node.key.kind()));
    let requests = rehearse(chosen.config, chosen.suffix, chosen.facts, nodes).await.map_err(OperationError::from)?;
    Ok(requests.into_iter().map(|(key, request)| (key.to_string(), request)).collect())
}

/// Where one service was asked for and has one document, that document and nothing around it, so that other tools can take it as it is.
pub fn alone(chosen: &Chosen<'_>, mut documents: Map<String, Value>) -> Value {
    match documents.len() {
        1 if chosen.service.is_some() => documents.values_mut().next().map(Value::take).unwrap_or_default(),
        _ => documents.into(),
    }
}

/// One field of the only resource of a kind.
pub fn field(chosen: &Chosen<'_>, kind: &str, field: &str) -> Value {
    let only = chosen.blueprint.nodes().iter().find(|node| node.key.kind() == kind);
    only.and_then(|node| node.spec.get(field)).map(legible).unwrap_or_default()
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
