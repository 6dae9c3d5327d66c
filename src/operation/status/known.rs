//! What is known to exist, from whichever source knows it.

use std::collections::BTreeMap;

use crate::engine::{Book, Key, Life, Outputs, Sighting};

/// One thing that exists.
#[derive(Clone, Debug)]
pub struct Thing {
    /// Its physical name.
    pub name: String,
    /// AWS's id.
    pub id: String,
    /// What it gives to others.
    pub outputs: Outputs,
}

/// Everything that exists: by the state, or where there is none, as AWS showed it.
#[derive(Clone, Debug, Default)]
pub struct Known(BTreeMap<Key, Thing>);

impl Known {
    /// What the state says exists.
    pub fn of_book(book: &Book) -> Self {
        let records = book.records.values().filter(|record| !record.id.is_empty());
        let thing = |record: &crate::engine::Record| Thing {
            name: record.name.clone(),
            id: record.id.clone(),
            outputs: record.outputs.clone(),
        };
        Known(records.map(|record| (record.key.clone(), thing(record))).collect())
    }

    /// What AWS showed, without what is going for good.
    pub fn of_sightings(sightings: &[Sighting]) -> Self {
        let staying = sightings.iter().filter(|seen| !matches!(seen.life, Life::Doomed(_) | Life::Kept(_)));
        let thing =
            |seen: &Sighting| Thing { name: seen.name.clone(), id: seen.id.clone(), outputs: seen.outputs.clone() };
        Known(staying.map(|seen| (seen.key.clone(), thing(seen))).collect())
    }

    /// True where nothing exists.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A thing by kind and name.
    pub fn get(&self, kind: &str, name: &str) -> Option<&Thing> {
        self.0.get(&Key::new(kind, name))
    }

    /// All things of a kind, with the names of their keys.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Thing)> {
        self.0.iter().filter(move |(key, _)| key.kind() == kind).map(|(key, thing)| (key.name(), thing))
    }
}
