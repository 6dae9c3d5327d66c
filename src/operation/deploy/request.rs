//! What is asked for.

use std::time::Duration;

use super::preflight::Demands;

/// Which image is to be deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// An image of any registry.
    Reference(String),
    /// A tag or digest in the service's own repository.
    Own(String),
}

/// What `deploy` is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Services and the image of each.
    pub services: Vec<(String, Image)>,
    /// What an image has to show.
    pub demands: Demands,
    /// How the deployment is to go, where that is not what the configuration says.
    pub strategy: Strategy,
}

/// What of the configuration's way to deploy is overridden for one deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strategy {
    /// Another strategy.
    pub kind: Option<crate::config::Strategy>,
    /// Percent of traffic of a canary or of each linear step.
    pub step_percent: Option<u32>,
    /// Minutes that each step is kept.
    pub step_minutes: Option<u32>,
    /// Minutes that both versions run after the traffic has moved.
    pub bake_minutes: Option<u32>,
    /// Wait for a person there.
    pub pause_before: Option<PausePoint>,
}

/// Where a deployment can wait for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PausePoint {
    /// Before the new tasks are started.
    Start,
    /// Before production traffic moves: the new version already answers the test listener.
    Traffic,
    /// After production traffic has moved, before the old tasks are let go.
    Bake,
}

impl PausePoint {
    /// The words of the command line.
    pub const NAMES: [(&str, Self); 3] = [("start", Self::Start), ("traffic", Self::Traffic), ("bake", Self::Bake)];

    /// The stage of the deployment, as ECS calls it.
    pub fn stage(self) -> &'static str {
        match self {
            PausePoint::Start => "PRE_SCALE_UP",
            PausePoint::Traffic => "POST_TEST_TRAFFIC_SHIFT",
            PausePoint::Bake => "POST_PRODUCTION_TRAFFIC_SHIFT",
        }
    }
}

/// How bad a finding is, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are Amazon ECR's")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// The words of the command line.
    pub const NAMES: [(&str, Self); 4] =
        [("low", Self::Low), ("medium", Self::Medium), ("high", Self::High), ("critical", Self::Critical)];

    /// Amazon ECR's words for what is worse.
    pub fn worse(self) -> &'static [&'static str] {
        match self {
            Severity::Low => &["CRITICAL", "HIGH", "MEDIUM"],
            Severity::Medium => &["CRITICAL", "HIGH"],
            Severity::High => &["CRITICAL"],
            Severity::Critical => &[],
        }
    }
}

/// How long a deployment may take until it is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// What its strategy needs, and a quarter of an hour for everything else.
    Usual,
    /// This long.
    Of(Duration),
}
