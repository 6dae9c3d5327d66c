//! `destroy`: list, ask, tear down, and prove that nothing is left.

use clap::Args;
use serde_json::json;

use super::{CliError, ExitCode, Session, change, prompt, session::Ended};
use crate::{
    operation::{Intention, Leftover, prepare, sweep},
    view::summary,
};

/// Arguments of `destroy`.
#[derive(Args, Debug)]
pub struct DestroyArgs {}

/// Runs it.
///
/// # Errors
/// Whatever keeps it from beginning, or from looking at the end; what fails between is in the exit code.
pub async fn run(session: &Session, _args: &DestroyArgs) -> Result<Ended, CliError> {
    session.can_ask("destroy")?;
    let workspace = session.open().await?;
    change::announce(session, &workspace);
    let prepared = session.unless_interrupted(prepare(&workspace, Intention::Destroy)).await?;
    change::warn(session, &prepared);
    let printer = &session.printer;
    let is_there = !prepared.plan.steps.is_empty();
    let view = change::plan_view(session, &prepared);
    printer.json(&view.json());
    if is_there {
        printer.talk(&view.text(printer.paint_err()));
        let question = format!(
            "\nDelete environment '{}' in account {}, {}, with all of its data?",
            workspace.suffix, workspace.aws.account, workspace.aws.region
        );
        prompt::confirm(session, &question).await?;
    } else {
        printer.talk(&format!("there is no environment '{}'", workspace.suffix));
    }
    let changed = change::carry_out(session, &workspace, &prepared).await?;
    change::tell_failures(session, &prepared, &changed);
    let mut summary = change::summary_json(&prepared, &changed);
    let mut exit = change::exit(&changed);
    if exit == ExitCode::Done {
        let (left, kept) = session.unless_interrupted(sweep(&workspace, &prepared, &session.interrupt)).await?;
        printer.data(&summary::leftovers(printer.paint_out(), workspace.suffix.as_str(), &left, &kept));
        exit = proven(&left);
        summary.insert("left".to_owned(), json!(left));
        summary.insert("kept".to_owned(), json!(kept));
    }
    if is_there {
        let effort = change::effort(session, &workspace);
        printer.talk(&format!("\n{}", summary::effort(&prepared.plan, &changed.outcome, effort, printer.width())));
    }
    Ok(Ended { exit, summary })
}

fn proven(left: &[Leftover]) -> ExitCode {
    if left.is_empty() { ExitCode::Done } else { ExitCode::Leftovers }
}
