//! What a sandbox is like.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::clock::Moment;
use super::durations::Durations;
use super::fault::FaultPlan;
use super::quotas::Quota;

/// What a sandbox is like. Start from [`SandboxOptions::in_memory`] or [`SandboxOptions::in_directory`].
#[derive(Clone)]
pub struct SandboxOptions {
    /// Where the account is kept between runs; nowhere if `None`.
    pub directory: Option<PathBuf>,
    /// Region of all calls.
    pub region: String,
    /// Twelve digits.
    pub account: String,
    /// Makes ids; the same seed and the same calls give the same ids.
    pub seed: u64,
    /// How long a call takes from the client's sight; half of it passes before AWS acts.
    pub latency: Duration,
    /// How long AWS's asynchronous work takes.
    pub durations: Durations,
    /// When an empty account begins; now, by the wall clock, if `None`.
    pub start: Option<Moment>,
    /// Quotas that differ from those that the simulated account has anyway ([`QUOTAS`](super::quotas::QUOTAS)), by quota code.
    pub quotas: BTreeMap<String, f64>,
    /// Whether call-rate limits hold.
    pub rate_limits: bool,
    /// Whether App Mesh answers. Off, as on AWS since 2026-09-30.
    pub app_mesh: bool,
    /// How far the client's clock is ahead of AWS's, in seconds. AWS refuses signatures that are off by more than five minutes, S3 by more than
    /// fifteen.
    pub clock_skew: i64,
    /// Whether calls that make or change something don't find yet what was made a moment ago. AWS does so rarely.
    pub late_references: bool,
    /// What goes wrong; nothing if `None`.
    pub faults: Option<Arc<dyn FaultPlan>>,
}

impl SandboxOptions {
    /// A new account that is gone with the process.
    pub fn in_memory() -> Self {
        Self {
            directory: None,
            region: "us-east-1".to_owned(),
            account: "123456789012".to_owned(),
            seed: 1,
            latency: Duration::from_millis(40),
            durations: Durations::real(),
            start: None,
            quotas: BTreeMap::new(),
            rate_limits: true,
            app_mesh: false,
            clock_skew: 0,
            late_references: false,
            faults: None,
        }
    }

    /// The same account with one quota at this value.
    pub fn with_quota(mut self, code: &str, value: f64) -> Self {
        self.quotas.insert(code.to_owned(), value);
        self
    }

    /// An account that is kept in this directory.
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self { directory: Some(directory.into()), seed: rand::random(), ..Self::in_memory() }
    }

    /// The value of a quota in this account; unlimited if there is no such quota.
    pub fn quota(&self, code: &str) -> f64 {
        let usual = || Quota::find(code).map_or(f64::INFINITY, Quota::value);
        self.quotas.get(code).copied().unwrap_or_else(usual)
    }
}

impl fmt::Debug for SandboxOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SandboxOptions")
            .field("directory", &self.directory)
            .field("region", &self.region)
            .field("account", &self.account)
            .field("latency", &self.latency)
            .finish_non_exhaustive()
    }
}
