//! What is remembered: entries of the journal, and the book that they fold into.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Chapter, Failure, Key, Outputs, generation::Spent};

/// How far a resource got.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// A create call was about to be sent; whether it was is not known.
    Intended,
    /// It exists; its settings or its readiness may be missing.
    Created,
    /// It is as it was last wanted.
    Ready,
    /// An update was about to be sent.
    Updating,
    /// A delete was about to be sent.
    Deleting,
}

/// One resource as it is remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its key.
    pub key: Key,
    /// Where it belongs.
    pub chapter: Chapter,
    /// Its physical name.
    pub name: String,
    /// How far it got.
    pub phase: Phase,
    /// How often it was replaced.
    pub generation: u32,
    /// AWS's id; empty while it is only intended.
    pub id: String,
    /// What it gives to others.
    pub outputs: Outputs,
    /// The specification last applied, references resolved; null until it was ready once.
    pub spec: Value,
    /// What it refers to.
    pub dependencies: Vec<Key>,
}

impl Record {
    /// What it gives to others; nothing where a change was under way that may have given it another value.
    pub fn settled_outputs(&self) -> Outputs {
        if self.phase == Phase::Ready { self.outputs.clone() } else { Outputs::new() }
    }
}

/// A predecessor that was replaced and still has to go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deposed {
    /// AWS's id.
    pub id: String,
    /// Its physical name.
    pub name: String,
    /// Its outputs.
    pub outputs: Outputs,
    /// What it referred to.
    pub dependencies: Vec<Key>,
}

/// One line of the journal. Nothing in it is ever secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the fields are those of `Record`")]
pub enum Entry {
    /// Written before a create call.
    Intent { key: Key, chapter: Chapter, name: String, generation: u32, token: String, dependencies: Vec<Key> },
    /// The create call was refused: nothing was made.
    Refused { key: Key },
    /// The create call was answered, or one that nobody had recorded was found.
    Created { key: Key, id: String, outputs: Outputs },
    /// It was found on AWS, with our tags, where the state knew nothing of it.
    Adopted {
        key: Key,
        chapter: Chapter,
        name: String,
        generation: u32,
        id: String,
        outputs: Outputs,
        dependencies: Vec<Key>,
    },
    /// Written before an update call.
    Update { key: Key },
    /// It is as it is wanted.
    Applied { key: Key, id: String, outputs: Outputs, spec: Value, dependencies: Vec<Key> },
    /// It stays for now, but a successor takes its key.
    Depose { key: Key },
    /// A predecessor is gone.
    DeposedGone { key: Key, id: String },
    /// Written before a delete call.
    Delete { key: Key },
    /// It is gone.
    Gone { key: Key },
    /// Something that was chosen once and is kept, such as the mesh's provider.
    Choice { name: String, value: String, reason: String },
}

/// Something chosen once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// What was chosen.
    pub value: String,
    /// Why.
    pub reason: String,
}

/// The state: what the journal folds into.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Book {
    /// Every resource that exists or may exist.
    pub records: BTreeMap<Key, Record>,
    /// Predecessors that still have to go.
    pub deposed: BTreeMap<Key, Vec<Deposed>>,
    /// What was chosen once.
    pub choices: BTreeMap<String, Choice>,
    /// Generations whose client tokens must not be sent again.
    #[serde(default, skip_serializing_if = "Spent::is_empty")]
    pub spent: Spent,
}

impl Book {
    /// Takes in one entry. Entries about something unknown are ignored: they can only come from a journal whose beginning was
    /// lost, and what exists is found by its tags anyway.
    pub fn apply(&mut self, entry: &Entry) {
        match entry.clone() {
            Entry::Intent { key, chapter, name, generation, dependencies, token: _ } => {
                let record = Record {
                    key: key.clone(),
                    chapter,
                    name,
                    phase: Phase::Intended,
                    generation,
                    id: String::new(),
                    outputs: Outputs::new(),
                    spec: Value::Null,
                    dependencies,
                };
                self.records.insert(key, record);
            }
            Entry::Adopted { key, chapter, name, generation, id, outputs, dependencies } => {
                let spec = Value::Null;
                let record = Record {
                    key: key.clone(),
                    chapter,
                    name,
                    phase: Phase::Created,
                    generation,
                    id,
                    outputs,
                    spec,
                    dependencies,
                };
                self.records.insert(key, record);
            }
            Entry::Created { key, id, outputs } => self.change(&key, |record| {
                record.phase = Phase::Created;
                record.id = id;
                record.outputs.extend(outputs);
            }),
            Entry::Update { key } => self.change(&key, |record| record.phase = Phase::Updating),
            Entry::Applied { key, id, outputs, spec, dependencies } => self.change(&key, |record| {
                record.phase = Phase::Ready;
                record.id = id;
                record.outputs = outputs;
                record.spec = spec;
                record.dependencies = dependencies;
            }),
            Entry::Depose { key } => {
                if let Some(record) = self.remove(&key) {
                    let Record { id, name, outputs, dependencies, .. } = record;
                    self.deposed.entry(key).or_default().push(Deposed { id, name, outputs, dependencies });
                }
            }
            Entry::DeposedGone { key, id } => {
                if let Some(left) = self.deposed.get_mut(&key) {
                    left.retain(|deposed| deposed.id != id);
                    if left.is_empty() {
                        self.deposed.remove(&key);
                    }
                }
            }
            Entry::Delete { key } => self.change(&key, |record| record.phase = Phase::Deleting),
            Entry::Refused { key } | Entry::Gone { key } => drop(self.remove(&key)),
            Entry::Choice { name, value, reason } => {
                self.choices.insert(name, Choice { value, reason });
            }
        }
    }

    /// Takes a record out; its generation stays used.
    fn remove(&mut self, key: &Key) -> Option<Record> {
        let record = self.records.remove(key)?;
        self.spent.note(key.clone(), record.generation);
        Some(record)
    }

    /// The last generation of a key that was made or tried, if any was.
    pub fn last_generation(&self, key: &Key) -> Option<u32> {
        self.records.get(key).map(|record| record.generation).max(self.spent.last(key))
    }

    fn change(&mut self, key: &Key, edit: impl FnOnce(&mut Record)) {
        if let Some(record) = self.records.get_mut(key) {
            edit(record);
        }
    }

    /// An output of a resource, if it exists and has it.
    pub fn output(&self, key: &Key, output: &str) -> Option<&String> {
        self.records.get(key)?.outputs.get(output)
    }

    /// True where nothing exists and nothing may exist.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.deposed.is_empty()
    }
}

/// Where entries go: durable once the call returns.
pub trait Ledger: Send + Sync {
    /// Appends one entry.
    ///
    /// # Errors
    /// [`Class::Internal`](super::Class::Internal) where it can't be made durable; the call that it announces must not be made then.
    fn append(&self, entry: &Entry) -> Result<(), Failure>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::new("ecs-service", "payments")
    }

    fn intent(generation: u32) -> Entry {
        let (token, dependencies) = (String::new(), Vec::new());
        Entry::Intent { key: key(), chapter: Chapter::Services, name: "s".into(), generation, token, dependencies }
    }

    #[test]
    fn a_generation_outlives_its_resource() {
        for end in [Entry::Gone { key: key() }, Entry::Refused { key: key() }, Entry::Depose { key: key() }] {
            let mut book = Book::default();
            assert_eq!(book.last_generation(&key()), None);
            book.apply(&intent(3));
            book.apply(&end);
            assert_eq!(book.last_generation(&key()), Some(3), "{end:?}");
            let text = serde_json::to_string(&book).expect("plain data");
            let again: Book = serde_json::from_str(&text).expect("what was written");
            assert_eq!(again, book, "{end:?}");
        }
    }

    #[test]
    fn a_snapshot_that_knows_no_generations_is_still_read() {
        let book: Book = serde_json::from_str(r#"{"records":{},"deposed":{},"choices":{}}"#).expect("an old snapshot");
        assert_eq!(book, Book::default());
        assert!(!serde_json::to_string(&book).expect("plain data").contains("spent"));
    }
}
