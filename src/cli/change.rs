//! What `up` and `destroy` have in common: showing the plan, carrying it out, telling what came of it.

use std::convert::Infallible;

use serde_json::{Map, Value, json};

use super::{CliError, ExitCode, Session, session::command_again};
use crate::{
    engine::{Book, schedule::Outcome, yielded::yielded},
    mesh::data_plane::CHANGEOVER_PHASES,
    operation::{Prepared, Workspace, apply, changeover::Changeover},
    view::{
        self, Progress,
        plan::{PlanView, owned_by_others},
        summary::{self, Effort},
        text::{capital, wrap},
    },
};

/// Says what is being looked at.
pub fn announce(session: &Session, workspace: &Workspace) {
    session.printer.talk(&format!(
        "looking at environment '{}' in account {}, {}",
        workspace.suffix, workspace.aws.account, workspace.aws.region
    ));
}

/// Tells what is odd about what was found.
pub fn warn(session: &Session, prepared: &Prepared) {
    for warning in &prepared.warnings {
        session.printer.warn(warning);
    }
}

/// The plan as it is shown.
pub fn plan_view<'a>(session: &Session, prepared: &'a Prepared) -> PlanView<'a> {
    PlanView { plan: &prepared.plan, book: &prepared.book, verbose: session.global.verbose }
}

/// Notes below a plan: who carries the mesh, and with `--verbose` what is left to others.
pub fn notes(session: &Session, workspace: &Workspace, prepared: &Prepared) -> String {
    let mut notes = format!("mesh: {}", prepared.found.mesh_reason);
    if let Some(changeover) = &prepared.found.changeover {
        let text = wrap(&format!("{}.", capital(&changeover.explain())), 0, session.printer.width());
        notes.push_str(&format!("\n{text}"));
    }
    let left = yielded(&workspace.kinds, &prepared.blueprint, &prepared.book, &prepared.survey);
    if !left.is_empty() {
        notes.push_str(&format!("\n{}", view::plan::left_to_others(&left, session.printer.width())));
    }
    let owned = owned_by_others(&workspace.kinds, &prepared.reference);
    if session.global.verbose && !owned.is_empty() {
        let list = wrap(&owned.join(", "), 2, session.printer.width());
        notes.push_str(&format!("\nleft to others once it exists:\n{list}"));
    }
    notes
}

/// A phase of a change of the mesh's provider.
pub fn phase_json(phase: &Changeover) -> Map<String, Value> {
    Map::from_iter([
        ("phase".to_owned(), json!(phase.phase())),
        ("phases".to_owned(), json!(CHANGEOVER_PHASES)),
        ("title".to_owned(), json!(phase.title())),
        ("change".to_owned(), json!("mesh-provider")),
    ])
}

/// How a plan was carried out, and the state after it.
pub struct Changed {
    /// What came of the steps.
    pub outcome: Outcome,
    /// The state.
    pub book: Book,
    /// What it took.
    pub effort: Effort,
}

/// Carries a plan out and shows how it goes.
///
/// # Errors
/// Where the state can't be written.
pub async fn carry_out(session: &Session, workspace: &Workspace, prepared: &Prepared) -> Result<Changed, CliError> {
    let progress = Progress::new(&session.printer, &prepared.plan, session.pace());
    let work = session.changing(apply(workspace, prepared, &progress, &session.interrupt));
    let result = tokio::select! {
        biased;
        result = work => result,
        never = progress.draw() => no(never),
    };
    progress.finish();
    let outcome = result?;
    outcome.warnings.iter().for_each(|warning| session.printer.warn(warning));
    let book = match workspace.load() {
        Ok(loaded) => loaded.map(|loaded| loaded.book).unwrap_or_default(),
        Err(error) => {
            session.printer.warn(&format!("the state can't be read after the run: {error}"));
            prepared.book.clone()
        }
    };
    Ok(Changed { outcome, book, effort: effort(session, workspace) })
}

/// What the run has taken so far.
pub fn effort(session: &Session, workspace: &Workspace) -> Effort {
    let (reading, changing) = workspace.aws.log.totals();
    Effort { reading, changing, pace: session.pace() }
}

fn no<T>(never: Infallible) -> T {
    match never {}
}

/// Tells what failed and what was not tried, and how to go on. Nothing where all is done.
pub fn tell_failures(session: &Session, prepared: &Prepared, changed: &Changed) {
    let outcome = &changed.outcome;
    if outcome.is_complete() {
        return;
    }
    let printer = &session.printer;
    if !session.global.json {
        printer.tell(&summary::failure(
            printer.paint_err(),
            printer.width(),
            &prepared.plan,
            outcome,
            &changed.book,
            &command_again(),
        ));
    }
}

/// The fields that every change's final line has.
pub fn summary_json(prepared: &Prepared, changed: &Changed) -> Map<String, Value> {
    let mut fields = summary::outcome_json(&prepared.plan, &changed.outcome, &changed.book, changed.effort);
    if !changed.outcome.is_complete() {
        fields.insert("next".to_owned(), json!(command_again()));
    }
    fields
}

/// The exit code of what was carried out.
pub fn exit(changed: &Changed) -> ExitCode {
    ExitCode::of_outcome(&changed.outcome)
}
