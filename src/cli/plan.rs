//! `plan`: what `up` would do.

use clap::Args;
use serde_json::{Map, json};

use super::{CliError, ExitCode, Session, change, session::Ended};
use crate::operation::{Intention, prepare};

/// Arguments of `plan`.
#[derive(Args, Debug)]
pub struct PlanArgs {}

/// Runs it.
///
/// # Errors
/// Whatever keeps the picture from being whole.
pub async fn run(session: &Session, _args: &PlanArgs) -> Result<Ended, CliError> {
    let workspace = session.open().await?;
    change::announce(session, &workspace);
    let prepared = session.unless_interrupted(prepare(&workspace, Intention::Plan)).await?;
    change::warn(session, &prepared);
    let (printer, view) = (&session.printer, change::plan_view(session, &prepared));
    printer.json(&view.json());
    printer.data(&view.text(printer.paint_out()));
    printer.data(&change::notes(session, &workspace, &prepared));
    let effort = change::effort(session, &workspace);
    printer.detail(&effort.calls());
    let settled = prepared.plan.is_empty() && prepared.found.changeover.is_none();
    let exit = if settled { ExitCode::Done } else { ExitCode::Changes };
    let mut summary = Map::from_iter([
        ("totals".to_owned(), json!(view.totals())),
        ("mesh".to_owned(), json!(prepared.found.mesh_reason)),
        ("calls".to_owned(), json!({ "reading": effort.reading, "changing": effort.changing })),
    ]);
    if let Some(phase) = &prepared.found.changeover {
        summary.insert("changeover".to_owned(), change::phase_json(phase).into());
    }
    Ok(Ended { exit, summary })
}
