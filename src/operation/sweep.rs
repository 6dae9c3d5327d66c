//! The end of a destroy: what came back meanwhile goes as well, and the proof that nothing is left.

use std::sync::Mutex;

use super::{Leftover, OperationError, Prepared, Workspace, leftovers, leftovers::look};
use crate::engine::{
    Blueprint, Book, Entry, Failure, Interrupt, Ledger, Planner, Room, event::Silent, execute::Bench, schedule,
};

/// Looks for what is left, and takes it away once more: AWS's own writers make a log group anew that was deleted under them. Returns what is
/// left after that, and what AWS keeps for some days by rule.
///
/// # Errors
/// Where a look fails: nothing can be said then.
pub async fn sweep(
    workspace: &Workspace,
    prepared: &Prepared,
    interrupt: &Interrupt,
) -> Result<(Vec<Leftover>, Vec<Leftover>), OperationError> {
    let first = leftovers(workspace, prepared).await?;
    if first.0.is_empty() {
        return Ok(first);
    }
    let (nothing, wanted) = (Book::default(), Blueprint::default());
    let survey = look(workspace, prepared, &nothing).await?;
    let planner = Planner {
        kinds: &workspace.kinds,
        blueprint: &wanted,
        reference: &prepared.reference,
        book: &nothing,
        environment: &prepared.environment,
        survey: &survey,
        vanished: &prepared.found.vanished,
    };
    // What is not ours stays, and is in the list.
    let Ok(plan) = planner.plan() else { return Ok(first) };
    let book = Mutex::new(nothing.clone());
    let bench = Bench {
        kinds: &workspace.kinds,
        environment: &prepared.environment,
        ledger: &Unrecorded,
        book: &book,
        observer: &Silent,
        interrupt,
        jitter: &workspace.jitter,
        room: &Room::default(),
    };
    // What fails now is among what is left.
    schedule::run(&bench, &plan, &wanted).await?;
    leftovers(workspace, prepared).await
}

/// The state went with the environment, and a deletion needs none: what it doesn't reach is found by tag or name again.
struct Unrecorded;

impl Ledger for Unrecorded {
    fn append(&self, _entry: &Entry) -> Result<(), Failure> {
        Ok(())
    }
}
