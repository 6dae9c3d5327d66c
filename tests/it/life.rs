//! The life of an environment: up, nothing to do, change, nothing to do, destroy, inventory as before.

use std::collections::BTreeMap;

use platformctl::{
    engine::{Action, Event, Interrupt, Key},
    operation::{self, Intention, Prepared, Workspace},
    sandbox::{Outcome, SandboxOptions},
};

use crate::lab::{EXAMPLE, Lab, Recorder, assert_done, assert_settled, carry_out, destroy, up};

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

/// EC2, RDS and Elastic Load Balancing may not know what was made a second ago. Whatever is refused for that is repeated.
#[tokio::test(start_paused = true)]
async fn an_environment_comes_up_where_nothing_new_is_known_at_once() {
    let lab = Lab::with(SandboxOptions { late_references: true, ..SandboxOptions::in_memory() });
    let before = lab.inventory();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    let refused = |code: &str| {
        lab.sandbox.calls().iter().filter(|call| call.outcome == Outcome::Refused(code.to_owned())).count()
    };
    for code in ["InvalidVpcID.NotFound", "InvalidSubnetID.NotFound", "InvalidGroup.NotFound", "LoadBalancerNotFound"] {
        assert!(refused(code) > 0, "{code} never came");
    }
    assert_settled(&workspace).await;
    assert_gone(&lab, &workspace, &before).await;
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
    // AWS has no tags for these: an alias, a route, a scaling policy, the rotation of a secret (which has tags itself).
    let allowed = ["kms-alias", "nat-route", "scaling-policy", "secret-rotation", "topic-subscription", "subscription"];
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
    // Earlier revisions of the services that stay are kept to go back to; of the one that went, none.
    let kinds = |inventory: &[String]| -> Vec<String> {
        let kinds = inventory.iter().map(|item| item.split(' ').next().unwrap_or_default().to_owned());
        kinds.filter(|kind| kind != "ecs:task-definition").collect()
    };
    let large = lab.inventory();
    assert_eq!(kinds(&large), kinds(&small), "as many of each kind as before");
    assert!(!large.iter().any(|item| item.contains("task-notifications")), "{large:#?}");

    // AWS remembers the client tokens of what is gone.
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("the third service again"));
    assert_settled(&workspace).await;
    assert_gone(&lab, &workspace, &before).await;
}

#[tokio::test(start_paused = true)]
async fn what_went_and_comes_again_is_not_taken_for_its_predecessor() {
    let lab = Lab::new();
    let before = lab.inventory();
    let single = EXAMPLE.replace("nat = \"per-zone\"", "nat = \"single\"");
    assert_ne!(single, EXAMPLE);
    for text in [EXAMPLE, &single, EXAMPLE] {
        let workspace = lab.workspace(text, "dev").await;
        assert_done(&up(&workspace).await.expect("up"));
        assert_settled(&workspace).await;
    }
    // With the state, the memory of what was used is lost as well.
    assert_done(&up(&lab.workspace(&without_notifications(), "dev").await).await.expect("without a service"));
    std::fs::remove_dir_all(lab.state.path().join("dev")).expect("lost");
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("with it again"));
    assert_settled(&workspace).await;
    // Deleted by somebody else: what is made in its place is not it.
    let delete = workspace.aws.ecs.delete_service().cluster("cluster-dev").service("service-payments-dev").force(true);
    delete.send().await.expect("deleted");
    tokio::time::sleep(std::time::Duration::from_secs(90)).await;
    assert_done(&up(&workspace).await.expect("up"));
    assert_settled(&workspace).await;
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
async fn what_a_draining_service_needs_no_more_goes_before_it_is_gone() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    let prepared = operation::prepare(&workspace, Intention::Destroy).await.expect("a plan");
    let recorder = Recorder::default();
    let outcome = operation::apply(&workspace, &prepared, &recorder, &Interrupt::default()).await.expect("destroy");
    assert_done(&outcome);
    let events = recorder.0.into_inner().expect("no test panics while it tells");
    let at = |wanted: &str, is: fn(&Event) -> Option<&Key>| {
        let found = events.iter().position(|event| is(event).is_some_and(|key| key.as_str() == wanted));
        found.unwrap_or_else(|| panic!("{wanted}: no such event"))
    };
    let started =
        |wanted: &str| at(wanted, |event| if let Event::Started { key, .. } = event { Some(key) } else { None });
    let released =
        at("ecs-service/payments", |event| if let Event::Released { key } = event { Some(key) } else { None });
    let gone = at("ecs-service/payments", |event| if let Event::Done { key, .. } = event { Some(key) } else { None });
    for early in ["discovery-service/payments", "listener-rule/payments-production"] {
        assert!((released..gone).contains(&started(early)), "{early}: {} of {released}..{gone}", started(early));
    }
    for late in ["cluster/main", "iam-role/task-payments", "security-group/payments"] {
        assert!(started(late) > gone, "{late}: {} after {gone}", started(late));
    }
}

const INSIGHTS: &str = "/aws/ecs/containerinsights/cluster-dev/performance";

#[tokio::test(start_paused = true)]
async fn the_log_group_of_container_insights_is_ours_from_the_first_line_to_the_last() {
    let lab = Lab::new();
    let before = lab.inventory();
    let group = || lab.sandbox.look(|call| call.world.logs.groups.get(INSIGHTS).cloned()).expect("a readable account");
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    let made = group().expect("it is there");
    assert!(
        made.kms_key.is_some() && made.retention_days.is_some() && made.tags.contains_key("CostCenter"),
        "{made:?}"
    );

    let prepared = operation::prepare(&workspace, Intention::Destroy).await.expect("a plan");
    assert_done(&carry_out(&workspace, &prepared).await.expect("destroy"));
    let late = group().expect("what was measured last is written after the deletion");
    assert!(late.kms_key.is_none() && late.tags.is_empty(), "{late:?}");
    let (left, _) = operation::sweep(&workspace, &prepared, &Interrupt::default()).await.expect("a look");
    assert_eq!(left, []);
    assert_eq!(lab.inventory(), before);
}

#[tokio::test(start_paused = true)]
async fn a_log_group_that_aws_made_in_our_name_is_taken_up() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    workspace.aws.logs.create_log_group().log_group_name(INSIGHTS).send().await.expect("as ECS does it");
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let prepared = operation::prepare(&workspace, Intention::Up).await.expect("plan");
    assert_eq!(actions(&prepared).get("log-group/container-insights"), Some(&Action::Update));
    assert_done(&carry_out(&workspace, &prepared).await.expect("up"));
    drop(prepared);
    assert_settled(&workspace).await;
    let group =
        lab.sandbox.look(|call| call.world.logs.groups.get(INSIGHTS).cloned()).expect("readable").expect("there");
    assert!(group.kms_key.is_some() && group.tags.contains_key("platformctl:environment-id"), "{group:?}");
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
