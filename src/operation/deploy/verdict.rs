//! What came of a deployment.

use serde::Serialize;

use crate::aws::deploy::Deployment;

/// How a deployment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The new revision serves.
    Succeeded,
    /// The former revision serves again.
    RolledBack,
    /// It failed, and there was nothing to go back to.
    Failed,
    /// A newer deployment took its place.
    Superseded,
    /// Not known: watching ended before the deployment did.
    Unfinished,
    /// It was begun, and nobody waits for it.
    Begun,
    /// What was asked for runs already.
    Unchanged,
}

impl Outcome {
    /// True where the new revision serves, or nothing was to be done.
    pub fn is_good(self) -> bool {
        matches!(self, Outcome::Succeeded | Outcome::Unchanged | Outcome::Begun)
    }

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Succeeded => "deployed",
            Outcome::RolledBack => "rolled back",
            Outcome::Failed => "failed",
            Outcome::Superseded => "superseded",
            Outcome::Unfinished => "unfinished",
            Outcome::Begun => "begun",
            Outcome::Unchanged => "unchanged",
        }
    }
}

/// The verdict about one deployment, and what a person needs to understand it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in one line.
    pub reason: String,
    /// What led to it: alarms, stopped tasks, exit codes, health checks.
    pub causes: Vec<String>,
    /// The last lines of the application that failed.
    pub log: Vec<String>,
    /// ECS's id of the deployment.
    pub deployment: String,
    /// The revision that it brought.
    pub revision: String,
    /// The image that it brought.
    pub image: String,
    /// Seconds from its beginning to its end, by ECS's clock.
    pub seconds: i64,
    /// What to do.
    pub remedy: Option<String>,
}

/// How a deployment that is over ended. ROLLBACK_SUCCESSFUL is a failed deployment: the rollback succeeded.
pub fn outcome(it: &Deployment) -> Outcome {
    match it.status.as_str() {
        "SUCCESSFUL" => Outcome::Succeeded,
        "ROLLBACK_SUCCESSFUL" => Outcome::RolledBack,
        "STOPPED" if it.reason.as_deref().is_some_and(|reason| reason.contains("newer service deployment")) => {
            Outcome::Superseded
        }
        "STOPPED" | "ROLLBACK_FAILED" => Outcome::Failed,
        _ => Outcome::Unfinished,
    }
}

/// The id of a deployment: the last part of its ARN.
pub fn id_of(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}
