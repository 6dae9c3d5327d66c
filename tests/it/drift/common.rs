//! An environment, and what is mended in it.

use std::{collections::BTreeSet, time::Duration};

use platformctl::{
    aws::policy::{self, Owner, Purpose},
    engine::diff::FieldChange,
    operation::{self, Intention, Prepared, Workspace},
    sandbox::{SandboxOptions, permissions::actions_of},
};
use serde_json::Value;

use crate::lab::{EXAMPLE, Lab, assert_done, carry_out, up};

/// Actions that the proof of the generated policies never uses, with the reason. Those that mend a drift name the test that mends it.
const RARE: &str = include_str!("../../proof/rare.txt");

/// The actions that are granted for the sake of what this test mends.
fn mended_by(test: &str) -> impl Iterator<Item = &'static str> {
    let reason = format!("mends drift: {test}");
    RARE.lines()
        .filter_map(move |line| line.split_once(' ').filter(|(_, why)| *why == reason).map(|(action, _)| action))
}

pub async fn plan(workspace: &Workspace) -> Prepared {
    operation::prepare(workspace, Intention::Up).await.expect("a plan")
}

/// The environment after an `up`, when everything that was made is visible everywhere.
pub async fn environment(lab: &Lab, text: &str) -> Workspace {
    let workspace = lab.workspace(text, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    settle().await;
    workspace
}

pub async fn settle() {
    tokio::time::sleep(Duration::from_secs(120)).await;
}

/// Applies a plan under the policy that `platformctl policy --for up` prints; nothing may be left to do after it. What is said to be rare because
/// it mends what this `test` changes must have been used.
pub async fn mend(lab: &Lab, workspace: &Workspace, prepared: Prepared, test: &str) {
    let aws = &workspace.aws;
    let owner = Owner { partition: "aws", account: &aws.account, region: &aws.region, suffix: "dev" };
    let document = policy::document(&policy::actions(&workspace.kinds, Purpose::Up), &owner);
    lab.sandbox.enforce(Some(&document.to_string())).expect("a policy");
    let before = lab.sandbox.calls().len();
    assert_done(&carry_out(workspace, &prepared).await.expect("a run"));
    let calls = lab.sandbox.calls();
    lab.sandbox.enforce(None).expect("no policy");
    let used: BTreeSet<String> =
        calls[before..].iter().flat_map(|call| actions_of(call.service, call.operation)).collect();
    let idle: Vec<&str> = mended_by(test).filter(|action| !used.contains(*action)).collect();
    assert!(idle.is_empty(), "said to be needed to mend this, and is not: {idle:?}");
    drop(prepared);
    settle().await;
    let again = plan(workspace).await;
    let steps: Vec<_> = again.plan.steps.iter().map(|step| (&step.key, &step.changes)).collect();
    assert!(steps.is_empty(), "after an up there is nothing to do: {steps:#?}");
}

/// What a plan says about a field: what is there, and what is wanted.
pub fn change<'a>(prepared: &'a Prepared, key: &str, field: &str) -> Option<&'a FieldChange> {
    let step = prepared.plan.step(&key.parse().expect("a key"))?;
    step.changes.iter().find(|change| change.field == field)
}

#[track_caller]
pub fn assert_drift(prepared: &Prepared, key: &str, field: &str, from: Value, to: Value) {
    let found = change(prepared, key, field).unwrap_or_else(|| panic!("{key}.{field} is not in the plan"));
    assert_eq!((found.from.as_ref(), found.to.as_ref()), (Some(&from), Some(&to)), "{key}.{field}");
}

pub fn app_mesh() -> (Lab, String) {
    let lab = Lab::with(SandboxOptions { app_mesh: true, ..SandboxOptions::in_memory() });
    (lab, EXAMPLE.replace("provider = \"auto\"", "provider = \"app-mesh\""))
}
