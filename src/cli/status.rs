//! `status`: how an environment fares.

use std::{convert::Infallible, time::Duration};

use clap::Args;
use serde_json::{Map, json};

use super::{CliError, ExitCode, Session, session::Ended};
use crate::{
    operation::{
        Workspace,
        status::{self, StatusReport},
    },
    view::{self, printer::Manner, text::shorten},
};

/// Between two looks with `--watch`, by the wall.
const PAUSE: Duration = Duration::from_secs(5);

/// Arguments of `status`.
#[derive(Args, Debug)]
pub struct StatusArgs {
    /// Look again every five seconds, until Ctrl-C
    #[arg(long, short)]
    pub watch: bool,
}

/// Runs it.
///
/// # Errors
/// Where the state can't be used.
pub async fn run(session: &Session, args: &StatusArgs) -> Result<Ended, CliError> {
    let workspace = session.open().await?;
    if args.watch {
        return match session.unless_interrupted(watch(session, &workspace)).await {
            // This is how it ends.
            Err(CliError::Interrupted) => {
                session.printer.keep();
                Ok(Ended::with(ExitCode::Done))
            }
            Err(error) => Err(error),
            Ok(never) => match never {},
        };
    }
    let report = session.unless_interrupted(status::status(&workspace)).await?;
    show(session, &report);
    let exit = if report.problems.is_empty() { ExitCode::Done } else { ExitCode::Failed };
    Ok(Ended { exit, summary: Map::from_iter([("summary".to_owned(), json!(report.summary))]) })
}

async fn watch(session: &Session, workspace: &Workspace) -> Result<Infallible, CliError> {
    let mut first = true;
    loop {
        // What is there one by one is most of the calls, and hardly changes while somebody watches.
        let report = status::status_with(workspace, first).await?;
        first = false;
        redraw(session, &report);
        tokio::time::sleep(session.pace().of_wall(PAUSE)).await;
    }
}

fn show(session: &Session, report: &StatusReport) {
    let printer = &session.printer;
    if let Ok(line) = view::json::report("status", report) {
        printer.json(&line);
    }
    printer.data(&view::status::text(report, printer.paint_out(), printer.columns()));
}

/// In place on a terminal, one below the other elsewhere.
fn redraw(session: &Session, report: &StatusReport) {
    let printer = &session.printer;
    if printer.manner() != Manner::Live {
        show(session, report);
        return printer.data("");
    }
    let (rows, columns) = printer.size();
    let text = view::status::text(report, printer.paint_err(), columns);
    let lines = text.lines().take(rows.saturating_sub(2)).map(|line| shorten(line, columns.saturating_sub(1)));
    printer.draw(lines.collect());
}
