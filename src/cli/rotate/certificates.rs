//! `rotate certificates`: new certificates, or a new authority in three phases.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::{
    cli::{
        CliError, ExitCode, Session,
        change::{self, Changed},
        prompt,
        session::{Ended, command_again},
    },
    engine::{Book, Class},
    mesh::PHASES,
    operation::{
        Prepared, Workspace,
        rotate::{
            authority::{self, Phase},
            certificates, record,
        },
    },
    view::{
        json::line,
        summary,
        text::{capital, count, wrap},
    },
};

/// Arguments of `rotate certificates`.
#[derive(Args, Debug)]
pub struct CertificatesArgs {
    /// One service's certificate only
    #[arg(long, value_name = "SERVICE", conflicts_with = "authority")]
    pub service: Option<String>,

    /// A new authority too, in three phases: trust both, issue all certificates by the new one, drop the old one
    #[arg(long)]
    pub authority: bool,
}

/// Runs it.
///
/// # Errors
/// Whatever keeps it from beginning; what fails later is in the exit code.
pub async fn run(session: &Session, args: &CertificatesArgs) -> Result<Ended, CliError> {
    let workspace = session.open().await?;
    change::announce(session, &workspace);
    match args.authority {
        true => new_authority(session, &workspace).await,
        false => new_certificates(session, &workspace, args.service.as_deref()).await,
    }
}

async fn new_certificates(session: &Session, workspace: &Workspace, service: Option<&str>) -> Result<Ended, CliError> {
    let prepared = session.unless_interrupted(certificates::prepare(workspace, service)).await?;
    show(session, &prepared);
    prompt::confirm(session, &question(workspace, "Issue these certificates anew and roll their services")).await?;
    let changed = change::carry_out(session, workspace, &prepared).await?;
    change::tell_failures(session, &prepared, &changed);
    let mut summary = change::summary_json(&prepared, &changed);
    summary.insert("rotation".to_owned(), json!("certificates"));
    let exit = exit(&changed);
    if exit == ExitCode::Done {
        record::end(workspace)?;
        told_valid(session, workspace, &changed.book, &mut summary);
    }
    tell_effort(session, &prepared, &changed);
    Ok(Ended { exit, summary })
}

async fn new_authority(session: &Session, workspace: &Workspace) -> Result<Ended, CliError> {
    let printer = &session.printer;
    let mut phase = session.unless_interrupted(Phase::first(workspace)).await?;
    let begun = phase.number;
    loop {
        let number = phase.number;
        let title = authority::describe(number);
        printer.json(&line("phase", phase_json(number)));
        printer.talk(&printer.paint_err().bold(&format!("\n{title}")));
        show(session, &phase.prepared);
        if number == begun {
            let what = match number {
                1 => "Change the authority of the mesh, rolling every service three times",
                _ => "Go on with the change of the mesh's authority",
            };
            prompt::confirm(session, &question(workspace, what)).await?;
        }
        let changed = change::carry_out(session, workspace, &phase.prepared).await?;
        let mut summary = change::summary_json(&phase.prepared, &changed);
        summary.extend(phase_json(number));
        summary.insert("rotation".to_owned(), json!("authority"));
        let exit = exit(&changed);
        if exit != ExitCode::Done {
            change::tell_failures(session, &phase.prepared, &changed);
            printer.tell(&wrap(&stopped(number, exit), 0, printer.width()));
            return Ok(Ended { exit, summary });
        }
        tell_effort(session, &phase.prepared, &changed);
        let tell = |what: &str| printer.talk(what);
        match session.unless_interrupted(phase.next(workspace, &tell)).await {
            Ok(Some(next)) => phase = next,
            Ok(None) => {
                told_valid(session, workspace, &changed.book, &mut summary);
                return Ok(Ended { exit: ExitCode::Done, summary });
            }
            Err(CliError::Interrupted) => {
                printer.keep();
                printer.tell(&wrap(&stopped(number, ExitCode::Interrupted), 0, printer.width()));
                summary.insert("next".to_owned(), json!(command_again()));
                return Ok(Ended { exit: ExitCode::Interrupted, summary });
            }
            Err(error) => {
                printer.tell(&wrap(&stopped(number, error.exit()), 0, printer.width()));
                return Err(error);
            }
        }
    }
}

fn show(session: &Session, prepared: &Prepared) {
    change::warn(session, prepared);
    let (printer, view) = (&session.printer, change::plan_view(session, prepared));
    printer.json(&view.json());
    printer.talk(&view.text(printer.paint_err()));
}

fn question(workspace: &Workspace, what: &str) -> String {
    format!(
        "{what} in environment '{}', account {}, {}?",
        workspace.suffix, workspace.aws.account, workspace.aws.region
    )
}

fn phase_json(number: u8) -> Map<String, Value> {
    Map::from_iter([
        ("phase".to_owned(), json!(number)),
        ("phases".to_owned(), json!(PHASES)),
        ("title".to_owned(), json!(authority::title(number))),
    ])
}

/// Why it is safe to stop here, and how to go on.
fn stopped(number: u8, exit: ExitCode) -> String {
    let phase = capital(&authority::describe(number));
    let next = if number < PHASES { format!(" Phase {} was not begun.", number + 1) } else { String::new() };
    let mend = if exit == ExitCode::Interrupted { "Run" } else { "Mend what failed and run" };
    format!(
        "{phase} is not complete everywhere.{next} Calls between services go on: whoever runs trusts everybody else's certificate. {mend} \
         the same command again; it goes on from this phase."
    )
}

/// Until when the certificates are valid now.
fn told_valid(session: &Session, workspace: &Workspace, book: &Book, summary: &mut Map<String, Value>) {
    let certificates = book.records.values().filter(|record| record.key.kind() == "mesh-certificate");
    let valid: Map<String, Value> = certificates
        .filter_map(|record| Some((record.key.name().to_owned(), json!(record.outputs.get("not_after")?))))
        .collect();
    let printer = &session.printer;
    let text = format!("{} of environment '{}' valid:", count(valid.len(), "certificate"), workspace.suffix);
    printer.data(&printer.paint_out().green(&text));
    for (service, until) in &valid {
        printer.data(&format!("  {service}  until {}", until.as_str().unwrap_or_default()));
    }
    summary.insert("valid_until".to_owned(), valid.into());
}

fn tell_effort(session: &Session, prepared: &Prepared, changed: &Changed) {
    let printer = &session.printer;
    printer.talk(&format!("\n{}", summary::effort(&prepared.plan, &changed.outcome, changed.effort, printer.width())));
}

/// A service whose deployment failed or was rolled back is what a rotation most likely stops at.
fn exit(changed: &Changed) -> ExitCode {
    let exit = change::exit(changed);
    let rollout = |class: Class| matches!(class, Class::Invalid | Class::Deadline);
    let rolled_back =
        changed.outcome.failed.iter().any(|(key, failure)| {
            key.kind() == "ecs-service" && failure.operation.is_empty() && rollout(failure.class)
        });
    match exit {
        ExitCode::Partial | ExitCode::Failed if rolled_back => ExitCode::RolloutFailed,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        engine::{Failure, Key, schedule::Outcome},
        view::{progress::Pace, summary::Effort},
    };

    fn changed(done: usize, failed: Vec<(&str, Failure)>) -> Changed {
        let outcome = Outcome {
            done: vec![(Key::new("mesh-authority", "services"), Duration::ZERO); done],
            failed: failed.into_iter().map(|(kind, failure)| (Key::new(kind, "payments"), failure)).collect(),
            ..Outcome::default()
        };
        Changed { outcome, book: Book::default(), effort: Effort { reading: 0, changing: 0, pace: Pace::Real } }
    }

    #[test]
    fn a_service_that_does_not_take_its_new_certificate_is_a_failed_rollout() {
        let verdict = || Failure::new(Class::Invalid, "alarm-payments-errors-dev went off");
        let refused = || Failure { operation: "ecs:UpdateService".to_owned(), ..verdict() };
        let of = |done, failed| exit(&changed(done, failed));
        assert_eq!(of(3, vec![]), ExitCode::Done);
        assert_eq!(of(3, vec![("ecs-service", verdict())]), ExitCode::RolloutFailed);
        assert_eq!(of(3, vec![("ecs-service", refused())]), ExitCode::Partial);
        assert_eq!(of(3, vec![("mesh-certificate", verdict())]), ExitCode::Partial);
        assert_eq!(of(0, vec![("mesh-authority", Failure::new(Class::Denied, "no"))]), ExitCode::NoPermission);
    }

    #[test]
    fn whoever_reads_it_at_night_knows_what_holds_and_what_to_do() {
        insta::assert_snapshot!(stopped(2, ExitCode::RolloutFailed), @"Phase 2 of 3 (issue all certificates by the new authority) is not complete everywhere. Phase 3 was not begun. Calls between services go on: whoever runs trusts everybody else's certificate. Mend what failed and run the same command again; it goes on from this phase.");
        insta::assert_snapshot!(stopped(3, ExitCode::Interrupted), @"Phase 3 of 3 (drop the old authority) is not complete everywhere. Calls between services go on: whoever runs trusts everybody else's certificate. Run the same command again; it goes on from this phase.");
    }
}
