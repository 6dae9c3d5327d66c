//! Rotations as the command makes them, without a terminal.

use platformctl::{
    engine::schedule::Outcome,
    operation::{
        self, Intention, OperationError, Workspace,
        rotate::{authority::Phase, certificates, record},
    },
};

use super::world::keys;
use crate::lab::{Lab, Recorder, assert_done, up};

/// Two services of which one calls the other.
pub const PAIR: &str = "[platform]\nteam = \"platform\"\ncost_center = \"42\"\n\n[services.accounts]\nbake_minutes = 2\n\n\
                        [services.payments]\ncalls = [\"accounts\"]\nbake_minutes = 2\n";

/// The same, where nobody renews certificates but `up`.
pub fn by_hand() -> String {
    PAIR.replace("[services.accounts]", "[mesh]\nrotate_certificates = false\n\n[services.accounts]")
}

/// A lab with an environment that is up.
pub async fn brought_up(lab: &Lab, text: &str) -> Workspace {
    let workspace = lab.workspace(text, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    workspace
}

/// What a run told and what came of it.
pub struct Told {
    pub events: String,
    pub outcome: Outcome,
}

async fn carry_out(workspace: &Workspace, prepared: &operation::Prepared) -> Result<Told, OperationError> {
    let recorder = Recorder::default();
    let outcome = operation::apply(workspace, prepared, &recorder, &Default::default()).await?;
    let events = serde_json::to_string(&*recorder.0.lock().expect("no test panics while it tells")).expect("JSON");
    Ok(Told { events, outcome })
}

/// New certificates.
pub async fn certificates(workspace: &Workspace, service: Option<&str>) -> Result<Told, OperationError> {
    let prepared = certificates::prepare(workspace, service).await?;
    let told = carry_out(workspace, &prepared).await?;
    if told.outcome.is_complete() {
        record::end(workspace)?;
    }
    Ok(told)
}

/// A new authority, or what is left of the change. `after` sees each phase that is complete. Gives the phases that were carried out,
/// and the run that failed, if one did.
pub async fn authority(
    workspace: &Workspace,
    mut after: impl FnMut(u8, &Told),
) -> Result<(Vec<u8>, Option<Told>), OperationError> {
    let mut done = Vec::new();
    let mut next = Some(Phase::first(workspace).await?);
    while let Some(phase) = next {
        let told = carry_out(workspace, &phase.prepared).await?;
        if !told.outcome.is_complete() {
            return Ok((done, Some(told)));
        }
        let number = phase.number;
        next = phase.next(workspace, &|_| ()).await?;
        after(number, &told);
        done.push(number);
    }
    Ok((done, None))
}

/// Panics with what is to be done, where nothing should be; gives the warnings.
pub async fn settled(workspace: &Workspace) -> Vec<String> {
    let again = operation::prepare(workspace, Intention::Plan).await.expect("plan");
    let steps: Vec<_> = again.plan.steps.iter().map(|step| (&step.key, step.action, &step.changes)).collect();
    assert!(steps.is_empty(), "{steps:#?}");
    again.warnings
}

/// Panics where the state of the environment, or what was told, holds anything in PEM, or a key without its frame.
pub fn assert_nothing_secret(lab: &Lab, more: &str) {
    let journal = std::fs::read_to_string(lab.state.path().join("dev/journal.jsonl")).expect("a journal");
    let keys = keys(&lab.sandbox);
    assert!(keys.len() >= 3, "the authority's and two services'");
    for text in [journal.as_str(), more] {
        assert!(!text.contains("-----BEGIN"), "PEM in {} characters of text", text.len());
        assert!(!keys.iter().any(|key| text.contains(key)), "a key in {} characters of text", text.len());
    }
}
