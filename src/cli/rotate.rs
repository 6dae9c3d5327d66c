//! `rotate`: what is secret is made anew. One file for each thing that can be.

mod certificates;

use clap::{Args, Subcommand};

use super::{CliError, Session, session::Ended};

/// Arguments of `rotate`.
#[derive(Args, Debug)]
pub struct RotateArgs {
    /// What to make anew.
    #[command(subcommand)]
    pub what: What,
}

/// What can be made anew.
#[derive(Subcommand, Debug)]
pub enum What {
    /// Issue the services' mesh certificates anew, or change the authority that issues them, and roll the services
    Certificates(certificates::CertificatesArgs),
}

/// Runs it.
///
/// # Errors
/// Whatever keeps it from beginning; what fails later is in the exit code.
pub async fn run(session: &Session, args: &RotateArgs) -> Result<Ended, CliError> {
    session.can_ask("rotate")?;
    match &args.what {
        What::Certificates(args) => certificates::run(session, args).await,
    }
}
