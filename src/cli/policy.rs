//! `policy`: the IAM policy that a command's caller needs.

use clap::{Args, ValueEnum};
use serde_json::Map;

use super::{CliError, ExitCode, Session, session::Ended};
use crate::aws::policy::{self, LIMIT, Owner, Purpose};

/// Arguments of `policy`.
#[derive(Args, Debug)]
pub struct PolicyArgs {
    /// Which command it is for
    #[arg(long = "for", value_enum, value_name = "COMMAND", default_value = "up")]
    pub purpose: For,

    /// Print this part only, 1 being the first: a managed policy takes 6144 characters
    #[arg(long, value_name = "NUMBER")]
    pub part: Option<usize>,
}

/// Which command a policy is for.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum For {
    /// up, plan, and what changes an environment
    Up,
    /// status and plan
    Status,
    /// destroy
    Destroy,
    /// deploy, rollback, continue and abort
    Deploy,
    /// history
    History,
    /// logs
    Logs,
    /// exec
    Exec,
    /// rotate certificates and rotate credentials
    Rotate,
}

/// Runs it. Needs the name of the account, and so credentials.
///
/// # Errors
/// Bad input, no usable credentials, or a part that there is not.
pub async fn run(session: &Session, args: &PolicyArgs) -> Result<Ended, CliError> {
    let workspace = session.open().await?;
    let purpose = match args.purpose {
        For::Up => Purpose::Up,
        For::Status => Purpose::Status,
        For::Destroy => Purpose::Destroy,
        For::Deploy => Purpose::Deploy,
        For::History => Purpose::History,
        For::Logs => Purpose::Logs,
        For::Exec => Purpose::Exec,
        For::Rotate => Purpose::Rotate,
    };
    let aws = &workspace.aws;
    let owner = Owner {
        partition: aws.partition(),
        account: &aws.account,
        region: &aws.region,
        suffix: workspace.suffix.as_str(),
    };
    let whole = policy::document(&policy::actions(&workspace.kinds, purpose), &owner);
    let parts = policy::parts(&whole);
    let document = match args.part {
        None => whole,
        Some(number) => parts.get(number.wrapping_sub(1)).cloned().ok_or_else(|| {
            CliError::input(format!("there is no part {number}"), format!("there are {} of them", parts.len()))
        })?,
    };
    if args.part.is_none() && parts.len() > 1 {
        session.printer.talk(&format!(
            "longer than the {LIMIT} characters of a managed policy: print it in {} parts with --part 1 to --part {}",
            parts.len(),
            parts.len()
        ));
    }
    let text = serde_json::to_string_pretty(&document).map_err(|error| CliError::input(error.to_string(), ""))?;
    session.printer.data(&text);
    Ok(Ended { exit: ExitCode::Done, summary: Map::from_iter([("policy".to_owned(), document)]) })
}
