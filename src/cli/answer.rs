//! `continue` and `abort`: the answer to a deployment that waits for a person.

use clap::Args;

use super::{
    CliError, ExitCode, Session,
    deploy::{shown, tell},
    session::Ended,
};
use crate::{
    operation::deploy::{Outcome, run},
    view::deploy::Deployments,
};

/// Arguments of `continue` and `abort`.
#[derive(Args, Debug)]
pub struct AnswerArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub service: String,

    /// Don't wait for the verdict
    #[arg(long)]
    pub no_wait: bool,
}

/// Lets a waiting deployment go on, or back.
///
/// # Errors
/// Nothing that waits, or a call's own failure.
pub async fn run(session: &Session, args: &AnswerArgs, goes_on: bool) -> Result<Ended, CliError> {
    let workspace = session.open().await?;
    let view = Deployments::new(&session.printer, std::slice::from_ref(&args.service), session.pace());
    let work = run::answer(&workspace, &args.service, goes_on, !args.no_wait, &view, &session.interrupt);
    let verdicts = shown(session, &view, work).await?;
    let ended = tell(session, &verdicts);
    let rolled_back = verdicts.iter().all(|(_, verdict)| verdict.outcome == Outcome::RolledBack);
    Ok(if !goes_on && rolled_back { Ended { exit: ExitCode::Done, ..ended } } else { ended })
}
