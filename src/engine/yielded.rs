//! What is left to others: fields that somebody else decides once the resource exists, and that are not what the configuration says.

use serde::Serialize;
use serde_json::Value;

use super::{Blueprint, Book, Key, Kinds, diff, output, resource::Change, survey::Survey};

/// A field that is left as it is, though the configuration says something else.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Yielded {
    /// The resource.
    pub key: Key,
    /// The field of the specification.
    pub field: String,
    /// Who decides it.
    pub owner: &'static str,
    /// What is there.
    pub found: Value,
    /// What the configuration says.
    pub configured: Value,
}

/// What is left to others, in reading order.
pub fn yielded(kinds: &Kinds, blueprint: &Blueprint, book: &Book, survey: &Survey) -> Vec<Yielded> {
    let mut all = Vec::new();
    for node in blueprint.nodes() {
        let Ok(kind) = kinds.get(node.key.kind()) else { continue };
        let Some(seen) = survey.sightings.get(&node.key) else { continue };
        let applied = book.records.get(&node.key).map(|record| &record.spec);
        let lookup = |reference: &super::Reference| {
            let seen = survey.sightings.get(&reference.key).and_then(|seen| seen.outputs.get(&reference.output));
            seen.or_else(|| book.output(&reference.key, &reference.output)).cloned()
        };
        let wanted = output::resolve(&node.spec, &lookup);
        for (field, configured) in wanted.as_object().into_iter().flatten() {
            let rule = kind.field(field);
            let Change::Owned(owner) = rule.change else { continue };
            let found = seen.observed.get(field).or_else(|| applied.and_then(|spec| spec.get(field)));
            if let Some(found) = found.filter(|found| !diff::same(rule, configured, found)) {
                all.push(Yielded {
                    key: node.key.clone(),
                    field: field.clone(),
                    owner,
                    found: found.clone(),
                    configured: configured.clone(),
                });
            }
        }
    }
    all
}
