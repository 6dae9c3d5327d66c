//! Quotas of the account: what the doctor says of them, and what becomes of a change that they leave no room for.

use platformctl::{
    engine::Event,
    operation::{self, Check, Verdict, Workspace},
    sandbox::{SandboxOptions, quotas},
};

use crate::lab::{EXAMPLE, Lab, Recorder, assert_done, up};

const SPOT: &str = "Fargate Spot vCPU resource count";

/// The example with a change that deploys every service.
fn another_envoy() -> String {
    let changed = EXAMPLE.replace("envoyproxy/envoy:v1.40.0", "envoyproxy/envoy:v1.40.1");
    assert_ne!(changed, EXAMPLE);
    changed
}

async fn checked(workspace: &Workspace) -> Check {
    let checks = operation::doctor(workspace, true).await;
    checks.into_iter().find(|check| check.name == SPOT).expect("it is checked")
}

/// Three services of two tasks of one vCPU start on a new account's six; six more are wanted while all are deployed at once.
#[tokio::test(start_paused = true)]
async fn a_new_account_has_no_room_for_both_colours() {
    let options = SandboxOptions::in_memory().with_quota(quotas::FARGATE_SPOT_VCPU, 6.0);
    let lab = Lab::with(options.with_quota(quotas::FARGATE_ON_DEMAND_VCPU, 6.0));
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    let before = checked(&workspace).await;
    assert_eq!(before.verdict, Verdict::Warning, "{before:?}");
    assert!(before.detail.contains("12 while everything is deployed"), "{before:?}");
    assert_done(&up(&workspace).await.expect("six are enough to start"));

    let workspace = lab.workspace(&another_envoy(), "dev").await;
    let outcome = up(&workspace).await.expect("a run");
    assert!(!outcome.failed.is_empty(), "nothing of it could be placed");
    for (key, failure) in &outcome.failed {
        assert_eq!(key.kind(), "ecs-service", "{failure}");
        let said = failure.to_string();
        assert!(said.contains("reached the limit on the number of vCPUs you can run concurrently"), "{key}: {said}");
        assert!(failure.remedy.as_ref().is_some_and(|remedy| remedy.contains("doctor")), "{key}: {:?}", failure.remedy);
    }
    let after = checked(&workspace).await;
    assert_eq!(after.verdict, Verdict::Warning, "{after:?}");
    assert!(after.detail.contains("0 of 6 free"), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn the_sandbox_has_asked_for_more() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    let before = checked(&workspace).await;
    assert_eq!(before.verdict, Verdict::Ok, "{before:?}");
    assert!(before.detail.contains("100 of 100 free"), "{before:?}");
    assert_done(&up(&workspace).await.expect("up"));
    let workspace = lab.workspace(&another_envoy(), "dev").await;
    assert_done(&up(&workspace).await.expect("there is room for both colours of all services"));
}

/// Two vCPUs are free: the second colour of one service at a time.
#[tokio::test(start_paused = true)]
async fn services_roll_in_batches_that_there_is_room_for() {
    for (quota, at_once) in [(8.0, 1), (10.0, 2), (12.0, 3)] {
        let options = SandboxOptions::in_memory().with_quota(quotas::FARGATE_SPOT_VCPU, quota);
        let lab = Lab::with(options);
        assert_done(&up(&lab.workspace(EXAMPLE, "dev").await).await.expect("up"));
        let workspace = lab.workspace(&another_envoy(), "dev").await;
        let prepared = operation::prepare(&workspace, operation::Intention::Up).await.expect("a plan");
        let recorder = Recorder::default();
        let outcome = operation::apply(&workspace, &prepared, &recorder, &Default::default()).await.expect("a run");
        assert_done(&outcome);
        drop(prepared);
        assert_eq!(most_at_once(&recorder), at_once, "of a quota of {quota} six are in use");
        // A rotation rolls all of them, too.
        let rotation = operation::rotate::certificates::prepare(&workspace, None).await.expect("a plan");
        let recorder = Recorder::default();
        assert_done(&operation::apply(&workspace, &rotation, &recorder, &Default::default()).await.expect("a run"));
        assert_eq!(most_at_once(&recorder), at_once, "of a quota of {quota} six are in use");
    }
}

/// How many services rolled at once at most.
fn most_at_once(recorder: &Recorder) -> usize {
    let (mut under_way, mut most) = (0_usize, 0);
    for event in recorder.0.lock().expect("no test panics while it tells").iter() {
        match event {
            Event::Started { key, .. } if key.kind() == "ecs-service" => under_way += 1,
            Event::Done { key, .. } if key.kind() == "ecs-service" => under_way -= 1,
            _ => {}
        }
        most = most.max(under_way);
    }
    most
}
