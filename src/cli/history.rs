//! `history`: what was deployed, when, by whom, and how it ended.

use clap::Args;
use serde_json::{Map, json};

use super::{CliError, ExitCode, Session, session::Ended};
use crate::{operation::deploy::history, view};

/// Arguments of `history`.
#[derive(Args, Debug)]
pub struct HistoryArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub service: String,

    /// How many deployments
    #[arg(long, value_name = "NUMBER", default_value = "20", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub limit: u16,
}

/// Runs it.
///
/// # Errors
/// An unknown service, or a call's own failure.
pub async fn run(session: &Session, args: &HistoryArgs) -> Result<Ended, CliError> {
    let workspace = session.open().await?;
    let look = history::history(&workspace, &args.service, usize::from(args.limit));
    let entries = session.unless_interrupted(look).await?;
    let printer = &session.printer;
    let fields =
        Map::from_iter([("service".to_owned(), json!(args.service)), ("deployments".to_owned(), json!(entries))]);
    printer.json(&view::json::line("history", fields));
    printer.data(&view::deploy::history(printer.paint_out(), printer.columns(), &entries));
    Ok(Ended::with(ExitCode::Done))
}
