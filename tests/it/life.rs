//! The life of an environment: up, nothing to do, change, nothing to do, destroy, inventory as before.

use platformctl::operation::{self, Intention};

use crate::lab::{EXAMPLE, Lab, assert_done, destroy, up};

#[tokio::test(start_paused = true)]
async fn an_environment_comes_up_and_goes_without_a_trace() {
    let lab = Lab::new();
    let before = lab.inventory();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    let outcome = up(&workspace).await.expect("up");
    assert_done(&outcome);
    let again = operation::prepare(&workspace, Intention::Plan).await.expect("plan");
    assert!(
        again.plan.steps.is_empty(),
        "not empty: {:#?}",
        again.plan.steps.iter().map(|step| (&step.key, step.action, &step.changes, &step.tags)).collect::<Vec<_>>()
    );
    let (outcome, left, doomed) = destroy(&workspace).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!(left, [], "nothing is left");
    assert_eq!(doomed.len(), 1, "the key stays for seven days: {doomed:?}");
    assert_eq!(lab.inventory(), before);
}
