//! An environment on App Mesh, and what becomes of it once AWS has ended that service.

use platformctl::{
    engine::{Action, Interrupt},
    operation::{self, Intention},
    sandbox::{Sandbox, SandboxOptions},
};
use tempfile::TempDir;

use crate::lab::{EXAMPLE, Lab, assert_done, assert_settled, carry_out, destroy, up};

/// An account on disk, so that it can be opened once with App Mesh and once without.
fn sandbox(directory: &TempDir, app_mesh: bool) -> Sandbox {
    Sandbox::open(SandboxOptions { app_mesh, seed: 1, ..SandboxOptions::in_directory(directory.path()) })
        .expect("a sandbox")
}

/// What exists and can be reached.
fn reachable(lab: &Lab) -> Vec<String> {
    lab.inventory().into_iter().filter(|line| !line.starts_with("appmesh:")).collect()
}

/// An account whose environment came up on App Mesh, which then was ended.
async fn after_the_end(account: &TempDir) -> Lab {
    let lab = Lab::at(sandbox(account, true));
    assert_done(&up(&lab.workspace(EXAMPLE, "dev").await).await.expect("up"));
    assert!(lab.inventory().iter().any(|line| line.starts_with("appmesh:")), "{:?}", lab.inventory());
    let state = lab.state;
    drop(lab.sandbox);
    Lab { sandbox: sandbox(account, false), state }
}

#[tokio::test(start_paused = true)]
async fn an_environment_on_app_mesh_comes_up_changes_and_goes() {
    let lab = Lab::with(SandboxOptions { app_mesh: true, ..SandboxOptions::in_memory() });
    let before = lab.inventory();
    let start = EXAMPLE.find("[services.notifications]").expect("the example has it");
    let fewer = EXAMPLE[..start]
        .replace("\"accounts\", \"notifications\"", "\"accounts\"")
        .replace("calls = [\"notifications\"]", "calls = []");
    for text in [EXAMPLE, &fewer, EXAMPLE] {
        let workspace = lab.workspace(text, "dev").await;
        assert_done(&up(&workspace).await.expect("up"));
        assert_settled(&workspace).await;
    }
    let (outcome, left, _) = destroy(&lab.workspace(EXAMPLE, "dev").await).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!(left, []);
    assert_eq!(lab.inventory(), before);
}

#[tokio::test(start_paused = true)]
async fn what_was_in_app_mesh_is_gone_with_it() {
    let account = TempDir::new().expect("a directory");
    let lab = after_the_end(&account).await;
    let workspace = lab.workspace(EXAMPLE, "dev").await;

    let report = operation::status(&workspace).await.expect("a status");
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    let differences = report.differences.expect("there is a state");
    assert!(
        !differences.is_empty() && differences.iter().all(|it| it.aws.contains("gone with App Mesh")),
        "{differences:?}"
    );

    let prepared = operation::prepare(&workspace, Intention::Destroy).await.expect("a plan");
    let [warning] = prepared.warnings.as_slice() else { panic!("{:?}", prepared.warnings) };
    assert!(warning.contains("count as gone") && warning.contains("ForbiddenException"), "{warning}");
    let node = prepared.plan.steps.iter().find(|step| step.key.as_str() == "virtual-node/payments").expect("a step");
    assert!(node.reason.as_ref().is_some_and(|reason| reason.contains("gone with App Mesh")), "{node:?}");
    assert_done(&carry_out(&workspace, &prepared).await.expect("destroy"));
    let (left, _) = operation::sweep(&workspace, &prepared, &Interrupt::default()).await.expect("a look");
    assert_eq!(left, []);
    drop(prepared);
    let empty = TempDir::new().expect("a directory");
    assert_eq!(reachable(&lab), Lab::at(sandbox(&empty, false)).inventory());
    assert!(workspace.load().expect("readable").is_none(), "the state goes with the environment");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_app_mesh_is_found_without_a_state_too() {
    let account = TempDir::new().expect("a directory");
    let lab = after_the_end(&account).await;
    std::fs::remove_dir_all(lab.state.path().join("dev")).expect("lost");
    let (outcome, left, _) = destroy(&lab.workspace(EXAMPLE, "dev").await).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!(left, []);
    let empty = TempDir::new().expect("a directory");
    assert_eq!(reachable(&lab), Lab::at(sandbox(&empty, false)).inventory());
}

#[tokio::test(start_paused = true)]
async fn auto_moves_the_services_to_envoy() {
    let account = TempDir::new().expect("a directory");
    let lab = after_the_end(&account).await;

    let wanted = EXAMPLE.replacen("provider = \"auto\"", "provider = \"app-mesh\"", 1);
    assert_ne!(wanted, EXAMPLE);
    let refused = operation::prepare(&lab.workspace(&wanted, "dev").await, Intention::Up).await.err().expect("refused");
    assert!(refused.to_string().contains("does not answer this account"), "{refused}");
    assert!(refused.remedy().is_some_and(|remedy| remedy.contains("auto")));

    let workspace = lab.workspace(EXAMPLE, "dev").await;
    let change = operation::prepare(&workspace, Intention::Up).await.expect("a plan");
    assert!(change.found.mesh_reason.contains("any more (ForbiddenException)"), "{}", change.found.mesh_reason);
    for (key, action) in [
        ("ecs-service/payments", Action::Update),
        ("task-definition/payments", Action::Replace),
        ("virtual-node/payments", Action::Delete),
    ] {
        let step = change.plan.steps.iter().find(|step| step.key.as_str() == key);
        assert_eq!(step.map(|step| step.action), Some(action), "{key}");
    }
    assert_done(&carry_out(&workspace, &change).await.expect("changed"));
    drop(change);
    let plan = operation::prepare(&workspace, Intention::Plan).await.expect("a plan");
    assert_eq!(plan.warnings, Vec::<String>::new(), "it is told once");
    assert_settled(&workspace).await;
    let (outcome, left, _) = destroy(&workspace).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!(left, []);
}
