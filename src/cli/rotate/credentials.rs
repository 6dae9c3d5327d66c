//! `rotate credentials`: new database credentials, now.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::{
    cli::{CliError, ExitCode, Session, change, prompt, session::Ended},
    operation::Workspace,
    operation::rotate::{
        credentials::{self, Begin, Credentials, News, Verdict},
        record,
    },
    rotator::Step,
    view::{error, json::line},
};

/// Arguments of `rotate credentials`.
#[derive(Args, Debug)]
pub struct CredentialsArgs {
    /// One service's credentials only
    #[arg(long, value_name = "SERVICE")]
    pub service: Option<String>,
}

/// Runs it.
///
/// # Errors
/// Whatever keeps it from beginning; what fails later is in the exit code.
pub async fn run(session: &Session, args: &CredentialsArgs) -> Result<Ended, CliError> {
    let workspace = session.open().await?;
    change::announce(session, &workspace);
    let _lock = workspace.store.lock("rotate")?;
    let chosen = session.unless_interrupted(credentials::chosen(&workspace, args.service.as_deref())).await?;
    prompt::confirm(session, &question(&workspace, &chosen)).await?;
    let printer = &session.printer;
    let tell = |service: &str, news: &News| {
        printer.json(&line("rotation", news_json(service, news)));
        printer.talk(&format!("  {service}  {}", text(news)));
    };
    // Secrets Manager goes on without whoever watches.
    let watched =
        session.unless_interrupted::<_, CliError>(async { Ok(credentials::rotate(&workspace, &chosen, &tell).await) });
    let verdicts = match watched.await {
        Err(CliError::Interrupted) => {
            printer.tell(
                "nobody watches any more; the rotation goes on by itself: `platformctl status` shows how it fares",
            );
            return Ok(Ended::with(ExitCode::Interrupted));
        }
        verdicts => verdicts?,
    };
    Ok(conclude(session, &verdicts))
}

/// What will be done; of what was begun before, only the rest is.
fn question(workspace: &Workspace, chosen: &[Credentials]) -> String {
    let of = |anew: bool| {
        let which = chosen.iter().filter(|it| (it.begin == Begin::Anew) == anew);
        which.map(|it| it.service.as_str()).collect::<Vec<_>>().join(", ")
    };
    let what = match (of(true), of(false)) {
        (anew, begun) if begun.is_empty() => format!("Rotate the database credentials of {anew}"),
        (anew, begun) if anew.is_empty() => format!("Go on with the rotation of the database credentials of {begun}"),
        (anew, begun) => {
            format!("Rotate the database credentials of {anew}, and go on with the rotation of those of {begun},")
        }
    };
    let (suffix, aws) = (&workspace.suffix, &workspace.aws);
    format!("{what} in environment '{suffix}', account {}, {}? Their tasks are replaced", aws.account, aws.region)
}

fn conclude(session: &Session, verdicts: &[Verdict]) -> Ended {
    let printer = &session.printer;
    let mut summary = Map::new();
    for verdict in verdicts {
        match &verdict.outcome {
            Ok(()) => {
                let done = format!("{}: new credentials, and all tasks hold them", verdict.service);
                printer.data(&format!("{} ({} s)", printer.paint_out().green(&done), verdict.took.as_secs()));
            }
            Err(trouble) => printer.tell(&format!("{}: {}", verdict.service, error::chain(trouble))),
        }
        let failure = verdict.outcome.as_ref().err().map(ToString::to_string);
        let fields = json!({ "done": failure.is_none(), "failure": failure, "seconds": verdict.took.as_secs() });
        summary.insert(verdict.service.clone(), fields);
    }
    let fields =
        Map::from_iter([("rotation".to_owned(), json!("credentials")), ("services".to_owned(), summary.into())]);
    Ended { exit: exit(verdicts), summary: fields }
}

fn exit(verdicts: &[Verdict]) -> ExitCode {
    let failed: Vec<_> = verdicts.iter().filter_map(|verdict| verdict.outcome.as_ref().err()).collect();
    match failed.len() {
        0 => ExitCode::Done,
        _ if failed.iter().any(|trouble| trouble.is_rollout()) => ExitCode::RolloutFailed,
        count if count < verdicts.len() => ExitCode::Partial,
        _ => ExitCode::Failed,
    }
}

fn text(news: &News) -> String {
    match news {
        News::TakenUp(since) => {
            let since = record::text(*since);
            format!("goes on       the current credentials are from {since}; not all tasks hold them yet")
        }
        News::Step(step) => format!("{:<12}  {}", step.name(), meaning(*step)),
        News::RollingOut(None) => "rolling out".to_owned(),
        News::RollingOut(Some(stage)) => format!("rolling out   {}", stage.to_lowercase().replace('_', " ")),
        News::Done => "done".to_owned(),
    }
}

fn meaning(step: Step) -> &'static str {
    match step {
        Step::CreateSecret => "a new password for the user whose turn it is",
        Step::SetSecret => "the database is told",
        Step::TestSecret => "the new credentials log in",
        Step::FinishSecret => "they become the current ones",
    }
}

fn news_json(service: &str, news: &News) -> Map<String, Value> {
    let (what, detail) = match news {
        News::TakenUp(since) => ("taken-up", json!(record::text(*since))),
        News::Step(step) => ("step", json!(step.name())),
        News::RollingOut(stage) => ("rolling-out", json!(stage)),
        News::Done => ("done", Value::Null),
    };
    Map::from_iter([
        ("service".to_owned(), json!(service)),
        ("what".to_owned(), json!(what)),
        ("detail".to_owned(), detail),
    ])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::operation::rotate::credentials::Trouble;

    fn verdict(outcome: Result<(), Trouble>) -> Verdict {
        Verdict { service: "payments".to_owned(), took: Duration::from_secs(1), outcome }
    }

    #[test]
    fn the_exit_code_says_what_is_left_to_do() {
        let stuck = || Err(Trouble::Stuck { step: "setSecret", minutes: 5, log: "x".to_owned() });
        let rolled_back = || Err(Trouble::RolledBack("an alarm".to_owned()));
        assert_eq!(exit(&[verdict(Ok(())), verdict(Ok(()))]), ExitCode::Done);
        assert_eq!(exit(&[verdict(Ok(())), verdict(stuck())]), ExitCode::Partial);
        assert_eq!(exit(&[verdict(stuck())]), ExitCode::Failed);
        assert_eq!(exit(&[verdict(rolled_back()), verdict(stuck())]), ExitCode::RolloutFailed);
    }
}
