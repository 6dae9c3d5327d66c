//! The proof that nothing is left.

use std::collections::BTreeSet;

use super::{OperationError, Prepared, Workspace};
use crate::engine::{
    Book, Key, Life,
    environment::{TAG_ENVIRONMENT_ID, TAG_KEY},
    survey::{self, Question, Survey},
};

/// Something that still exists after a destroy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Leftover {
    /// Its key, as its tags give it.
    pub key: String,
    /// Its id or ARN.
    pub id: String,
    /// Its state.
    pub note: String,
}

/// Looks once more at everything of the environment: what is left, and what AWS keeps for some days by rule.
///
/// # Errors
/// Where the look itself fails: nothing can be said then.
pub async fn leftovers(
    workspace: &Workspace,
    prepared: &Prepared,
) -> Result<(Vec<Leftover>, Vec<Leftover>), OperationError> {
    let survey = look(workspace, prepared, &Book::default()).await?;
    let note = |life: &Life| match life {
        Life::Live => "exists".to_owned(),
        Life::Ending(text) | Life::Doomed(text) | Life::Broken(text) => text.clone(),
    };
    let describe = |seen: &crate::engine::Sighting| Leftover {
        key: seen.key.to_string(),
        id: seen.id.clone(),
        note: note(&seen.life),
    };
    let mut left: Vec<Leftover> = survey.sightings.values().chain(&survey.strays).map(describe).collect();
    let known: BTreeSet<&str> = workspace.kinds.iter().map(|kind| kind.name()).collect();
    // A hit of a kind that we can look at, and did not see, is one of the dead that the tag search goes on listing.
    left.extend(survey.tagged.iter().filter_map(|hit| {
        let ours = hit.tags.get(TAG_ENVIRONMENT_ID) == Some(&prepared.environment.id);
        let key = hit.tags.get(TAG_KEY).cloned().unwrap_or_default();
        let kind = Key::from_tag(&key).map(|(key, _)| key.kind().to_owned()).unwrap_or_default();
        (ours && !known.contains(kind.as_str())).then(|| Leftover {
            key,
            id: hit.arn.clone(),
            note: "listed by the tag search".to_owned(),
        })
    }));
    left.sort();
    Ok((left, survey.doomed.iter().map(describe).collect()))
}

/// Everything that AWS shows of the environment, whatever the state says.
pub(super) async fn look(workspace: &Workspace, prepared: &Prepared, nothing: &Book) -> Result<Survey, OperationError> {
    let question = Question {
        kinds: &workspace.kinds,
        blueprint: &prepared.reference,
        book: nothing,
        suffix: workspace.suffix.as_str(),
        environment_id: Some(&prepared.environment.id),
        sweep: true,
        vanished: &prepared.found.vanished,
        jitter: &workspace.jitter,
    };
    Ok(survey::survey(&question).await?)
}
