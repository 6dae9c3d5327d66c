//! `doctor`: whether an environment can come up here.

use clap::Args;
use serde_json::{Map, json};

use super::{CliError, ExitCode, Session, session::Ended};
use crate::{
    operation::{
        Workspace,
        doctor::{self, Check, Verdict},
    },
    view,
};

/// Arguments of `doctor`.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// Also count what the account uses of Fargate, which takes a call for each hundred tasks
    #[arg(long)]
    pub deep: bool,
}

/// Runs it.
///
/// # Errors
/// Bad input or no usable credentials, which keep it from looking.
pub async fn run(session: &Session, args: &DoctorArgs) -> Result<Ended, CliError> {
    let workspace = session.open().await?;
    let look = async { Ok::<_, CliError>(doctor::doctor(&workspace, args.deep).await) };
    let checks = session.unless_interrupted(look).await?;
    Ok(show(session, &checks))
}

/// What `up` checks before it plans: nothing is said where all is well.
///
/// # Errors
/// A Ctrl-C.
pub async fn before_up(session: &Session, workspace: &Workspace) -> Result<Option<Ended>, CliError> {
    let look = async { Ok::<_, CliError>(doctor::doctor_cheap(workspace).await) };
    let failed = session.unless_interrupted(look).await?;
    Ok((!failed.is_empty()).then(|| show(session, &failed)))
}

fn show(session: &Session, checks: &[Check]) -> Ended {
    let printer = &session.printer;
    let fields = Map::from_iter([("checks".to_owned(), json!(checks))]);
    printer.json(&view::json::line("doctor", fields));
    printer.data(&view::doctor::text(checks, printer.paint_out(), printer.columns()));
    let verdict = view::doctor::verdict(checks);
    printer.data(&format!("\n{}", printer.paint_out().bold(&verdict)));
    let exit =
        if checks.iter().any(|check| check.verdict == Verdict::Failed) { ExitCode::Failed } else { ExitCode::Done };
    Ended { exit, summary: Map::from_iter([("summary".to_owned(), json!(verdict))]) }
}
