//! Carrying out a plan.

use std::sync::Mutex;

use super::{Intention, OperationError, Prepared, Workspace, room};
use crate::engine::{
    Entry, Interrupt, Ledger, Life, Observer, Phase, Record, Room,
    execute::Bench,
    schedule::{self, Outcome},
};

/// Carries out what was prepared. The state is compacted before and after; after a complete destroy it is removed.
///
/// # Errors
/// Where the state can't be written before the first step (nothing was changed then); failures of steps are in the outcome.
pub async fn apply(
    workspace: &Workspace,
    prepared: &Prepared,
    observer: &dyn Observer,
    interrupt: &Interrupt,
) -> Result<Outcome, OperationError> {
    let journal = workspace.store.open(&prepared.header, &prepared.book)?;
    let mut book = prepared.book.clone();
    for entry in prepared.found.choices.iter().cloned().chain(forgotten(prepared)).chain(taken_over(prepared)) {
        journal.append(&entry)?;
        book.apply(&entry);
    }
    let book = Mutex::new(book);
    let (room, unknown) = match room::for_services(workspace, prepared).await {
        Ok(room) => (room, None),
        Err(failure) => {
            (Room::default(), Some(format!("all services roll at once, since room for them is not known: {failure}")))
        }
    };
    let bench = Bench {
        kinds: &workspace.kinds,
        environment: &prepared.environment,
        ledger: &journal,
        book: &book,
        observer,
        interrupt,
        jitter: &workspace.jitter,
        room: &room,
    };
    let mut outcome = schedule::run(&bench, &prepared.plan, &prepared.blueprint).await?;
    let book = book.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    // The journal says everything by now. What goes wrong here costs nothing but order, and must not hide how the steps ended.
    let tidied = if prepared.intention == Intention::Destroy && outcome.is_complete() && book.is_empty() {
        workspace.store.remove()
    } else {
        let header = crate::state::Header { serial: prepared.header.serial + 1, ..prepared.header.clone() };
        workspace.store.open(&header, &book).map(drop)
    };
    outcome.warnings.extend(unknown);
    outcome.warnings.extend(tidied.err().map(|error| format!("the state was not tidied up: {error}")));
    Ok(outcome)
}

/// Predecessors that the state knows and that are gone from AWS.
fn forgotten(prepared: &Prepared) -> Vec<Entry> {
    let seen = |id: &str| prepared.survey.strays.iter().any(|stray| stray.id == id);
    let deposed = prepared.book.deposed.iter().flat_map(|(key, list)| list.iter().map(move |deposed| (key, deposed)));
    deposed
        .filter(|(_, deposed)| !seen(&deposed.id))
        .map(|(key, deposed)| Entry::DeposedGone { key: key.clone(), id: deposed.id.clone() })
        .collect()
}

/// What bears the key of something that is recorded as ready, and is another one: a revision that was deployed since. The state learns of it first, so that a
/// successor deposes the right one.
fn taken_over(prepared: &Prepared) -> Vec<Entry> {
    let entry = |record: &Record| {
        let seen = prepared.survey.sightings.get(&record.key)?;
        let other = record.phase == Phase::Ready && seen.id != record.id && seen.life == Life::Live;
        // What was seen of it, so that a difference is still one if this run is cut off.
        let mut spec = record.spec.clone();
        spec.as_object_mut()?.extend(seen.observed.clone());
        other.then(|| Entry::Applied {
            key: record.key.clone(),
            id: seen.id.clone(),
            outputs: seen.outputs.clone(),
            spec,
            dependencies: record.dependencies.clone(),
        })
    };
    prepared.book.records.values().filter_map(entry).collect()
}
