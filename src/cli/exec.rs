//! `exec`: a command in a container of a service.

use std::process::Command;

use clap::Args;
use serde_json::{Map, json};

use super::{CliError, ExitCode, Session, session::Ended};
use crate::{
    operation::exec::{self, PLUGIN, Wanted},
    view::text,
};

/// Arguments of `exec`.
#[derive(Args, Debug)]
pub struct ExecArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub service: String,

    /// The container
    #[arg(long, value_name = "CONTAINER", default_value = "app")]
    pub container: String,

    /// The task whose id begins so [default: the youngest]
    #[arg(long, value_name = "TASK")]
    pub task: Option<String>,

    /// The command and its arguments, after `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

const HOW: &str = "install it, then run the same command again: \
                   https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html";

/// Runs it. The plugin has the terminal until the session ends.
///
/// # Errors
/// No plugin, no such task or container, or a call's own failure.
pub async fn run(session: &Session, args: &ExecArgs) -> Result<Ended, CliError> {
    if session.global.json {
        return Err(CliError::input("exec has nothing to tell as JSON", "run it without --json"));
    }
    // Asked for first: a session that nobody carries stays open for a while.
    let version = version()?;
    let workspace = session.open().await?;
    let words = args.command.iter().map(|word| text::quote(word));
    let wanted = Wanted {
        service: args.service.clone(),
        container: args.container.clone(),
        task: args.task.clone(),
        command: words.collect::<Vec<_>>().join(" "),
    };
    let start = session.unless_interrupted(exec::open(&workspace, &wanted, &version)).await?;
    session.printer.talk(&start.place);
    let mut command = Command::new(PLUGIN);
    command.args(&start.arguments).envs(start.variable.clone());
    let status = command.status().map_err(|source| missing(&source))?;
    let code = status.code();
    let exit = if status.success() { ExitCode::Done } else { ExitCode::Failed };
    Ok(Ended { exit, summary: Map::from_iter([("plugin_exit_code".to_owned(), json!(code))]) })
}

fn version() -> Result<String, CliError> {
    let output = Command::new(PLUGIN).arg("--version").output().map_err(|source| missing(&source))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn missing(source: &std::io::Error) -> CliError {
    CliError::input(format!("{PLUGIN}, which carries the session, can't be started: {source}"), HOW)
}
