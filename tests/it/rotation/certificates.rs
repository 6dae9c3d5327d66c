//! New certificates by the authority that there is: asked for, or because the old ones near their end.

use std::time::Duration;

use platformctl::{
    engine::Action,
    mesh,
    operation::{self, Intention, rotate::certificates},
};

use super::{
    turn::{self, PAIR, assert_nothing_secret, brought_up, settled},
    world::{Watch, issuer, leaves, running, trusted, versions},
};
use crate::lab::{EXAMPLE, Lab, assert_done, destroy, up};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test(start_paused = true)]
async fn new_certificates_reach_every_task_by_the_same_authority() {
    let lab = Lab::new();
    let workspace = brought_up(&lab, EXAMPLE).await;
    let before = leaves(&lab.sandbox);
    let watch = Watch::new(&lab.sandbox);
    let told = watch.during(turn::certificates(&workspace, None)).await.expect("rotated");
    assert_done(&told.outcome);
    let after = leaves(&lab.sandbox);
    assert_eq!(after.len(), 3);
    for (name, new) in &after {
        let old = &before[name];
        assert_ne!(new.cert_chain, old.cert_chain, "{name}");
        assert_ne!(new.private_key, old.private_key, "{name}");
        assert_eq!(new.ca_bundle, old.ca_bundle, "{name}");
        assert_eq!(issuer(new, &lab.sandbox), issuer(old, &lab.sandbox), "{name}");
    }
    let running = running(&lab.sandbox);
    let fresh: Vec<_> = running.iter().filter(|held| after.values().any(|leaf| *leaf == held.leaf)).collect();
    assert!(fresh.len() >= 6, "each service's tasks were started with its new certificate");
    assert!(settled(&workspace).await.is_empty());
    assert_nothing_secret(&lab, &told.events);
}

#[tokio::test(start_paused = true)]
async fn one_services_certificate_leaves_the_others_alone() {
    let lab = Lab::new();
    let workspace = brought_up(&lab, PAIR).await;
    let (before, revisions) = (leaves(&lab.sandbox), running(&lab.sandbox));
    assert_done(&turn::certificates(&workspace, Some("payments")).await.expect("rotated").outcome);
    let after = leaves(&lab.sandbox);
    assert_eq!(after["mesh-certificate-accounts-dev"], before["mesh-certificate-accounts-dev"]);
    assert_ne!(after["mesh-certificate-payments-dev"], before["mesh-certificate-payments-dev"]);
    let of = |held: &[super::world::Held], service: &str| -> Vec<String> {
        held.iter().filter(|it| it.service == service).map(|it| it.task.clone()).collect()
    };
    assert_eq!(of(&running(&lab.sandbox), "task-accounts-dev"), of(&revisions, "task-accounts-dev"));
    settled(&workspace).await;
    // A second one is a new one.
    assert_done(&turn::certificates(&workspace, Some("payments")).await.expect("rotated").outcome);
    assert_eq!(versions(&lab.sandbox)["mesh-certificate-payments-dev"], 3);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_was_killed_goes_on_with_what_it_asked_for() {
    let lab = Lab::new();
    let workspace = brought_up(&lab, PAIR).await;
    let killed = tokio::time::timeout(Duration::from_secs(60), turn::certificates(&workspace, None)).await;
    assert!(killed.is_err(), "the run was over before it could be killed");
    let workspace = lab.workspace(PAIR, "dev").await;
    let plan = operation::prepare(&workspace, Intention::Plan).await.expect("plan");
    let told =
        plan.warnings.iter().any(|it| it.contains("a rotation of certificates is under way (accounts, payments)"));
    assert!(told, "{:?}", plan.warnings);
    tokio::time::sleep(DAY).await;
    assert_done(&turn::certificates(&workspace, None).await.expect("rotated").outcome);
    let counts = versions(&lab.sandbox);
    let issued: Vec<usize> =
        counts.iter().filter(|(name, _)| name.contains("certificate")).map(|(_, it)| *it).collect();
    assert_eq!(issued, [2, 2], "nothing was issued twice");
    assert!(settled(&workspace).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_a_rotation_does_not_change_is_left_to_up() {
    let lab = Lab::new();
    brought_up(&lab, PAIR).await;
    let other =
        PAIR.replace("cost_center = \"42\"\n", "cost_center = \"42\"\n\n[network]\nflow_log_retention_days = 7\n");
    let workspace = lab.workspace(&other, "dev").await;
    let prepared = certificates::prepare(&workspace, None).await.expect("a plan");
    let kinds: Vec<&str> = prepared.plan.steps.iter().map(|step| step.key.kind()).collect();
    assert!(!kinds.contains(&"log-group") && kinds.contains(&"mesh-certificate"), "{kinds:?}");
    assert_eq!(prepared.warnings, ["1 other change is left to `platformctl up`"]);
    drop(prepared);

    let more = PAIR.replace("[services.accounts]\n", "[services.accounts]\nmemory = 4096\n");
    let workspace = lab.workspace(&more, "dev").await;
    let refused = certificates::prepare(&workspace, None).await.err().expect("refused");
    let (said, remedy) = (refused.to_string(), refused.remedy().unwrap_or_default());
    assert!(said.starts_with("task-definition/accounts has other changes"), "{said}");
    assert!(remedy.contains("platformctl up"), "{remedy}");
}

#[tokio::test(start_paused = true)]
async fn without_an_environment_or_such_a_service_nothing_is_rotated() {
    let lab = Lab::new();
    let workspace = lab.workspace(PAIR, "dev").await;
    let refused = certificates::prepare(&workspace, None).await.err().expect("refused");
    assert!(refused.to_string().contains("no certificates of environment 'dev'"), "{refused}");
    let refused = certificates::prepare(&workspace, Some("payment")).await.err().expect("refused");
    assert_eq!(refused.to_string(), "there is no service 'payment'");
    assert_eq!(refused.remedy().as_deref(), Some("one of these: accounts, payments"));
}

#[tokio::test(start_paused = true)]
async fn up_renews_what_nears_its_end_and_rolls_the_services_to_it() {
    let lab = Lab::new();
    let before_all = lab.inventory();
    let workspace = brought_up(&lab, &turn::by_hand()).await;
    let before = leaves(&lab.sandbox);
    tokio::time::sleep(19 * DAY).await;
    assert!(settled(&workspace).await.is_empty(), "a third of its life is left, and a day");
    tokio::time::sleep(2 * DAY).await;
    let workspace = lab.workspace(&turn::by_hand(), "dev").await;
    let plan = operation::prepare(&workspace, Intention::Plan).await.expect("plan");
    let steps: Vec<(&str, Action)> = plan.plan.steps.iter().map(|step| (step.key.kind(), step.action)).collect();
    let each = [
        ("mesh-certificate", Action::Update),
        ("mesh-certificate", Action::Update),
        ("task-definition", Action::Replace),
        ("ecs-service", Action::Update),
        ("task-definition", Action::Replace),
        ("ecs-service", Action::Update),
    ];
    assert_eq!(steps, each, "the services take part in the same run");
    let watch = Watch::new(&lab.sandbox);
    assert_done(&watch.during(up(&workspace)).await.expect("renewed"));
    let after = leaves(&lab.sandbox);
    assert!(after.iter().all(|(name, leaf)| leaf.not_after - before[name].not_after > 20 * DAY));
    let running = running(&lab.sandbox);
    let rolled = |held: &&super::world::Held| after.values().any(|leaf| *leaf == held.leaf);
    assert_eq!(running.iter().filter(rolled).count(), 4, "two tasks of each service");
    assert!(settled(&workspace).await.is_empty());
    assert_eq!(trusted(&lab.sandbox), [1].into());
    let fingerprints: Vec<_> =
        after.values().map(|leaf| mesh::fingerprint(&leaf.cert_chain).expect("readable")).collect();
    let book = workspace.load().expect("readable").expect("there").book;
    let recorded = book.records.values().filter(|record| record.key.kind() == "mesh-certificate");
    assert_eq!(recorded.map(|record| record.outputs["fingerprint"].clone()).collect::<Vec<_>>(), fingerprints);
    let (outcome, left, _) = destroy(&workspace).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!((left, lab.inventory()), (vec![], before_all));
}
