//! How an environment fares: what the state says against what AWS says.
//!
//! Every look stands for itself: one that fails is told among the problems and hides no other.

mod inventory;
mod known;
pub mod report;
mod sections;
mod services;
mod summary;

use std::sync::Mutex;

pub use report::StatusReport;
use report::{Problem, SERVICE_COLUMNS};

use super::{OperationError, Workspace};
use crate::engine::{Book, Failure};
use known::Known;

/// What could not be read, collected by all looks.
#[derive(Default)]
struct Problems(Mutex<Vec<Problem>>);

impl Problems {
    /// Keeps the answer, or tells why there is none.
    fn keep<T>(&self, what: &str, answer: Result<T, Failure>) -> Option<T> {
        answer.map_err(|failure| self.add(what, &failure)).ok()
    }

    fn add(&self, what: &str, failure: &Failure) {
        let problem = Problem { what: what.to_owned(), message: failure.to_string(), remedy: failure.remedy.clone() };
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(problem);
    }

    fn into_list(self) -> Vec<Problem> {
        self.0.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Looks at everything: the state, AWS, and where they differ.
///
/// # Errors
/// Where the state can't be used. Looks at AWS that fail are in the report.
pub async fn status(workspace: &Workspace) -> Result<StatusReport, OperationError> {
    status_with(workspace, true).await
}

/// [`status`]; without `compare`, the resources of the state are not looked for one by one, which is most of the calls: for looking
/// again and again. Where there is no state they always are.
///
/// # Errors
/// As [`status`].
pub async fn status_with(workspace: &Workspace, compare: bool) -> Result<StatusReport, OperationError> {
    let loaded = workspace.load()?;
    let problems = Problems::default();
    let empty = Book::default();
    let book = loaded.as_ref().map_or(&empty, |loaded| &loaded.book);
    let id = loaded.as_ref().map(|loaded| loaded.header.environment_id.as_str());
    let inventory = match compare || loaded.is_none() {
        true => Some(inventory::take(workspace, book, id, &problems).await),
        false => None,
    };
    let known = match (&loaded, &inventory) {
        (None, Some(inventory)) => Known::of_sightings(&inventory.sightings),
        _ => Known::of_book(book),
    };
    let (load_balancer, (services, alarms, picture)) = futures::join!(
        sections::load_balancer(workspace, &known, &problems),
        services::look(workspace, &known, &problems)
    );
    let mut report = StatusReport {
        environment: sections::environment(workspace, loaded.as_ref(), inventory.as_ref(), &known, &picture),
        exists: !known.is_empty() || !book.is_empty(),
        summary: String::new(),
        state: sections::state(workspace, loaded.as_ref()),
        found: inventory.as_ref().filter(|_| loaded.is_none()).map(inventory::Inventory::by_kind).unwrap_or_default(),
        load_balancer,
        columns: SERVICE_COLUMNS.to_vec(),
        services,
        alarms,
        differences: inventory.as_ref().filter(|_| loaded.is_some()).map(|inventory| inventory.differences(book)),
        doomed: inventory.as_ref().map(inventory::Inventory::doomed).unwrap_or_default(),
        problems: problems.into_list(),
    };
    report.summary = summary::of(&report);
    Ok(report)
}
