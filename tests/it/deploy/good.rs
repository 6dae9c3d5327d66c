//! What goes well.

use platformctl::{
    engine::{Interrupt, yielded::yielded},
    operation::{
        self, Intention,
        deploy::{Limit, Outcome, run},
    },
    sandbox::ecs,
    view,
};

use super::bench::{Bench, CLUSTER, tag, wait};
use crate::lab::{assert_done, destroy, up};

#[tokio::test(start_paused = true)]
async fn a_good_deployment_moves_all_traffic_and_up_leaves_it_alone() {
    let bench = Bench::up().await;
    let seen = bench.deploy(&tag("payments", "1")).await;
    insta::assert_snapshot!("good", seen.recorded());
    assert_eq!(seen.verdict().outcome, Outcome::Succeeded);
    assert!(bench.image("payments").await.contains("/ecr-payments-dev@sha256:"));
    assert_eq!(bench.serving("payments").await, "green");
    bench.is_sound().await;

    let workspace = bench.workspace().await;
    let (reading, _) = workspace.aws.log.totals();
    assert_done(&up(&workspace).await.expect("up"));
    assert_eq!(workspace.aws.log.totals().1, 0, "nothing is changed");
    assert!(reading < 5);
    assert!(bench.image("payments").await.contains("@sha256:"));

    let prepared = operation::prepare(&workspace, Intention::Plan).await.expect("a plan");
    let left = yielded(&workspace.kinds, &prepared.blueprint, &prepared.book, &prepared.survey);
    let text = view::plan::left_to_others(&left, 110);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("task-definition/payments image ") && text.contains(": deploy decides it (configured: "),
        "{text}"
    );
    assert!(text.contains("listener-rule/payments-production forward: ECS blue/green decides it"), "{text}");

    let again = bench.deploy(&tag("payments", "1")).await;
    assert_eq!(again.verdict().outcome, Outcome::Unchanged, "{}", again.text);
}

#[tokio::test(start_paused = true)]
async fn another_machine_without_the_state_neither_undoes_nor_loses_it() {
    let mut bench = Bench::up().await;
    bench.deploy(&tag("payments", "1")).await;
    bench.deploy(&tag("payments", "2")).await;
    let image = bench.image("payments").await;
    bench.lab.state = tempfile::TempDir::new().expect("a directory");
    let workspace = bench.workspace().await;
    assert_done(&up(&workspace).await.expect("up"));
    assert_eq!(bench.image("payments").await, image);
    bench.is_sound().await;
    // Earlier revisions are still there to go back to.
    let seen = bench.rollback("payments", None).await;
    assert_eq!(seen.verdict().outcome, Outcome::Succeeded, "{}", seen.text);
    bench.is_sound().await;
    bench.lab.state = tempfile::TempDir::new().expect("a directory");
    let (outcome, left, _) = destroy(&bench.workspace().await).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!(left, []);
    let inventory = bench.lab.inventory();
    assert!(!inventory.iter().any(|line| line.starts_with("ecs:task-definition")), "{inventory:?}");
}

#[tokio::test(start_paused = true)]
async fn a_changed_configuration_keeps_what_was_deployed() {
    let mut bench = Bench::up().await;
    bench.deploy(&tag("payments", "1")).await;
    let image = bench.image("payments").await;
    bench.configuration = super::bench::configuration("memory = 4096");
    assert_done(&up(&bench.workspace().await).await.expect("up"));
    assert_eq!(bench.image("payments").await, image);
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn many_deployments_in_a_row_alternate_between_the_colors_and_leave_the_last_ten_revisions() {
    let bench = Bench::up().await;
    let mut colors = Vec::new();
    for number in 0..11 {
        let image = if number % 2 == 0 { "1" } else { "2" };
        let seen = bench.deploy(&tag("payments", image)).await;
        assert_eq!(seen.verdict().outcome, Outcome::Succeeded, "{}", seen.text);
        if [1, 10].contains(&number) {
            insta::assert_snapshot!(format!("in_a_row_{number}"), seen.recorded());
        }
        colors.push(bench.serving("payments").await);
        bench.is_sound().await;
    }
    let expected: Vec<&str> = ["green", "blue"].into_iter().cycle().take(11).collect();
    assert_eq!(colors, expected);
    let inventory = bench.lab.inventory();
    let revisions: Vec<&String> =
        inventory.iter().filter(|line| line.contains("task-definition task-payments")).collect();
    assert_eq!(revisions.len(), 10, "{revisions:?}");
}

#[tokio::test(start_paused = true)]
async fn services_are_deployed_side_by_side_each_with_its_own_verdict() {
    let mut bench = Bench::up().await;
    bench.configuration.push_str("\n[services.notifications]\nbake_minutes = 2\n");
    assert_done(&up(&bench.workspace().await).await.expect("a third service"));
    bench.push("notifications", "1", "well", "").await;
    let mut request = tag("payments", "exits");
    request.services.extend(["accounts", "notifications"].iter().flat_map(|name| tag(name, "1").services));
    let seen = bench.deploy(&request).await;
    insta::assert_snapshot!("side_by_side", seen.recorded());
    let verdicts = seen.result.as_ref().expect("begun");
    let outcomes: Vec<(&str, Outcome)> = verdicts.iter().map(|(name, it)| (name.as_str(), it.outcome)).collect();
    let expected =
        [("payments", Outcome::RolledBack), ("accounts", Outcome::Succeeded), ("notifications", Outcome::Succeeded)];
    assert_eq!(outcomes, expected);
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn watching_costs_a_bounded_number_of_calls() {
    let bench = Bench::up().await;
    let workspace = bench.workspace().await;
    let mut request = tag("payments", "1");
    request.services.extend(tag("accounts", "1").services);
    let before = tokio::time::Instant::now();
    let silent = super::crash::Nobody;
    let verdicts = run::deploy(&workspace, &request, Limit::Usual, true, &silent, &Interrupt::default()).await;
    assert!(verdicts.expect("deployed").iter().all(|(_, it)| it.outcome == Outcome::Succeeded));
    let minutes = before.elapsed().as_secs_f64() / 60.0;
    let calls = workspace.aws.log.totals().0 as f64;
    assert!(calls / minutes < 60.0, "{calls} calls in {minutes} minutes");
}

#[tokio::test(start_paused = true)]
async fn spot_interruptions_in_the_middle_change_nothing() {
    let bench = Bench::up().await;
    let interrupt = async {
        for _ in 0..3 {
            wait(60).await;
            let workspace = bench.workspace().await;
            let listed = workspace.aws.ecs.list_tasks().cluster(CLUSTER).service_name("service-payments-dev");
            let tasks = listed.send().await.expect("listed").task_arns.unwrap_or_default();
            let last = tasks.last().expect("a task").clone();
            let taken = bench.lab.sandbox.look(|call| ecs::interrupt_spot(call, &last)).expect("a look");
            assert!(taken, "it runs on Spot");
        }
    };
    let (request, ()) = (tag("payments", "1"), ());
    let (seen, ()) = tokio::join!(bench.deploy(&request), interrupt);
    assert_eq!(seen.verdict().outcome, Outcome::Succeeded, "{}", seen.text);
    wait(180).await;
    assert_eq!(bench.service("payments").await.running_count(), 2);
    bench.is_sound().await;
}
