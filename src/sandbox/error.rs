//! Errors of the simulated API, and of the sandbox itself.

use std::path::PathBuf;

use aws_smithy_runtime_api::client::result::CreateUnhandledError;
use aws_smithy_types::error::{ErrorMetadata, operation::BuildError};
use thiserror::Error;

/// An error as AWS answers it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// AWS's error code, such as `InvalidVpcID.NotFound`.
    pub code: String,
    /// AWS's message.
    pub message: String,
}

impl ApiError {
    /// A refusal: status 400, as most services answer for whatever the caller got wrong.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.into(), message: message.into() }
    }

    /// The same with another HTTP status.
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// As the SDK's error of one operation; code, message and request id are found through `ProvideErrorMetadata`.
    pub(super) fn into_operation_error<E: CreateUnhandledError>(self, request_id: &str) -> E {
        let source = self.to_string();
        let meta =
            ErrorMetadata::builder().code(self.code).message(self.message).custom("aws_request_id", request_id).build();
        E::create_unhandled_error(source.into(), Some(meta))
    }
}

/// An answer that lacks what the SDK requires of it: a defect of the handler, told as AWS tells its own.
impl From<BuildError> for ApiError {
    fn from(error: BuildError) -> Self {
        Self::new("InternalFailure", error.to_string()).with_status(500)
    }
}

/// Why the sandbox itself cannot work.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// A file of the sandbox cannot be read or written.
    #[error("the sandbox cannot {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A file of the sandbox does not hold what it should.
    #[error("the sandbox's file {path} is damaged; delete the directory to start with an empty account")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where and how.
        source: serde_json::Error,
    },
    /// The directory belongs to another account or region.
    #[error("the sandbox in {path} is account {found}, not {wanted}")]
    AnotherAccount {
        /// The sandbox's directory.
        path: PathBuf,
        /// What it holds, as `account/region`.
        found: String,
        /// What was asked for.
        wanted: String,
    },
}
