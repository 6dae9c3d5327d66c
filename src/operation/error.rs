//! Why an operation could not begin.

use crate::{config::ConfigError, engine::Failure, state::StateError};

/// What stopped an operation before, or instead of, its steps.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// The configuration or the suffix is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The state can't be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// A call failed, or something that is not ours is in the way.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// Somebody else's deployment is under way.
    #[error("{message}")]
    Busy {
        /// Which, and whose.
        message: String,
        /// What to do about it.
        remedy: String,
    },
}

impl OperationError {
    /// What to do about it, where the message doesn't say it already.
    pub fn remedy(&self) -> Option<String> {
        match self {
            OperationError::Config(_) => None,
            OperationError::State(error) => Some(error.remedy()),
            OperationError::Failure(failure) => failure.remedy.clone(),
            OperationError::Busy { remedy, .. } => Some(remedy.clone()),
        }
    }
}
