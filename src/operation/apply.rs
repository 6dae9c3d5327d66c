//! Carrying out a plan.

use std::sync::Mutex;

use super::{Intention, OperationError, Prepared, Workspace};
use crate::engine::{
    Entry, Interrupt, Ledger, Observer,
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
    for entry in prepared.found.choices.iter().cloned().chain(forgotten(prepared)) {
        journal.append(&entry)?;
        book.apply(&entry);
    }
    let book = Mutex::new(book);
    let bench = Bench {
        kinds: &workspace.kinds,
        environment: &prepared.environment,
        ledger: &journal,
        book: &book,
        observer,
        interrupt,
        jitter: &workspace.jitter,
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
