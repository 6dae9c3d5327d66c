//! What a rotation of certificates may touch: the authority, the certificates, and what carries them to the tasks.

use crate::{
    blueprint::{self, Facts, Rotation},
    engine::{Action, Class, Failure, Step},
    operation::{Intention, OperationError, Prepared, Workspace, prepare::prepare_with},
};

/// A rotation that can't begin as things are: bad input, nothing was touched.
pub(super) fn refuse(message: String, remedy: impl Into<String>) -> OperationError {
    Failure::new(Class::Invalid, message).remedy(remedy).into()
}

/// What a rotation changes of each kind; nothing of any other.
fn rotates(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "mesh-authority" => Some(&["to"]),
        "mesh-certificate" => Some(&["issuer", "trust", "issued_after", "renew_before_days"]),
        // The certificate's fingerprint stands in the init container's environment.
        "task-definition" => Some(&["sidecars"]),
        "ecs-service" => Some(&["task_definition"]),
        _ => None,
    }
}

/// Plans what a rotation asks for and leaves everything else as it is. `goes_on` where the rotation was begun before: what it
/// left half done is no change of somebody else then.
///
/// # Errors
/// Those of preparing; and where something of the services has other changes, which would come along.
pub(super) async fn prepare(
    workspace: &Workspace,
    rotation: Rotation,
    goes_on: bool,
) -> Result<Prepared, OperationError> {
    let mut prepared = prepare_with(workspace, Intention::Rotate, |facts| {
        let facts = Facts { rotation, ..facts.clone() };
        blueprint::build(&workspace.config, &workspace.suffix, &facts)
    })
    .await?;
    let steps = std::mem::take(&mut prepared.plan.steps);
    let (ours, others): (Vec<Step>, Vec<Step>) =
        steps.into_iter().partition(|step| step.action == Action::Adopt || is_ours(step));
    if !goes_on && let Some(step) = ours.iter().find(|step| has_other_changes(step)) {
        let message = format!("{} has other changes than a rotation makes; they would come along", step.key);
        return Err(refuse(message, "bring the environment to its configuration first: platformctl up"));
    }
    if !others.is_empty() {
        let (them, are) = if others.len() == 1 { ("change", "is") } else { ("changes", "are") };
        prepared.warnings.push(format!("{} other {them} {are} left to `platformctl up`", others.len()));
    }
    prepared.plan.unchanged += others.len();
    prepared.plan.steps = ours;
    Ok(prepared)
}

fn is_ours(step: &Step) -> bool {
    rotates(step.key.kind()).is_some() && step.action != Action::Delete
}

/// True where a step does more than a rotation would. A first try that was cut off is none of that.
fn has_other_changes(step: &Step) -> bool {
    let rotated = rotates(step.key.kind()).unwrap_or_default();
    match step.action {
        Action::Adopt => false,
        Action::Create | Action::Delete => true,
        Action::Update | Action::Replace => {
            !step.tags.is_empty() || step.changes.iter().any(|change| !rotated.contains(&change.field.as_str()))
        }
    }
}
