//! Letting go of revisions that nobody goes back to any more.

use crate::{
    aws::deploy::{Revision, revision},
    engine::survey::persist,
    operation::Workspace,
};

/// That many revisions of a service are kept: as many as its repository keeps images.
const KEPT: usize = 10;
/// That many are let go at a time, so that no deployment takes noticeably longer for it.
const AT_ONCE: usize = 5;

/// Lets the oldest revisions go, except the one that runs. It is a courtesy: what is left is tried again after the next deployment.
pub async fn prune(workspace: &Workspace, running: &Revision) {
    let (aws, jitter) = (&workspace.aws, &workspace.jitter);
    let Ok(listed) = persist(jitter, || revision::list(aws, &running.family)).await else { return };
    let surplus = listed.into_iter().skip(KEPT).filter(|arn| *arn != running.arn);
    // The oldest first.
    let surplus: Vec<String> = surplus.collect();
    for arn in surplus.iter().rev().take(AT_ONCE) {
        if persist(jitter, || revision::delete(aws, arn)).await.is_err() {
            return;
        }
    }
}
