//! `rollback`: back to what was good.

use std::time::Duration;

use clap::Args;

use super::{
    CliError, ExitCode, Session,
    deploy::{announce, duration, limit, shown, tell},
    session::Ended,
};
use crate::{
    operation::deploy::{Outcome, run},
    view::deploy::Deployments,
};

/// Arguments of `rollback`.
#[derive(Args, Debug)]
pub struct RollbackArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub service: String,

    /// The number of the revision to go to; `history` lists them [default: the last good one before what runs]
    #[arg(long, value_name = "REVISION", value_parser = clap::value_parser!(i32).range(1..))]
    pub to: Option<i32>,

    /// Don't wait for the verdict
    #[arg(long)]
    pub no_wait: bool,

    /// Give the rollback up, too, if it takes longer: `90s`, `20m`, `2h` [default: what the strategy needs and 15 minutes]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
}

/// Runs it.
///
/// # Errors
/// What keeps it from beginning.
pub async fn run(session: &Session, args: &RollbackArgs) -> Result<Ended, CliError> {
    let workspace = session.open().await?;
    announce(session, &workspace);
    let view = Deployments::new(&session.printer, std::slice::from_ref(&args.service), session.pace());
    let limit = limit(args.timeout);
    let work = run::roll_back(&workspace, &args.service, args.to, limit, !args.no_wait, &view, &session.interrupt);
    let (verdicts, stopped) = shown(session, &view, work).await?;
    let ended = tell(session, &verdicts);
    let rolled_back = verdicts.iter().all(|(_, verdict)| verdict.outcome == Outcome::RolledBack);
    // That the stopped deployment was rolled back is what was asked for.
    Ok(if stopped && rolled_back { Ended { exit: ExitCode::Done, ..ended } } else { ended })
}
