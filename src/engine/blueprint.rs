//! What an environment should consist of, as data: resources in reading order, with references between them.

use std::{collections::BTreeMap, marker::PhantomData};

use serde_json::Value;

use super::{Key, Output, Resource, output};

/// A part of the blueprint, in reading order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Chapter {
    Network,
    Encryption,
    Registry,
    Identity,
    Data,
    Secrets,
    Mesh,
    Ingress,
    Cluster,
    Services,
    Scaling,
    Observability,
}

impl Chapter {
    /// The name as it is shown.
    pub fn title(self) -> &'static str {
        match self {
            Chapter::Network => "network",
            Chapter::Encryption => "encryption",
            Chapter::Registry => "registry",
            Chapter::Identity => "identity",
            Chapter::Data => "data",
            Chapter::Secrets => "secrets",
            Chapter::Mesh => "mesh",
            Chapter::Ingress => "ingress",
            Chapter::Cluster => "cluster",
            Chapter::Services => "services",
            Chapter::Scaling => "scaling",
            Chapter::Observability => "observability",
        }
    }
}

/// One resource that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its key.
    pub key: Key,
    /// Where it belongs.
    pub chapter: Chapter,
    /// Its physical name.
    pub name: String,
    /// Its specification, references included.
    pub spec: Value,
}

impl Node {
    /// The resources that it refers to, each once.
    pub fn dependencies(&self) -> Vec<Key> {
        dependencies(&self.spec)
    }
}

/// The resources that a specification refers to, each once.
pub fn dependencies(spec: &Value) -> Vec<Key> {
    let mut keys: Vec<Key> = output::references(spec).into_iter().map(|reference| reference.key).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// A resource in the blueprint, typed, so that others can refer to its outputs.
pub struct Handle<R> {
    key: Key,
    marker: PhantomData<fn() -> R>,
}

impl<R> Handle<R> {
    /// Its key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// One of its outputs. Kinds give these names and types: `vpc.id()`.
    pub fn output<T>(&self, name: &str) -> Output<T> {
        Output::of(&self.key, name)
    }
}

impl<R> Clone for Handle<R> {
    fn clone(&self) -> Self {
        Handle { key: self.key.clone(), marker: PhantomData }
    }
}

/// Everything that is wanted, in reading order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Blueprint {
    nodes: Vec<Node>,
    index: BTreeMap<Key, usize>,
}

impl Blueprint {
    /// Adds a resource. What it refers to must have been added before, which the handles make hard to get wrong; a second
    /// resource of the same key replaces nothing and is a defect that [`Blueprint::check`] reports.
    pub fn add<R: Resource>(
        &mut self,
        chapter: Chapter,
        name: &str,
        physical: impl Into<String>,
        spec: R,
    ) -> Handle<R> {
        let key = Key::new(R::KIND, name);
        // Specifications are plain data: strings, numbers, lists and maps with text keys.
        let spec = serde_json::to_value(spec).expect("a specification is plain data");
        self.index.insert(key.clone(), self.nodes.len());
        self.nodes.push(Node { key: key.clone(), chapter, name: physical.into(), spec });
        Handle { key, marker: PhantomData }
    }

    /// The resources in reading order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// One resource.
    pub fn get(&self, key: &Key) -> Option<&Node> {
        self.index.get(key).map(|&position| &self.nodes[position])
    }

    /// Where a resource stands in reading order.
    pub fn position(&self, key: &Key) -> Option<usize> {
        self.index.get(key).copied()
    }

    /// The part of the blueprint that `keep` chooses, without what refers to something outside it.
    pub fn part(&self, keep: impl Fn(&Node) -> bool) -> Blueprint {
        let mut part = Blueprint::default();
        for node in self.nodes.iter().filter(|node| keep(node)) {
            if node.dependencies().iter().all(|key| part.index.contains_key(key)) {
                part.index.insert(node.key.clone(), part.nodes.len());
                part.nodes.push(node.clone());
            }
        }
        part
    }

    /// Checks that keys are unique and that references only point backwards, which also rules out cycles.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub fn check(&self) -> Result<(), String> {
        for (position, node) in self.nodes.iter().enumerate() {
            if self.index.get(&node.key) != Some(&position) {
                return Err(format!("{} is in the blueprint twice", node.key));
            }
            for key in node.dependencies() {
                match self.index.get(&key) {
                    Some(&other) if other < position => {}
                    Some(_) => return Err(format!("{} refers to {key}, which comes after it", node.key)),
                    None => return Err(format!("{} refers to {key}, which is not in the blueprint", node.key)),
                }
            }
        }
        Ok(())
    }
}
