//! What AWS shows of the environment, kind by kind, and where that differs from the state.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::{
    Problems,
    report::{Difference, FoundStatus},
};
use crate::{
    engine::{
        Answers, Book, Key, Kind, Life, Outputs, Phase, Scope, Sighting, Tagged, Target,
        environment::TAG_ENVIRONMENT_ID,
        survey::{Vanished, persist},
    },
    operation::{Leftover, Workspace, facts},
};

/// Everything that AWS showed.
pub struct Inventory {
    /// What was seen, of all kinds.
    pub sightings: Vec<Sighting>,
    /// The kinds whose look was answered: of the others nothing can be said.
    answered: BTreeSet<&'static str>,
    /// The kinds of which nothing is there any more.
    vanished: Vanished,
}

/// Looks for everything that is recorded; without an environment id, which is without a state, for everything that bears the suffix.
pub async fn take(workspace: &Workspace, book: &Book, id: Option<&str>, problems: &Problems) -> Inventory {
    let suffix = workspace.suffix.as_str();
    let search = persist(&workspace.jitter, || workspace.kinds.search().search(suffix)).await;
    let tagged = problems.keep("the search by tags", search).unwrap_or_default();
    let asks = id.is_none() || facts::uses_app_mesh(book);
    let lost = if asks { facts::app_mesh_is_lost(workspace).await } else { None };
    let vanished = facts::vanished(lost.as_deref());
    let kinds = workspace.kinds.iter().filter(|kind| id.is_none() || targets(book, kind.name()).next().is_some());
    let kinds = kinds.filter(|kind| !vanished.contains_key(kind.name()));
    let answers = Answers::default();
    let looks = join_all(kinds.map(|kind| {
        let targets: Vec<Target> = targets(book, kind.name()).collect();
        look(workspace, id, targets, (&tagged, &answers), kind.as_ref(), problems)
    }))
    .await;
    let mut inventory = Inventory { sightings: Vec::new(), answered: BTreeSet::new(), vanished };
    for (kind, found) in looks.into_iter().flatten() {
        inventory.answered.insert(kind);
        inventory.sightings.extend(found);
    }
    inventory
}

async fn look(
    workspace: &Workspace,
    id: Option<&str>,
    targets: Vec<Target>,
    (tagged, answers): (&[Tagged], &Answers),
    kind: &dyn Kind,
    problems: &Problems,
) -> Option<(&'static str, Vec<Sighting>)> {
    let (suffix, sweep) = (workspace.suffix.as_str(), id.is_none());
    let scope = Scope { suffix, environment_id: id, targets: &targets, tagged, sweep, answers };
    let found = persist(&workspace.jitter, || kind.find(&scope)).await;
    problems.keep(&format!("what AWS shows of kind {}", kind.name()), found).map(|found| (kind.name(), found))
}

fn targets<'a>(book: &'a Book, kind: &'a str) -> impl Iterator<Item = Target> + 'a {
    let records = book.records.values().filter(move |record| record.key.kind() == kind).map(|record| Target {
        key: record.key.clone(),
        name: record.name.clone(),
        id: Some(record.id.clone()).filter(|id| !id.is_empty()),
        recorded: record.settled_outputs(),
        spec: record.spec.clone(),
    });
    let deposed = book.deposed.iter().filter(move |(key, _)| key.kind() == kind).flat_map(|(key, list)| {
        list.iter().map(|deposed| Target {
            key: key.clone(),
            name: deposed.name.clone(),
            id: Some(deposed.id.clone()),
            recorded: Outputs::new(),
            spec: serde_json::Value::Null,
        })
    });
    records.chain(deposed)
}

impl Inventory {
    /// How much of each kind AWS shows.
    pub fn by_kind(&self) -> Vec<FoundStatus> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for seen in self.sightings.iter().filter(|seen| !matches!(seen.life, Life::Doomed(_))) {
            *counts.entry(seen.key.kind()).or_default() += 1;
        }
        counts.into_iter().map(|(kind, resources)| FoundStatus { kind: kind.to_owned(), resources }).collect()
    }

    /// The environment ids that tags tell.
    pub fn owners(&self) -> BTreeSet<&str> {
        let tags = self.sightings.iter().filter_map(|seen| seen.tags.as_ref());
        tags.filter_map(|tags| tags.get(TAG_ENVIRONMENT_ID)).map(String::as_str).collect()
    }

    /// What goes by itself.
    pub fn doomed(&self) -> Vec<Leftover> {
        let doomed = self.sightings.iter().filter_map(|seen| match &seen.life {
            Life::Doomed(note) => Some(Leftover { key: seen.key.to_string(), id: seen.id.clone(), note: note.clone() }),
            _ => None,
        });
        doomed.collect()
    }

    /// What the state says and AWS doesn't, and the other way round. Settings are not compared: that is what `plan` does.
    pub fn differences(&self, book: &Book) -> Vec<Difference> {
        let mut seen: BTreeMap<&Key, Vec<&Sighting>> = BTreeMap::new();
        for sighting in &self.sightings {
            seen.entry(&sighting.key).or_default().push(sighting);
        }
        let mut all = Vec::new();
        let is_known = |kind: &str| self.answered.contains(kind) || self.vanished.contains_key(kind);
        for record in book.records.values().filter(|record| is_known(record.key.kind())) {
            let bearers = seen.get(&record.key).map(Vec::as_slice).unwrap_or_default();
            let says = if record.id.is_empty() {
                "to be created; whether it was is not known".to_owned()
            } else {
                format!("{} ({})", phase(record.phase), record.id)
            };
            let aws = match bearers.iter().find(|seen| seen.id == record.id).or(bearers.first()) {
                None => Some(self.vanished.get(record.key.kind()).map_or("not there", String::as_str).to_owned()),
                Some(one) if one.id != record.id => Some(format!("another: {}", one.id)),
                Some(one) => ailment(&one.life).filter(|_| record.phase != Phase::Deleting),
            };
            let difference =
                |aws| Difference { key: record.key.to_string(), name: record.name.clone(), state: says, aws };
            all.extend(aws.map(difference));
        }
        all.extend(self.unrecorded(book));
        all.sort();
        all
    }

    /// What bears one of our keys that the state doesn't have.
    fn unrecorded<'a>(&'a self, book: &'a Book) -> impl Iterator<Item = Difference> + 'a {
        let is_deposed = |seen: &Sighting| {
            book.deposed.get(&seen.key).is_some_and(|list| list.iter().any(|deposed| deposed.id == seen.id))
        };
        let is_new = move |seen: &&Sighting| {
            !book.records.contains_key(&seen.key)
                && !is_deposed(seen)
                && !matches!(seen.life, Life::Doomed(_) | Life::Kept(_))
        };
        self.sightings.iter().filter(is_new).map(|seen| Difference {
            key: seen.key.to_string(),
            name: seen.name.clone(),
            state: "not recorded".to_owned(),
            aws: format!("exists ({})", seen.id),
        })
    }
}

/// A phase as the state's file calls it.
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Intended => "intended",
        Phase::Created => "created",
        Phase::Ready => "ready",
        Phase::Updating => "updating",
        Phase::Deleting => "deleting",
    }
}

fn ailment(life: &Life) -> Option<String> {
    match life {
        Life::Live | Life::Kept(_) => None,
        Life::Ending(text) | Life::Doomed(text) => Some(format!("on its way out: {text}")),
        Life::Broken(text) => Some(format!("broken: {text}")),
    }
}
