//! What can be checked without AWS.

use super::Check;
use crate::{
    aws::secrets::facts::NOT_AFTER,
    engine::Book,
    operation::{Workspace, package, rotate},
    state::StateError,
};

/// What the state knows of the certificates: one check for each thing to know, or that all is well. None before there are any.
pub fn certificates(workspace: &Workspace, book: &Book) -> Vec<Check> {
    const NAME: &str = "certificates";
    let Some(authority) = book.records.get(&rotate::authority::key()) else { return Vec::new() };
    let notices = rotate::notices(&authority.outputs, book, &workspace.config, workspace.aws.now());
    if notices.is_empty() {
        let until = authority.outputs.get(NOT_AFTER).map_or("", String::as_str);
        return vec![Check::ok(NAME, format!("their authority is valid until {until}"))];
    }
    notices.into_iter().map(|notice| Check::warning(NAME, notice.what, notice.remedy)).collect()
}

/// Whether the rotator beside platformctl can run on Lambda. None where none is needed, or where AWS is simulated and runs its own.
pub fn rotator(workspace: &Workspace) -> Option<Check> {
    const NAME: &str = "rotator";
    if !package::is_needed(&workspace.config) || workspace.rotator == package::Source::StandIn {
        return None;
    }
    Some(match package::rotator(workspace) {
        Ok(code) => Check::ok(NAME, format!("{} runs on Lambda ({})", package::PROGRAM, code.architecture)),
        Err(failure) => {
            let remedy = failure.remedy.clone().unwrap_or_default();
            Check::failed(NAME, failure.message.clone(), remedy)
        }
    })
}

/// Whether every name is within its kind's limit.
pub fn names(workspace: &Workspace) -> Check {
    const NAME: &str = "names";
    match workspace.config.check_names(&workspace.suffix) {
        Ok(()) => Check::ok(NAME, format!("all fit with the suffix '{}'", workspace.suffix)),
        Err(error) => Check::failed(NAME, error.to_string(), "shorten the suffix or the services' names"),
    }
}

/// Whether the state can be read and written, and nobody is at work. Takes the lock for a moment; a directory that was made for
/// that is removed again.
pub fn state(workspace: &Workspace) -> Check {
    const NAME: &str = "state";
    let store = &workspace.store;
    let journal = store.journal();
    let place = journal.parent().unwrap_or(&journal).display().to_string();
    let failed = |error: &StateError| Check::failed(NAME, error.to_string(), error.remedy());
    let was_there = journal.parent().is_some_and(std::path::Path::exists);
    let lock = match store.lock("doctor") {
        Ok(lock) => lock,
        Err(error @ StateError::Locked { .. }) => return Check::warning(NAME, error.to_string(), error.remedy()),
        Err(error) => return failed(&error),
    };
    let loaded = store.load(workspace.suffix.as_str(), &workspace.aws.account, &workspace.aws.region);
    let checked = match loaded {
        Err(error) => failed(&error),
        Ok(None) => Check::ok(NAME, format!("{place} can be written; there is none yet")),
        Ok(Some(loaded)) => match loaded.warning {
            Some(warning) => Check::warning(NAME, warning, "nothing: the next run looks it up"),
            None => Check::ok(NAME, format!("{place} is free; {} resources are recorded", loaded.book.records.len())),
        },
    };
    if !was_there && let Err(error) = store.remove() {
        return failed(&error);
    }
    drop(lock);
    checked
}
