//! Why a step failed. Secrets Manager repeats the rotation; a person reads this in the function's log.

use super::Step;
use crate::{engine::Failure, mesh::MeshError};

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// A call failed.
    #[error("{doing}: {failure}")]
    Call {
        /// What was being done.
        doing: &'static str,
        /// How the call failed.
        failure: Failure,
    },
    /// A certificate could not be made, or is not as it should be.
    #[error("{doing}: {error}")]
    Mesh {
        /// What was being done.
        doing: &'static str,
        /// What was wrong. Never anything of a key.
        error: MeshError,
    },
    /// A variable of the function is missing, or makes no sense.
    #[error("the function's variable {0} is not set, or not as it should be; run platformctl up, which sets it")]
    Unset(&'static str),
    /// The secret is none of this environment's.
    #[error("the secret '{0}' holds neither credentials nor a certificate of a service of this environment")]
    Stranger(String),
    /// The version is not the one that is being made.
    #[error("version {version} of the secret is not pending; {step} was called for a rotation that is over")]
    NotPending {
        /// The step.
        step: &'static str,
        /// The version.
        version: String,
    },
    /// The version has no value yet.
    #[error("version {0} of the secret has no value yet; createSecret comes first")]
    Empty(String),
    /// The secret's text is not what it should be.
    #[error("version {0} of the secret does not hold what it should; if somebody changed it by hand, put it back")]
    Malformed(String),
    /// The authority has changed since the certificate was issued.
    #[error(
        "the pending certificate of {0} was issued before the mesh's authority changed, and is given up; the one in use stays, and the next \
         rotation, or `platformctl rotate certificates`, issues another"
    )]
    Outdated(String),
    /// The pending credentials are of the user that is in use.
    #[error("the pending credentials are of {0}, who is in use: changing the password would break running tasks")]
    InUse(String),
    /// Running tasks still hold the password that is about to be changed.
    #[error(
        "a deployment of {0} is under way, whose tasks may hold the credentials that are about to be replaced; the rotation goes on \
         when it is done"
    )]
    RollingOut(String),
    /// Running tasks still hold the password that is about to be changed, and nothing was replacing them.
    #[error(
        "tasks of {0} still hold the credentials that are about to be replaced; a deployment that gives them the current ones has \
         been started, and the rotation goes on when it is done"
    )]
    NotRolledOut(String),
    /// Running tasks hold an old certificate, and a deployment under way keeps another from being started.
    #[error(
        "tasks of {0} hold a certificate older than the one before; the deployment that is under way has to end before another brings them \
         the new one"
    )]
    Ageing(String),
    /// Somebody else answered the log-in.
    #[error("logged in with the pending credentials of {wanted}, but as {found}")]
    SomebodyElse {
        /// Who should have been logged in.
        wanted: String,
        /// Who was.
        found: String,
    },
    /// The user can't make anything in its schema.
    #[error("{0} logs in but can't create anything in its schema")]
    NoSchema(String),
    /// An earlier step was not done.
    #[error("{step} can't be done before {before}")]
    TooEarly {
        /// The step.
        step: &'static str,
        /// The step that is missing.
        before: &'static str,
    },
}

impl RotationError {
    /// An earlier step was not done.
    pub(super) fn too_early(step: Step, before: Step) -> Self {
        RotationError::TooEarly { step: step.name(), before: before.name() }
    }
}
