//! A simulated account and a state directory for one test, in virtual time.

use std::sync::Mutex;

use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use platformctl::{
    aws::Connection,
    blueprint::Facts,
    config::{self, EnvSuffix},
    engine::{Blueprint, Event, Interrupt, Observer, schedule::Outcome},
    operation::{self, Intention, Leftover, OperationError, Prepared, Workspace},
    sandbox::{Sandbox, SandboxOptions},
};
use tempfile::TempDir;

/// The example configuration.
pub const EXAMPLE: &str = include_str!("../../config/platform.toml");

/// An account and a place for the state.
pub struct Lab {
    pub sandbox: Sandbox,
    pub state: TempDir,
}

/// Keeps every event.
#[derive(Default)]
pub struct Recorder(pub Mutex<Vec<Event>>);

impl Observer for Recorder {
    fn tell(&self, event: &Event) {
        self.0.lock().expect("no test panics while it tells").push(event.clone());
    }
}

impl Lab {
    /// An empty account with AWS's real durations.
    pub fn new() -> Self {
        Self::with(SandboxOptions::in_memory())
    }

    /// An empty account of this making.
    pub fn with(options: SandboxOptions) -> Self {
        Lab::at(Sandbox::open(options).expect("a sandbox"))
    }

    /// This account, and no state yet.
    pub fn at(sandbox: Sandbox) -> Self {
        Lab { sandbox, state: TempDir::new().expect("a directory") }
    }

    /// How calls get there.
    pub fn connection(&self) -> Connection {
        Connection {
            config: self.sandbox.sdk_config(),
            http: self.sandbox.http_client(),
            interceptor: Some(SharedInterceptor::new(self.sandbox.interceptor())),
        }
    }

    /// A workspace for this configuration.
    pub async fn workspace(&self, text: &str, suffix: &str) -> Workspace {
        let config = config::parse("platform.toml", text).unwrap_or_else(|error| panic!("{error}"));
        let suffix = EnvSuffix::parse(suffix).expect("a suffix");
        Workspace::open(config, suffix, &self.connection(), self.state.path()).await.expect("a workspace")
    }

    /// What exists.
    pub fn inventory(&self) -> Vec<String> {
        self.sandbox.inventory().expect("a readable account")
    }
}

/// Brings an environment to what a blueprint says.
pub async fn up_with(
    workspace: &Workspace,
    build: impl FnOnce(&Facts) -> Blueprint,
) -> Result<Outcome, OperationError> {
    let prepared = operation::prepare::prepare_with(workspace, Intention::Up, build).await?;
    carry_out(workspace, &prepared).await
}

/// Brings an environment to what its configuration says.
pub async fn up(workspace: &Workspace) -> Result<Outcome, OperationError> {
    let prepared = operation::prepare(workspace, Intention::Up).await?;
    carry_out(workspace, &prepared).await
}

/// Takes an environment away and looks for what is left.
pub async fn destroy(workspace: &Workspace) -> Result<(Outcome, Vec<Leftover>, Vec<Leftover>), OperationError> {
    let prepared = operation::prepare(workspace, Intention::Destroy).await?;
    let outcome = carry_out(workspace, &prepared).await?;
    let (left, doomed) = operation::sweep(workspace, &prepared, &Interrupt::default()).await?;
    Ok((outcome, left, doomed))
}

/// Carries out a plan.
pub async fn carry_out(workspace: &Workspace, prepared: &Prepared) -> Result<Outcome, OperationError> {
    operation::apply(workspace, prepared, &Recorder::default(), &Interrupt::default()).await
}

/// Panics with what is to be done, where nothing should be.
pub async fn assert_settled(workspace: &Workspace) {
    let again = operation::prepare(workspace, Intention::Plan).await.expect("plan");
    let steps: Vec<_> =
        again.plan.steps.iter().map(|step| (&step.key, step.action, &step.changes, &step.tags)).collect();
    assert!(steps.is_empty(), "{steps:#?}");
}

/// Panics with all failures of a run, if there are any.
pub fn assert_done(outcome: &Outcome) {
    let failures: Vec<String> = outcome.failed.iter().map(|(key, failure)| format!("{key}: {failure}")).collect();
    assert!(outcome.is_complete(), "failed:\n{}\nskipped: {:?}", failures.join("\n"), outcome.skipped);
}
