//! What every command starts from.

use std::{
    future::Future,
    io::{self, IsTerminal},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{CliError, ExitCode, args::Global, connect};
use crate::{
    config::{self, Config, EnvSuffix},
    engine::Interrupt,
    operation::Workspace,
    view::{Printer, progress::Pace, text},
};
use serde_json::{Map, Value};

/// Options, output and the way to interrupt.
pub struct Session {
    /// Options of every command.
    pub global: Global,
    /// Where output goes.
    pub printer: Arc<Printer>,
    /// Raised by the first Ctrl-C.
    pub interrupt: Interrupt,
    /// True while AWS is being changed.
    pub changing: Arc<AtomicBool>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code.
    pub exit: ExitCode,
    /// Fields of the final JSON line.
    pub summary: Map<String, Value>,
}

impl Ended {
    /// With nothing more to say than the exit code.
    pub fn with(exit: ExitCode) -> Self {
        Ended { exit, summary: Map::new() }
    }
}

impl Session {
    /// For these options.
    pub fn new(global: Global) -> Self {
        let printer = Arc::new(Printer::of_process(global.look()));
        Session { global, printer, interrupt: Interrupt::default(), changing: Arc::default() }
    }

    /// The environment's suffix.
    ///
    /// # Errors
    /// If none is given, or it is none.
    pub fn suffix(&self) -> Result<EnvSuffix, CliError> {
        match &self.global.env_suffix {
            Some(text) => Ok(EnvSuffix::parse(text)?),
            None => Err(CliError::input(
                "which environment?",
                "name it with --env-suffix dev, or in the variable PLATFORMCTL_ENV_SUFFIX",
            )),
        }
    }

    /// The configuration, in the region that the command line asks for.
    ///
    /// # Errors
    /// If it is refused.
    pub fn config(&self) -> Result<Config, CliError> {
        let config = config::load(&self.global.config)?;
        match &self.global.region {
            Some(region) => Ok(config.in_region(region)?),
            None => Ok(config),
        }
    }

    /// Checks the input and connects.
    ///
    /// # Errors
    /// Bad input, an unusable sandbox or no usable credentials.
    pub async fn open(&self) -> Result<Workspace, CliError> {
        let suffix = self.suffix()?;
        let config = self.config()?;
        config.check_names(&suffix)?;
        let connection = connect::connect(&self.global, &config, &self.printer).await?;
        let state = connect::state_directory(&self.global);
        let workspace = self.unless_interrupted(Workspace::open(config, suffix, &connection, &state)).await?;
        self.printer.detail(&format!(
            "account {}, region {}, state in {}",
            workspace.aws.account,
            workspace.aws.region,
            state.display()
        ));
        Ok(workspace)
    }

    /// Work that changes nothing: the first Ctrl-C ends it.
    ///
    /// # Errors
    /// The work's own, or [`CliError::Interrupted`].
    pub async fn unless_interrupted<T, E: Into<CliError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, CliError> {
        tokio::select! {
            biased;
            result = work => result.map_err(Into::into),
            () = self.interrupt.raised() => Err(CliError::Interrupted),
        }
    }

    /// Work that changes AWS: a Ctrl-C only asks it to end.
    pub async fn changing<T>(&self, work: impl Future<Output = T>) -> T {
        self.changing.store(true, Ordering::SeqCst);
        let result = work.await;
        self.changing.store(false, Ordering::SeqCst);
        result
    }

    /// Refuses where a question would have to be asked and can't be.
    ///
    /// # Errors
    /// Without a terminal and without `--yes`.
    pub fn can_ask(&self, command: &str) -> Result<(), CliError> {
        if self.global.yes || io::stdin().is_terminal() {
            return Ok(());
        }
        Err(CliError::input(
            format!("`{command}` asks before it changes anything, and there is no terminal to ask on"),
            "pass --yes to go on without a question; `platformctl plan` shows what would be done",
        ))
    }

    /// How fast time passes.
    pub fn pace(&self) -> Pace {
        if self.global.sandbox { Pace::Simulated(self.global.sandbox_speed) } else { Pace::Real }
    }
}

/// The command line as it was given, for a shell: running it again goes on.
pub fn command_again() -> String {
    let words = std::env::args().skip(1).map(|word| text::quote(&word));
    std::iter::once("platformctl".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}
