//! What a check says.

use serde::Serialize;

/// How a check went.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All is well.
    Ok,
    /// An `up` can succeed, but somebody should know.
    Warning,
    /// An `up` would fail.
    Failed,
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked: `credentials`, `Elastic IPs`, …
    pub name: String,
    /// How it went.
    pub verdict: Verdict,
    /// What was found, in one line.
    pub detail: String,
    /// What to do about it; none where all is well.
    pub remedy: Option<String>,
}

impl Check {
    /// All is well.
    pub fn ok(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Check { name: name.into(), verdict: Verdict::Ok, detail: detail.into(), remedy: None }
    }

    /// An `up` can succeed, but somebody should know.
    pub fn warning(name: impl Into<String>, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = Some(remedy.into());
        Check { name: name.into(), verdict: Verdict::Warning, detail: detail.into(), remedy }
    }

    /// An `up` would fail.
    pub fn failed(name: impl Into<String>, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = Some(remedy.into());
        Check { name: name.into(), verdict: Verdict::Failed, detail: detail.into(), remedy }
    }
}
