//! What is told while deployments go on.

use serde::Serialize;

use super::{Progress, Verdict};
use crate::operation::Check;

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum DeployEvent {
    /// It was checked whether the image can run.
    Checked {
        /// The service.
        service: String,
        /// What was looked at.
        checks: Vec<Check>,
    },
    /// ECS has taken the deployment on.
    Begun {
        /// The service.
        service: String,
        /// ECS's id of the deployment.
        deployment: String,
        /// The revision that it brings: `task-payments-dev:3`.
        revision: String,
        /// The image.
        image: String,
        /// It was begun by an earlier call.
        resumed: bool,
    },
    /// One look at it.
    Looked {
        /// The service.
        service: String,
        /// How far it is.
        progress: Progress,
    },
    /// ECS, or a task that stopped, says something new.
    News {
        /// The service.
        service: String,
        /// When, in seconds since 1970.
        at: i64,
        /// What.
        text: String,
        /// Something is wrong.
        bad: bool,
    },
    /// platformctl itself did something about it.
    Acted {
        /// The service.
        service: String,
        /// What.
        text: String,
    },
    /// It has its verdict.
    Ended {
        /// The service.
        service: String,
        /// The verdict.
        verdict: Verdict,
    },
}

/// Who listens.
pub trait DeployObserver: Send + Sync {
    /// Takes in what happened.
    fn tell(&self, event: &DeployEvent);
}
