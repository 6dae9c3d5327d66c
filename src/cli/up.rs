//! `up`: plan, ask, apply, and tell where the environment is reached.

use clap::Args;
use serde_json::json;

use super::{
    CliError, ExitCode, Session,
    change::{self, Changed},
    doctor, prompt,
    session::Ended,
};
use crate::{
    operation::{
        Intention, Prepared, Workspace,
        changeover::{self, Changeover},
        prepare,
    },
    view::{
        json::line,
        summary::{self, Addresses},
        text::wrap,
    },
};

/// Arguments of `up`.
#[derive(Args, Debug)]
pub struct UpArgs {}

/// Runs it.
///
/// # Errors
/// Whatever keeps it from beginning; what fails later is in the exit code.
pub async fn run(session: &Session, _args: &UpArgs) -> Result<Ended, CliError> {
    session.can_ask("up")?;
    let workspace = session.open().await?;
    change::announce(session, &workspace);
    if let Some(ended) = doctor::before_up(session, &workspace).await? {
        return Ok(ended);
    }
    let prepared = session.unless_interrupted(prepare(&workspace, Intention::Up)).await?;
    change::warn(session, &prepared);
    if prepared.found.changeover.is_some() {
        return in_phases(session, &workspace, prepared).await;
    }
    if prepared.plan.is_empty() {
        return unchanged(session, &workspace, &prepared).await;
    }
    show(session, &workspace, &prepared);
    ask(session, &workspace, "Do this to").await?;
    let changed = change::carry_out(session, &workspace, &prepared).await?;
    Ok(tell(session, &workspace, &prepared, &changed))
}

fn show(session: &Session, workspace: &Workspace, prepared: &Prepared) {
    let (printer, view) = (&session.printer, change::plan_view(session, prepared));
    printer.json(&view.json());
    printer.talk(&view.text(printer.paint_err()));
    printer.talk(&format!("{}\n", change::notes(session, workspace, prepared)));
}

async fn ask(session: &Session, workspace: &Workspace, what: &str) -> Result<(), CliError> {
    let question = format!(
        "{what} environment '{}' in account {}, {}?",
        workspace.suffix, workspace.aws.account, workspace.aws.region
    );
    prompt::confirm(session, &question).await
}

/// A change of the mesh's provider: phase after phase, asked for once.
async fn in_phases(session: &Session, workspace: &Workspace, mut prepared: Prepared) -> Result<Ended, CliError> {
    let printer = &session.printer;
    let mut asked = false;
    loop {
        if let Some(phase) = &prepared.found.changeover {
            printer.json(&line("phase", change::phase_json(phase)));
            printer.talk(&printer.paint_err().bold(&format!("\n{}", phase.describe())));
        }
        show(session, workspace, &prepared);
        if !asked {
            ask(session, workspace, "Change the provider of the mesh, and do this to").await?;
            asked = true;
        }
        let changed = change::carry_out(session, workspace, &prepared).await?;
        let last = prepared.found.changeover.as_ref().is_none_or(Changeover::is_last);
        if last || !changed.outcome.is_complete() {
            let ended = tell(session, workspace, &prepared, &changed);
            stopped(session, &prepared, &changed);
            return Ok(ended);
        }
        let told = prepared.found.changeover.clone();
        let told_of = |what: &str| printer.talk(what);
        match session.unless_interrupted(changeover::on_from(workspace, prepared, &told_of)).await {
            Ok(Some(next)) => prepared = next,
            // Somebody else went on meanwhile.
            Ok(None) => {
                let prepared = session.unless_interrupted(prepare(workspace, Intention::Up)).await?;
                return unchanged(session, workspace, &prepared).await;
            }
            Err(error) => {
                if let Some(phase) = told {
                    printer.keep();
                    printer.tell(&wrap(&phase.stopped(), 0, printer.width()));
                }
                return Err(error);
            }
        }
    }
}

/// Why it is safe that it ended in the middle, and how to go on.
fn stopped(session: &Session, prepared: &Prepared, changed: &Changed) {
    let printer = &session.printer;
    if let Some(phase) = prepared.found.changeover.as_ref().filter(|_| !changed.outcome.is_complete()) {
        printer.tell(&wrap(&phase.stopped(), 0, printer.width()));
    }
}

/// Nothing to do on AWS. What is there without the state's knowledge is recorded.
async fn unchanged(session: &Session, workspace: &Workspace, prepared: &Prepared) -> Result<Ended, CliError> {
    let changed = change::carry_out(session, workspace, prepared).await?;
    if !changed.outcome.is_complete() {
        return Ok(tell(session, workspace, prepared, &changed));
    }
    let printer = &session.printer;
    let count = prepared.plan.unchanged + prepared.plan.steps.len();
    printer.data(&format!("nothing to change: environment '{}' has all of its {count} resources", workspace.suffix));
    if !prepared.plan.steps.is_empty() {
        printer.talk(&format!("{} adopted into the state", prepared.plan.steps.len()));
    }
    let ended = ended(session, workspace, prepared, &changed);
    printer.talk(&format!("\n{}", changed.effort.calls()));
    Ok(ended)
}

fn tell(session: &Session, workspace: &Workspace, prepared: &Prepared, changed: &Changed) -> Ended {
    let printer = &session.printer;
    change::tell_failures(session, prepared, changed);
    if changed.outcome.is_complete() {
        printer.data(&printer.paint_out().green(&format!("environment '{}' is up", workspace.suffix)));
    }
    let ended = ended(session, workspace, prepared, changed);
    printer.talk(&format!("\n{}", summary::effort(&prepared.plan, &changed.outcome, changed.effort, printer.width())));
    ended
}

/// The addresses, and the end.
fn ended(session: &Session, workspace: &Workspace, prepared: &Prepared, changed: &Changed) -> Ended {
    let mut summary = change::summary_json(prepared, changed);
    let exit = change::exit(changed);
    if exit == ExitCode::Done
        && let Some(addresses) = Addresses::find(&workspace.config, &changed.book)
    {
        session.printer.data(&format!("\n{}", addresses.text(session.printer.paint_out())));
        summary.insert("addresses".to_owned(), json!(addresses));
    }
    Ended { exit, summary }
}
