//! The life of an environment: up, nothing to do, change, nothing to do, destroy, inventory as before.

use std::collections::BTreeMap;

use platformctl::{
    engine::Action,
    operation::{self, Intention, Prepared, Workspace},
    sandbox::SandboxOptions,
};

use crate::lab::{EXAMPLE, Lab, assert_done, carry_out, destroy, up};

/// Panics with what is to be done, where nothing should be.
async fn assert_settled(workspace: &Workspace) {
    let again = operation::prepare(workspace, Intention::Plan).await.expect("plan");
    let steps: Vec<_> =
        again.plan.steps.iter().map(|step| (&step.key, step.action, &step.changes, &step.tags)).collect();
    assert!(steps.is_empty(), "{steps:#?}");
}

async fn assert_gone(lab: &Lab, workspace: &Workspace, before: &[String]) {
    let (outcome, left, doomed) = destroy(workspace).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!(left, [], "nothing is left");
    assert_eq!(doomed.len(), 1, "the key stays for seven days: {doomed:?}");
    assert_eq!(lab.inventory(), before);
}

fn actions(prepared: &Prepared) -> BTreeMap<&str, Action> {
    prepared.plan.steps.iter().map(|step| (step.key.as_str(), step.action)).collect()
}

/// The example without one service and without the calls to it.
fn without_notifications() -> String {
    let start = EXAMPLE.find("[services.notifications]").expect("the example has it");
    let calls = |text: &str| {
        text.replace("\"accounts\", \"notifications\"", "\"accounts\"")
            .replace("calls = [\"notifications\"]", "calls = []")
    };
    calls(&EXAMPLE[..start])
}

#[tokio::test(start_paused = true)]
async fn an_environment_comes_up_and_goes_without_a_trace() {
    let lab = Lab::new();
    let before = lab.inventory();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    assert_settled(&workspace).await;
    let logs = workspace.aws.ec2.describe_flow_logs().send().await.expect("flow logs");
    assert_eq!(logs.flow_logs()[0].deliver_logs_status(), Some("SUCCESS"), "{:?}", logs.flow_logs());
    assert_gone(&lab, &workspace, &before).await;
    let (outcome, left, _) = destroy(&workspace).await.expect("a second destroy");
    assert_done(&outcome);
    assert_eq!((outcome.done.len(), left.len()), (0, 0), "a second destroy is success");
}

#[tokio::test(start_paused = true)]
async fn every_resource_carries_every_tag() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    let prepared = operation::prepare(&workspace, Intention::Plan).await.expect("plan");
    let untaggable: Vec<&str> = prepared
        .survey
        .sightings
        .values()
        .filter(|seen| seen.tags.as_ref().is_none_or(|tags| tags.is_empty()))
        .map(|seen| seen.key.kind())
        .collect();
    // AWS has no tags for these: an alias, a route, a dashboard's successor of one, a scaling policy.
    let allowed = ["kms-alias", "nat-route", "scaling-policy", "topic-subscription", "subscription"];
    assert!(untaggable.iter().all(|kind| allowed.contains(kind)), "{untaggable:?}");
    for seen in prepared.survey.sightings.values().filter(|seen| !allowed.contains(&seen.key.kind())) {
        let tags = seen.tags.as_ref().expect("filtered above");
        for name in ["Environment", "Team", "CostCenter", "Name", "platformctl:environment-id", "platformctl:key"] {
            assert!(tags.contains_key(name), "{} lacks {name}: {tags:?}", seen.key);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn services_come_and_go_with_the_configuration() {
    let lab = Lab::new();
    let before = lab.inventory();
    let fewer = without_notifications();
    let workspace = lab.workspace(&fewer, "dev").await;
    assert_done(&up(&workspace).await.expect("up with two services"));
    assert_settled(&workspace).await;
    let small = lab.inventory();

    let workspace = lab.workspace(EXAMPLE, "dev").await;
    let added = operation::prepare(&workspace, Intention::Up).await.expect("plan");
    assert_eq!(actions(&added).get("ecs-service/notifications"), Some(&Action::Create));
    assert_done(&carry_out(&workspace, &added).await.expect("a third service"));
    drop(added);
    assert_settled(&workspace).await;

    let workspace = lab.workspace(&fewer, "dev").await;
    let removed = operation::prepare(&workspace, Intention::Up).await.expect("plan");
    assert_eq!(actions(&removed).get("ecs-service/notifications"), Some(&Action::Delete));
    assert_done(&carry_out(&workspace, &removed).await.expect("back to two services"));
    drop(removed);
    assert_settled(&workspace).await;
    let kinds = |inventory: &[String]| -> Vec<String> {
        inventory.iter().map(|item| item.split(' ').next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(kinds(&lab.inventory()), kinds(&small), "as many of each kind as before");
    assert_gone(&lab, &workspace, &before).await;
}

#[tokio::test(start_paused = true)]
async fn a_changed_field_is_changed_and_nothing_else() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    let changed = EXAMPLE.replacen("[services.payments]", "[services.payments]\nmax_tasks = 17\n#", 1);
    let workspace = lab.workspace(&changed.replacen("\nmax_tasks = 10", "\n", 1), "dev").await;
    let prepared = operation::prepare(&workspace, Intention::Up).await.expect("plan");
    // The dashboard draws the range.
    let expected = [("scalable-target/payments", Action::Update), ("dashboard/main", Action::Update)];
    assert_eq!(actions(&prepared), BTreeMap::from(expected));
    let step = prepared.plan.steps.iter().find(|step| step.key.kind() == "scalable-target").expect("asserted above");
    let change = &step.changes[0];
    assert_eq!((change.from.clone(), change.to.clone()), (Some(10.into()), Some(17.into())), "{change:?}");
    assert_done(&carry_out(&workspace, &prepared).await.expect("changed"));
    drop(prepared);
    assert_settled(&workspace).await;
}

#[tokio::test(start_paused = true)]
async fn drift_is_seen_and_mended() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    lab.sandbox
        .look(|call| {
            for group in call.world.logs.groups.values_mut() {
                group.retention_days = Some(3653);
            }
        })
        .expect("a readable account");
    let prepared = operation::prepare(&workspace, Intention::Up).await.expect("plan");
    assert!(!prepared.plan.steps.is_empty());
    assert!(prepared.plan.steps.iter().all(|step| step.key.kind() == "log-group" && step.action == Action::Update));
    assert_done(&carry_out(&workspace, &prepared).await.expect("mended"));
    drop(prepared);
    assert_settled(&workspace).await;
}

#[tokio::test(start_paused = true)]
async fn with_the_state_lost_up_adopts_and_destroy_finds_everything() {
    let lab = Lab::new();
    let before = lab.inventory();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    let everything = lab.inventory();
    std::fs::remove_dir_all(lab.state.path().join("dev")).expect("lost");
    let adopt = operation::prepare(&workspace, Intention::Up).await.expect("plan");
    let made: Vec<_> = adopt
        .plan
        .steps
        .iter()
        .filter(|step| matches!(step.action, Action::Create | Action::Delete | Action::Replace))
        .collect();
    assert!(made.is_empty(), "{made:#?}");
    assert_done(&carry_out(&workspace, &adopt).await.expect("adopted"));
    drop(adopt);
    assert_eq!(lab.inventory(), everything);
    assert_settled(&workspace).await;
    std::fs::remove_dir_all(lab.state.path().join("dev")).expect("lost again");
    assert_gone(&lab, &workspace, &before).await;
}

#[tokio::test(start_paused = true)]
async fn two_environments_come_up_together_and_do_not_touch_each_other() {
    let quotas = [("L-0263D0A3", 20.0), ("L-3032A538", 100.0), ("L-36FBB829", 100.0)];
    let quotas = quotas.into_iter().map(|(code, value)| (code.to_owned(), value)).collect();
    let lab = Lab::with(SandboxOptions { quotas, ..SandboxOptions::in_memory() });
    let before = lab.inventory();
    let (one, two) = (lab.workspace(EXAMPLE, "one").await, lab.workspace(EXAMPLE, "pr-2").await);
    let (first, second) = tokio::join!(up(&one), up(&two));
    assert_done(&first.expect("up"));
    assert_done(&second.expect("up"));
    let (outcome, left, _) = destroy(&one).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!(left, []);
    assert_settled(&two).await;
    let (outcome, left, _) = destroy(&two).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!(left, []);
    assert_eq!(lab.inventory(), before);
}
