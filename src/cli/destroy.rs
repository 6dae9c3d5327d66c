//! `destroy`: list, ask, tear down, and prove that nothing is left.

use clap::Args;
use serde_json::json;

use super::{CliError, ExitCode, Session, change, prompt, session::Ended};
use crate::{
    engine::{Class, Failure, schedule::Outcome},
    operation::{Intention, Leftover, leftovers, prepare, sweep},
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
    // Where AWS only needs longer than anybody waits, what is left is listed, too.
    if exit == ExitCode::Done || is_overdue(&changed.outcome) {
        let look = async {
            match exit {
                ExitCode::Done => sweep(&workspace, &prepared, &session.interrupt).await,
                _ => leftovers(&workspace, &prepared).await,
            }
        };
        let (left, kept) = session.unless_interrupted(look).await?;
        printer.data(&summary::leftovers(printer.paint_out(), workspace.suffix.as_str(), &left, &kept));
        exit = verdict(exit, &left);
        summary.insert("left".to_owned(), json!(left));
        summary.insert("kept".to_owned(), json!(kept));
    }
    if is_there {
        let effort = change::effort(session, &workspace);
        printer.talk(&format!("\n{}", summary::effort(&prepared.plan, &changed.outcome, effort, printer.width())));
    }
    Ok(Ended { exit, summary })
}

/// True where nothing failed but waiting.
fn is_overdue(outcome: &Outcome) -> bool {
    let waits = |failure: &Failure| matches!(failure.class, Class::Blocked | Class::Deadline);
    !outcome.interrupted && !outcome.failed.is_empty() && outcome.failed.iter().all(|(_, failure)| waits(failure))
}

fn verdict(exit: ExitCode, left: &[Leftover]) -> ExitCode {
    if left.is_empty() { exit } else { ExitCode::Leftovers }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Key;

    fn outcome(classes: &[Class]) -> Outcome {
        let failed = classes.iter().map(|class| (Key::new("subnet", "a"), Failure::new(*class, "in the way: eni-1")));
        Outcome { failed: failed.collect(), ..Outcome::default() }
    }

    #[test]
    fn what_outlives_the_deadline_is_left_and_what_failed_otherwise_is_not() {
        let left = [Leftover { key: "subnet/a".into(), id: "subnet-1".into(), note: "exists".into() }];
        assert!(is_overdue(&outcome(&[Class::Blocked, Class::Deadline])));
        assert!(!is_overdue(&outcome(&[Class::Blocked, Class::Denied])));
        assert!(!is_overdue(&outcome(&[])));
        assert_eq!(verdict(ExitCode::Partial, &left), ExitCode::Leftovers);
        assert_eq!(verdict(ExitCode::Done, &left), ExitCode::Leftovers);
        assert_eq!(verdict(ExitCode::Done, &[]), ExitCode::Done);
    }
}
