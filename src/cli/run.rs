//! The program: read the arguments, run the command, tell how it ended.

use std::future::Future;

use clap::Parser;
use serde_json::{Map, Value, json};

use super::{
    CliError, ExitCode, Session, answer,
    args::{Cli, Command},
    deploy, destroy, doctor, exec, history, interrupt, logs, plan, policy, render, rollback, rotate,
    session::Ended,
    status, up,
};
use crate::{sandbox::pace::run_paced, view};

/// The whole program.
pub fn main() -> std::process::ExitCode {
    match Cli::try_parse() {
        Ok(cli) => run(cli).into(),
        Err(error) => {
            // Help that nobody reads to its end is no error.
            let _ = error.print();
            if error.use_stderr() { ExitCode::BadInput.into() } else { ExitCode::Done.into() }
        }
    }
}

fn run(cli: Cli) -> ExitCode {
    let session = Session::new(cli.global);
    let result = on_runtime(&session, dispatch(&session, &cli.command));
    conclude(&session, &cli.command, result)
}

async fn dispatch(session: &Session, command: &Command) -> Result<Ended, CliError> {
    match command {
        Command::Up(args) => up::run(session, args).await,
        Command::Plan(args) => plan::run(session, args).await,
        Command::Destroy(args) => destroy::run(session, args).await,
        Command::Status(args) => status::run(session, args).await,
        Command::Deploy(args) => deploy::run(session, args).await,
        Command::Rollback(args) => rollback::run(session, args).await,
        Command::Continue(args) => answer::run(session, args, true).await,
        Command::Abort(args) => answer::run(session, args, false).await,
        Command::History(args) => history::run(session, args).await,
        Command::Logs(args) => logs::run(session, args).await,
        Command::Exec(args) => exec::run(session, args).await,
        Command::Rotate(args) => rotate::run(session, args).await,
        Command::Doctor(args) => doctor::run(session, args).await,
        Command::Policy(args) => policy::run(session, args).await,
        Command::Render(args) => render::run(session, args).await,
    }
}

/// Runs work on one thread: on the wall's clock, or with the sandbox on a faster one.
fn on_runtime(session: &Session, work: impl Future<Output = Result<Ended, CliError>>) -> Result<Ended, CliError> {
    let work = async {
        interrupt::listen(session).map_err(CliError::Runtime)?;
        work.await
    };
    if session.global.sandbox {
        return run_paced(session.global.sandbox_speed, work).map_err(CliError::Runtime)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::Runtime)?;
    let result = runtime.block_on(work);
    // A name that is still being resolved keeps nobody.
    runtime.shutdown_background();
    result
}

fn conclude(session: &Session, command: &Command, result: Result<Ended, CliError>) -> ExitCode {
    let (exit, summary) = match result {
        Ok(ended) => (ended.exit, ended.summary),
        Err(error) => {
            error.show(&session.printer);
            (error.exit(), error.json())
        }
    };
    if !matches!(command, Command::Render(_)) {
        let head = Map::from_iter([
            ("command".to_owned(), Value::from(command.name())),
            ("exit_code".to_owned(), json!(exit.number())),
            ("exit_meaning".to_owned(), exit.meaning().into()),
        ]);
        session.printer.json(&view::json::line("summary", head.into_iter().chain(summary).collect()));
    }
    exit
}
