//! New certificates by the authority that there is.

use std::collections::BTreeSet;

use super::{
    UnderWay, authority,
    record::{issue_after, issued_after, text},
    scope::{self, refuse},
};
use crate::{
    blueprint::Rotation,
    operation::{OperationError, Prepared, Workspace},
};

/// Plans new certificates for one service, or for all. A rotation that was begun and not ended goes on with what it asked for.
///
/// # Errors
/// Where there is no environment or no such service, where a change of authority is under way, or where something else would come
/// along; and whatever keeps the picture from being whole.
pub async fn prepare(workspace: &Workspace, service: Option<&str>) -> Result<Prepared, OperationError> {
    let asked = services(workspace, service)?;
    let (book, phase) = authority::reached(workspace).await?;
    if let Some(phase) = phase {
        let message = format!("{}; certificates are issued anew by it", authority::under_way(phase));
        return Err(refuse(message, format!("go on with it: {}", authority::COMMAND)));
    }
    let before = match UnderWay::of(&book) {
        Some(UnderWay::Certificates(services)) => services,
        _ => BTreeSet::new(),
    };
    let now = workspace.aws.now();
    let mut issued_after = issued_after(&book);
    let fresh: Vec<&String> = asked.iter().filter(|name| !before.contains(*name)).collect();
    let mut choices = Vec::new();
    for name in &fresh {
        issued_after.insert((*name).clone(), text(now));
        choices.push(issue_after(name, &text(now)));
    }
    let all: BTreeSet<String> = before.union(&asked).cloned().collect();
    choices.push(UnderWay::Certificates(all).entry(now));
    let rotation = Rotation { issued_after, to: None };
    let mut prepared = scope::prepare(workspace, rotation, fresh.is_empty()).await?;
    prepared.found.choices.extend(choices);
    Ok(prepared)
}

fn services(workspace: &Workspace, service: Option<&str>) -> Result<BTreeSet<String>, OperationError> {
    let all: BTreeSet<String> = workspace.config.services.keys().cloned().collect();
    match service {
        None => Ok(all),
        Some(name) if all.contains(name) => Ok(BTreeSet::from([name.to_owned()])),
        Some(name) => {
            let known = all.into_iter().collect::<Vec<_>>().join(", ");
            Err(refuse(format!("there is no service '{name}'"), format!("one of these: {known}")))
        }
    }
}
