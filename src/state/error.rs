//! What can be wrong with a state, and what to do about it.

use std::{io, path::PathBuf};

use super::Holder;

/// A state that can't be read, written or used. Nothing on AWS was touched when it is raised on opening.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A file or directory can't be read or written.
    #[error("can't {doing} {}: {source}", path.display())]
    Io {
        /// What was tried: `write`, `create`, ….
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A line in the middle can't be read: something other than platformctl wrote to the file.
    #[error("{} is damaged at line {line}: {reason}", path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Written by a newer platformctl.
    #[error("{} was written by platformctl {tool} in schema {found}; this version knows schema {known}", path.display())]
    Newer {
        /// The journal.
        path: PathBuf,
        /// The version that wrote it.
        tool: String,
        /// Its schema.
        found: u32,
        /// The newest schema that this version knows.
        known: u32,
    },
    /// The state of something else.
    #[error("{} is the state of {what} {found}, not of {wanted}", path.display())]
    Mismatch {
        /// The journal.
        path: PathBuf,
        /// `account`, `region` or `environment`.
        what: &'static str,
        /// What the state says.
        found: String,
        /// What this run is about.
        wanted: String,
    },
    /// Somebody else is at work.
    #[error("environment is locked: {holder}")]
    Locked {
        /// Who.
        holder: Holder,
    },
}

impl StateError {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            StateError::Io { path, .. } => {
                format!(
                    "make {} readable and writable for you, free space on its disk, or choose another place with --state",
                    path.display()
                )
            }
            StateError::Damaged { path, .. } => format!(
                "move {} away and run the command again: platformctl finds everything by its tags and adopts it",
                path.display()
            ),
            StateError::Newer { .. } => "use that version of platformctl or a newer one".to_owned(),
            StateError::Mismatch { what: "environment", .. } => "choose another --state".to_owned(),
            StateError::Mismatch { what, .. } => {
                format!("sign in to the {what} of the state, or choose another --env-suffix or --state")
            }
            StateError::Locked { .. } => {
                "wait until it is done; the lock goes with the process that holds it".to_owned()
            }
        }
    }

    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> StateError {
        let path = path.into();
        move |source| StateError::Io { doing, path, source }
    }
}
