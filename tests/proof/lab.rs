//! A simulated account, and a process under test that can die.

use std::{
    future::Future,
    path::Path,
    sync::{Arc, Mutex},
};

use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use platformctl::{
    aws::Connection,
    config::{self, EnvSuffix},
    engine::{Event, Interrupt, Kind, Observer, retry::Jitter, schedule::Outcome},
    operation::{self, Intention, Leftover, OperationError, Workspace},
    sandbox::{FaultPlan, Sandbox, SandboxOptions, clock::Moment},
    state::Disk,
};

use crate::fork::STATE;

/// The example configuration.
pub const EXAMPLE: &str = include_str!("../../config/platform.toml");

/// The account begins in this moment, so that two runs with one seed are the same.
const START: Moment = Moment::from_millis(1_790_000_000_000);

/// The environment's suffix.
pub const SUFFIX: &str = "dev";

/// An account, a state directory, and everything that was told.
pub struct Lab {
    pub sandbox: Sandbox,
    pub seed: u64,
    /// Every event, error and warning, as text.
    pub told: Arc<Told>,
    /// What becomes of each process's kinds.
    pub wrap: Option<Wrap>,
    /// What each process's state is written through.
    pub disk: Option<Arc<dyn Disk>>,
}

/// Wraps one kind.
pub type Wrap = Box<dyn Fn(Arc<dyn Kind>) -> Arc<dyn Kind>>;

/// Keeps everything that a person or a log would get to see.
#[derive(Default)]
pub struct Told(pub Mutex<Vec<String>>);

impl Told {
    pub fn note(&self, text: String) {
        self.0.lock().expect("one thread").push(text);
    }
}

impl Observer for Told {
    fn tell(&self, event: &Event) {
        self.note(serde_json::to_string(event).expect("plain data"));
    }
}

/// How one run of the process under test ended.
pub enum End {
    /// A fault killed it.
    Died,
    /// Its plan was carried out, or some of it.
    Ran(Ran),
    /// It could not begin, or could not look at the end.
    Refused(OperationError),
}

/// What a run did.
pub struct Ran {
    /// The steps of its plan, as text.
    pub planned: Vec<String>,
    /// What came of them.
    pub outcome: Outcome,
    /// After a complete destroy: what is left.
    pub left: Vec<Leftover>,
}

impl End {
    /// In one line, for failures.
    pub fn text(&self) -> String {
        match self {
            End::Died => "died".to_owned(),
            End::Refused(error) => format!("refused: {error}"),
            End::Ran(ran) => {
                let failed: Vec<String> =
                    ran.outcome.failed.iter().map(|(key, failure)| format!("{key}: {failure}")).collect();
                let skipped = ran.outcome.skipped.len();
                format!("{} steps, {skipped} skipped, failed: {failed:?}, left: {:?}", ran.planned.len(), ran.left)
            }
        }
    }
}

impl Lab {
    /// An empty account. The state is below the working directory.
    pub fn new(seed: u64, faults: Option<Arc<dyn FaultPlan>>) -> Self {
        Self::with(SandboxOptions { seed, faults, ..SandboxOptions::in_memory() })
    }

    /// An empty account of this making.
    pub fn with(options: SandboxOptions) -> Self {
        let seed = options.seed;
        let options = SandboxOptions { start: Some(START), ..options };
        let sandbox = Sandbox::open(options).expect("a sandbox");
        Lab { sandbox, seed, told: Arc::default(), wrap: None, disk: None }
    }

    /// A process of its own: nothing is shared with another but AWS and the disk.
    pub async fn workspace(&self, config: &str) -> Result<Workspace, OperationError> {
        self.workspace_of(SUFFIX, config).await
    }

    /// The same for another environment.
    pub async fn workspace_of(&self, suffix: &str, config: &str) -> Result<Workspace, OperationError> {
        let config = config::parse("platform.toml", config).unwrap_or_else(|error| panic!("{error}"));
        let suffix = EnvSuffix::parse(suffix).expect("a suffix");
        let connection = Connection {
            config: self.sandbox.sdk_config(),
            http: self.sandbox.http_client(),
            interceptor: Some(SharedInterceptor::new(self.sandbox.interceptor())),
        };
        let mut workspace = Workspace::open(config, suffix, &connection, Path::new(STATE)).await?;
        workspace.jitter = Jitter::seeded(self.seed);
        if let Some(wrap) = &self.wrap {
            workspace.kinds = platformctl::aws::kinds(&workspace.aws).wrapped(wrap);
        }
        if let Some(disk) = &self.disk {
            workspace.store = workspace.store.on(disk.clone());
        }
        Ok(workspace)
    }

    /// Runs a process under test to its end or its death.
    pub async fn run(&self, config: &str, intention: Intention) -> End {
        self.mortal(self.work(config, intention)).await
    }

    /// The same with something of its own to run.
    pub async fn mortal(&self, work: impl Future<Output = Result<Ran, OperationError>>) -> End {
        let end = tokio::select! {
            biased;
            () = self.sandbox.killed() => End::Died,
            result = work => match result {
                Ok(ran) => End::Ran(ran),
                Err(error) => End::Refused(error),
            },
        };
        if let End::Refused(error) = &end {
            self.told.note(format!("{error} {:?}", error.remedy()));
        }
        end
    }

    async fn work(&self, config: &str, intention: Intention) -> Result<Ran, OperationError> {
        let workspace = self.workspace(config).await?;
        self.carry_out(&workspace, intention).await
    }

    /// Plans and carries out.
    pub async fn carry_out(&self, workspace: &Workspace, intention: Intention) -> Result<Ran, OperationError> {
        let prepared = operation::prepare(workspace, intention).await?;
        prepared.warnings.iter().for_each(|warning| self.told.note(warning.clone()));
        let planned = prepared
            .plan
            .steps
            .iter()
            .map(|step| {
                let strays: Vec<&str> = step.strays.iter().map(|stray| stray.id.as_str()).collect();
                let changes: Vec<&str> = step.changes.iter().map(|change| change.field.as_str()).collect();
                let reason = step.reason.as_deref().unwrap_or_default();
                format!("{:?} {} {changes:?} {:?} strays {strays:?} {reason}", step.action, step.key, step.tags)
            })
            .collect();
        let outcome = operation::apply(workspace, &prepared, &*self.told, &Interrupt::default()).await?;
        self.told.note(format!("{outcome:?}"));
        let left = match intention {
            Intention::Destroy if outcome.is_complete() => {
                operation::sweep(workspace, &prepared, &Interrupt::default()).await?.0
            }
            _ => Vec::new(),
        };
        Ok(Ran { planned, outcome, left })
    }

    /// What exists.
    pub fn inventory(&self) -> Vec<String> {
        self.sandbox.inventory().expect("a readable account")
    }
}

/// Runs work in virtual time, on this thread alone.
pub fn in_virtual_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(work)
}
