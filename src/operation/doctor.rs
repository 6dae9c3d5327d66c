//! Whether an environment can come up here.

mod account;
pub mod check;
mod fargate;
mod local;
mod quota;

pub use check::{Check, Verdict};

use super::Workspace;
use crate::engine::Book;

/// Checks everything that keeps an environment from coming up. `deep` also counts what of the Fargate quotas is in use, which takes
/// a call for each hundred tasks of the account.
pub async fn doctor(workspace: &Workspace, deep: bool) -> Vec<Check> {
    let book = recorded(workspace);
    let (zones, quotas, fargate, mesh, provider, roles) = futures::join!(
        account::zones(workspace),
        quota::all(workspace, &book),
        fargate::check(workspace, &book, deep),
        account::mesh(workspace),
        account::provider(workspace, &book),
        account::linked_roles(workspace),
    );
    let mut checks = vec![account::credentials(workspace), zones];
    checks.extend(quotas);
    checks.extend(fargate);
    checks.push(mesh);
    checks.extend(roles);
    checks.extend(local::certificates(workspace, &book));
    checks.extend(provider);
    checks.extend(local::rotator(workspace));
    checks.push(local::names(workspace));
    checks.push(local::state(workspace));
    checks
}

/// What `up` checks first, in a handful of calls: zones, and the quotas that a new environment would fail at after minutes. Gives
/// only what failed; makes no call where the environment exists already.
pub async fn doctor_cheap(workspace: &Workspace) -> Vec<Check> {
    let book = recorded(workspace);
    if !book.is_empty() {
        return Vec::new();
    }
    let (zones, quotas) = futures::join!(account::zones(workspace), quota::all(workspace, &book));
    std::iter::once(zones).chain(quotas).filter(|check| check.verdict == Verdict::Failed).collect()
}

/// What exists by the state; nothing where it can't be read, which is a check of its own.
fn recorded(workspace: &Workspace) -> Book {
    workspace.load().ok().flatten().map(|loaded| loaded.book).unwrap_or_default()
}
