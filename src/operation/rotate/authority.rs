//! A new authority, in three phases: trust both, re-issue, drop the old one. See [`crate::mesh::Authorities`] for why three.

use serde_json::Value;

use super::{
    UnderWay,
    record::issued_after,
    scope::{self, refuse},
    tasks,
};
use crate::{
    aws::secrets::{
        authority::{STAGE, TRUST},
        facts::FINGERPRINT,
    },
    blueprint::Rotation,
    engine::{Answers, Book, Key, Outputs, Scope, Target, survey::persist},
    mesh::{PHASES, Stage},
    operation::{OperationError, Prepared, Workspace},
};

/// The command that begins a change of authority, and goes on with it.
pub const COMMAND: &str = "platformctl rotate certificates --authority";

/// The key of the authority's secret.
pub(in crate::operation) fn key() -> Key {
    Key::new("mesh-authority", "services")
}

/// What happens in a phase.
pub fn title(phase: u8) -> &'static str {
    match phase {
        1 => "trust both authorities",
        2 => "issue all certificates by the new authority",
        _ => "drop the old authority",
    }
}

/// `phase 2 of 3`, with what happens in it.
pub fn describe(phase: u8) -> String {
    format!("phase {phase} of {PHASES} ({})", title(phase))
}

/// That a change is under way, and how far.
pub fn under_way(phase: u8) -> String {
    format!("a change of authority is under way, {}", describe(phase))
}

/// The phase that a change of authority is in; `None` where none is under way. AWS tells, but for its beginning and its end, which
/// look alike: there the state tells which authority it was begun with.
pub fn phase(authority: &Outputs, under_way: Option<&UnderWay>) -> Option<u8> {
    let stage = authority.get(STAGE).and_then(|stage| stage.parse().ok()).unwrap_or(Stage::Settled);
    match (stage, under_way) {
        (Stage::Introduced, _) => Some(1),
        (Stage::Switched, _) => Some(2),
        (Stage::Settled, Some(UnderWay::Authority { former })) => {
            Some(if authority.get(FINGERPRINT) == Some(former) { 1 } else { PHASES })
        }
        (Stage::Settled, _) => None,
    }
}

/// The fingerprint of the authority that a change leads away from: the one that issues, until another one does.
fn former(authority: &Outputs) -> String {
    let issuing = authority.get(FINGERPRINT).map_or("", String::as_str);
    let trusted = authority.get(TRUST).map_or("", String::as_str);
    let other = trusted.split('+').find(|one| *one != issuing);
    match authority.get(STAGE).and_then(|stage| stage.parse().ok()) {
        Some(Stage::Switched) => other.unwrap_or_default(),
        _ => issuing,
    }
    .to_owned()
}

/// One phase, planned.
pub struct Phase {
    /// Which one, from 1.
    pub number: u8,
    /// Its plan.
    pub prepared: Prepared,
}

impl Phase {
    /// Plans the first phase, or of a change that is under way the one that was reached.
    ///
    /// # Errors
    /// Where there is no environment, or where something else would come along; and whatever keeps the picture from being whole.
    pub async fn first(workspace: &Workspace) -> Result<Self, OperationError> {
        let (_, phase) = reached(workspace).await?;
        Self::plan(workspace, phase.unwrap_or(1), phase.is_some()).await
    }

    /// After this phase was carried out: waits until no task from before it runs, and plans the next one; `None` after the last.
    /// `tell` hears what is waited for.
    ///
    /// # Errors
    /// Where tasks from before this phase go on running, which keeps the next one from beginning; and as [`Phase::first`].
    pub async fn next(
        self,
        workspace: &Workspace,
        tell: &(dyn Fn(&str) + Sync),
    ) -> Result<Option<Self>, OperationError> {
        tasks::settle(workspace, tell).await?;
        if self.number == PHASES {
            super::record::end(workspace)?;
            return Ok(None);
        }
        // One run at a time: the next phase takes the lock again.
        let next = self.number + 1;
        drop(self);
        Self::plan(workspace, next, true).await.map(Some)
    }

    async fn plan(workspace: &Workspace, number: u8, goes_on: bool) -> Result<Self, OperationError> {
        let book = book(workspace)?;
        let rotation = Rotation { issued_after: issued_after(&book), to: Some(Stage::of_phase(number)) };
        let mut prepared = scope::prepare(workspace, rotation, goes_on).await?;
        if !matches!(UnderWay::of(&prepared.book), Some(UnderWay::Authority { .. })) {
            let mut outputs =
                prepared.book.records.get(&key()).map(|record| record.outputs.clone()).unwrap_or_default();
            outputs.extend(prepared.survey.sightings.get(&key()).into_iter().flat_map(|seen| seen.outputs.clone()));
            let former = former(&outputs);
            prepared.found.choices.push(UnderWay::Authority { former }.entry(workspace.aws.now()));
        }
        Ok(Phase { number, prepared })
    }
}

/// The state, and the phase that a change of authority is in.
///
/// # Errors
/// Where there is no environment, or the authority can't be looked at.
pub(super) async fn reached(workspace: &Workspace) -> Result<(Book, Option<u8>), OperationError> {
    let book = book(workspace)?;
    let authority = look(workspace, &book).await?;
    let phase = phase(&authority, UnderWay::of(&book).as_ref());
    Ok((book, phase))
}

fn book(workspace: &Workspace) -> Result<Book, OperationError> {
    let book = workspace.load()?.map(|loaded| loaded.book).unwrap_or_default();
    if book.records.get(&key()).is_none_or(|record| record.id.is_empty()) {
        let message = format!("the state knows no certificates of environment '{}' to rotate", workspace.suffix);
        return Err(refuse(message, "run platformctl up first; where the state is lost, it takes up what is there"));
    }
    Ok(book)
}

/// What AWS says of the authority, in one call.
async fn look(workspace: &Workspace, book: &Book) -> Result<Outputs, OperationError> {
    let key = key();
    let record = &book.records[&key];
    let targets = [Target {
        key: key.clone(),
        name: record.name.clone(),
        id: Some(record.id.clone()),
        // How far a change is, another machine may have moved since: only the secret itself tells.
        recorded: Outputs::new(),
        spec: Value::Null,
    }];
    let (suffix, answers) = (workspace.suffix.as_str(), Answers::default());
    let scope = Scope { suffix, environment_id: None, targets: &targets, tagged: &[], sweep: false, answers: &answers };
    let kind = workspace.kinds.get(key.kind())?;
    let found = persist(&workspace.jitter, || kind.find(&scope)).await?;
    let seen = found.into_iter().find(|seen| seen.key == key).map(|seen| seen.outputs).unwrap_or_default();
    let mut outputs = record.outputs.clone();
    outputs.extend(seen);
    Ok(outputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_tells_the_phase_and_the_state_its_beginning_from_its_end() {
        let authority = |stage: &str, fingerprint: &str| {
            Outputs::from([(STAGE.to_owned(), stage.to_owned()), (FINGERPRINT.to_owned(), fingerprint.to_owned())])
        };
        let begun = UnderWay::Authority { former: "old".to_owned() };
        let of = |stage, fingerprint| phase(&authority(stage, fingerprint), Some(&begun));
        assert_eq!(of("settled", "old"), Some(1));
        assert_eq!(of("introduced", "old"), Some(1));
        assert_eq!(of("switched", "new"), Some(2));
        assert_eq!(of("settled", "new"), Some(3));
        assert_eq!(phase(&authority("settled", "new"), None), None);
        assert_eq!(phase(&authority("switched", "new"), None), Some(2), "also where the state is lost");
    }

    #[test]
    fn what_goes_is_known_from_aws_too() {
        let of = |stage: &str, issuing: &str, trusted: &str| {
            let outputs = [(STAGE, stage), (FINGERPRINT, issuing), (TRUST, trusted)];
            former(&outputs.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
        };
        assert_eq!(of("settled", "old", "old"), "old");
        assert_eq!(of("introduced", "old", "new+old"), "old");
        assert_eq!(of("switched", "new", "new+old"), "old");
    }
}
