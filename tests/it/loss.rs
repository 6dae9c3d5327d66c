//! A secret of the mesh is lost: the next run makes it again, and whatever depends on it.

use std::collections::BTreeMap;

use platformctl::{
    engine::Action,
    operation::{self, Intention, Workspace},
};

use crate::lab::{EXAMPLE, Lab, assert_done, up};

async fn lose(workspace: &Workspace, secret: &str) {
    let call = workspace.aws.secrets.delete_secret().secret_id(secret).force_delete_without_recovery(true);
    call.send().await.expect("deleted");
    // Deletion without recovery is asynchronous.
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
}

async fn actions(workspace: &Workspace) -> BTreeMap<String, Action> {
    let plan = operation::prepare(workspace, Intention::Plan).await.expect("a plan").plan;
    plan.steps.iter().map(|step| (step.key.to_string(), step.action)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_lost_certificate_is_issued_anew_and_its_service_alone_is_replaced() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    lose(&workspace, "mesh-certificate-payments-dev").await;
    let plan = actions(&workspace).await;
    assert_eq!(plan.get("mesh-certificate/payments"), Some(&Action::Create), "{plan:?}");
    assert_eq!(plan.get("ecs-service/payments"), Some(&Action::Update), "{plan:?}");
    assert!(!plan.keys().any(|key| key.contains("accounts") && !key.contains("payments")), "{plan:?}");
    assert_done(&up(&workspace).await.expect("up again"));
    assert_eq!(actions(&workspace).await, BTreeMap::new());
}

#[tokio::test(start_paused = true)]
async fn a_lost_authority_is_replaced_and_everybody_certified_anew() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    lose(&workspace, "mesh-authority-dev").await;
    let plan = actions(&workspace).await;
    assert_eq!(plan.get("mesh-authority/services"), Some(&Action::Create), "{plan:?}");
    for service in ["accounts", "notifications", "payments"] {
        assert!(plan.contains_key(&format!("mesh-certificate/{service}")), "{service}: {plan:?}");
        assert_eq!(plan.get(&format!("ecs-service/{service}")), Some(&Action::Update), "{service}: {plan:?}");
    }
    assert_done(&up(&workspace).await.expect("up again"));
    assert_eq!(actions(&workspace).await, BTreeMap::new());
}
