//! What is under way while a process under test dies, and the death itself.

use std::sync::Arc;

use super::engine::Sandbox;
use super::error::SandboxError;
use super::registry::{Kept, Operation};

/// A call that was sent and that AWS has not acted on yet.
#[derive(Clone)]
pub(super) struct Sent {
    pub(super) operation: Arc<Operation>,
    pub(super) input: Kept,
}

impl Sandbox {
    /// Waits until [`Failure::Dies`](super::Failure::Dies) hits a call. Whoever runs the process under test then drops everything of it: nothing
    /// survives but what is on disk.
    pub async fn killed(&self) {
        self.death().notified().await;
    }

    /// Answers calls again after a death. What the dead process had sent, and AWS had not acted on, never arrived.
    pub fn restart(&self) {
        self.revive();
    }

    /// The same, but everything that the dead process had sent arrives all the same, in the order of sending; nobody hears the answers.
    ///
    /// # Errors
    /// If the sandbox's directory cannot be written.
    pub fn restart_and_deliver(&self) -> Result<(), SandboxError> {
        for sent in self.revive() {
            // A refusal is an answer like any other: nobody hears it.
            let _ = self.act(&sent.operation, &sent.input)?;
        }
        Ok(())
    }
}
