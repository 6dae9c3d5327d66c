//! What ends a command without an outcome.

use std::{error::Error, io, path::Path};

use serde_json::{Map, Value, json};

use super::ExitCode;
use crate::{
    config::ConfigError,
    engine::Failure,
    mesh::MeshError,
    operation::OperationError,
    sandbox::SandboxError,
    state::StateError,
    view::{self, Printer},
};

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// An operation could not begin.
    #[error(transparent)]
    Operation(#[from] OperationError),
    /// The simulated AWS can't be used.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The mesh can't be generated.
    #[error(transparent)]
    Mesh(#[from] MeshError),
    /// The command line is wrong.
    #[error("{message}")]
    Input {
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// The terminal can't be read.
    #[error("can't read the answer")]
    Answer(#[source] io::Error),
    /// The process can't get what it needs from the operating system.
    #[error("can't start")]
    Runtime(#[source] io::Error),
    /// A person interrupted before anything was changed.
    #[error("interrupted; nothing was changed")]
    Interrupted,
    /// A person said no.
    #[error("declined; nothing was changed")]
    Declined,
}

impl CliError {
    /// Something wrong with the command line.
    pub fn input(message: impl Into<String>, hint: impl Into<String>) -> Self {
        CliError::Input { message: message.into(), hint: hint.into() }
    }

    /// How the process ends.
    pub fn exit(&self) -> ExitCode {
        match self {
            CliError::Operation(error) => error.into(),
            CliError::Sandbox(_) | CliError::Mesh(_) | CliError::Input { .. } => ExitCode::BadInput,
            CliError::Answer(_) | CliError::Runtime(_) => ExitCode::Failed,
            CliError::Interrupted | CliError::Declined => ExitCode::Interrupted,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            CliError::Operation(error) => error.remedy(),
            CliError::Sandbox(SandboxError::Io { path, .. }) => Some(writable(path)),
            CliError::Input { hint, .. } => Some(hint.clone()),
            CliError::Answer(_) => Some("pass --yes to go on without a question".to_owned()),
            _ => None,
        }
    }

    /// Shows it.
    pub fn show(&self, printer: &Printer) {
        match self {
            CliError::Operation(OperationError::Config(error)) => view::error::show_config(printer, error),
            error => view::error::show(printer, error, self.hint().as_deref()),
        }
    }

    /// As a field of the final line.
    pub fn json(&self) -> Map<String, Value> {
        let problems = match self {
            CliError::Operation(OperationError::Config(error)) => problems(error),
            _ => Vec::new(),
        };
        let error =
            json!({ "message": view::error::chain(self as &dyn Error), "hint": self.hint(), "problems": problems });
        Map::from_iter([("error".to_owned(), error)])
    }
}

fn writable(path: &Path) -> String {
    format!("make {} readable and writable for you, or choose another place with --state", path.display())
}

fn problems(error: &ConfigError) -> Vec<Value> {
    let one = |problem: &crate::config::Problem| {
        let (line, column) = problem.position().unzip();
        json!({
            "file": error.name(),
            "line": line,
            "column": column,
            "message": problem.message(),
            "remedy": problem.remedy(),
        })
    };
    error.problems().iter().map(one).collect()
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        OperationError::from(error).into()
    }
}

impl From<StateError> for CliError {
    fn from(error: StateError) -> Self {
        OperationError::from(error).into()
    }
}

impl From<Failure> for CliError {
    fn from(error: Failure) -> Self {
        OperationError::from(error).into()
    }
}
