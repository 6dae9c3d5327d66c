//! Stopping, rolling back, remembering.

use platformctl::operation::deploy::{Outcome, history};

use super::bench::{Bench, redacted, tag, wait};

#[tokio::test(start_paused = true)]
async fn rollback_stops_what_is_under_way() {
    let bench = Bench::up().await;
    let request = tag("payments", "1");
    let stop = async {
        wait(150).await;
        bench.rollback("payments", None).await
    };
    let (deployed, stopped) = tokio::join!(bench.deploy(&request), stop);
    insta::assert_snapshot!("stopped_by_a_person", format!("{}\n\n{}", deployed.recorded(), stopped.recorded()));
    assert_eq!(deployed.verdict().outcome, Outcome::RolledBack);
    assert_eq!(stopped.verdict().outcome, Outcome::RolledBack);
    assert_eq!(bench.serving("payments").await, "blue");
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn what_only_lets_its_old_tasks_go_can_t_be_stopped_any_more() {
    let bench = Bench::up().await;
    let request = tag("payments", "1");
    let late = async {
        wait(255).await;
        bench.rollback("payments", None).await
    };
    let (deployed, late) = tokio::join!(bench.deploy(&request), late);
    assert!(late.error().to_string().contains("can't be stopped any more"), "{}", late.text);
    assert_eq!(deployed.verdict().outcome, Outcome::Succeeded);
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn rollback_goes_to_the_last_good_revision_and_further_when_asked_again() {
    let bench = Bench::up().await;
    bench.deploy(&tag("payments", "1")).await;
    let first = bench.image("payments").await;
    bench.deploy(&tag("payments", "exits")).await;
    bench.deploy(&tag("payments", "2")).await;
    let seen = bench.rollback("payments", None).await;
    insta::assert_snapshot!("rollback", seen.recorded());
    assert_eq!(seen.verdict().outcome, Outcome::Succeeded);
    assert_eq!(bench.image("payments").await, first, "what failed is skipped");
    bench.is_sound().await;
    bench.rollback("payments", None).await;
    assert!(bench.image("payments").await.contains("python"), "before it there was the placeholder");
    let nothing = bench.rollback("payments", None).await;
    assert!(nothing.error().to_string().contains("no good revision before"), "{}", nothing.text);
    let seen = bench.rollback("payments", Some(2)).await;
    assert_eq!(bench.image("payments").await, first, "{}", seen.text);
    let gone = bench.rollback("payments", Some(99)).await;
    assert!(gone.error().remedy().is_some_and(|remedy| remedy.contains("good ones")), "{}", gone.text);
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn what_up_changed_can_be_taken_back_and_the_plan_says_what_differs_then() {
    let mut bench = Bench::up().await;
    bench.deploy(&tag("payments", "1")).await;
    let before = bench.service("payments").await.task_definition;
    bench.configuration = super::bench::configuration("memory = 4096");
    crate::lab::assert_done(&crate::lab::up(&bench.workspace().await).await.expect("up"));
    let seen = bench.rollback("payments", None).await;
    assert_eq!(seen.verdict().outcome, Outcome::Succeeded, "{}", seen.text);
    assert_eq!(bench.service("payments").await.task_definition, before, "image and settings of before");
    let workspace = bench.workspace().await;
    let plan =
        platformctl::operation::prepare(&workspace, platformctl::operation::Intention::Plan).await.expect("plan");
    assert!(!plan.plan.is_empty(), "the configuration still wants the other memory");
    bench.configuration = super::bench::configuration("");
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn history_tells_revisions_images_who_when_and_how_it_ended() {
    let bench = Bench::up().await;
    bench.deploy(&tag("payments", "1")).await;
    bench.deploy(&tag("payments", "exits")).await;
    bench.deploy(&tag("payments", "2")).await;
    let workspace = bench.workspace().await;
    let entries = history::history(&workspace, "payments", 20).await.expect("a history");
    assert!(entries.is_sorted_by_key(|entry| std::cmp::Reverse(entry.began)));
    let at_once =
        |entry: &history::Entry| history::Entry { began: 1_800_000_000, ended: Some(1_800_000_060), ..entry.clone() };
    let shown: Vec<history::Entry> = entries.iter().map(at_once).collect();
    let text = platformctl::view::deploy::history(platformctl::view::Paint::new(false), 160, &shown);
    insta::assert_snapshot!("history", redacted(&text));
    assert_eq!(entries.len(), 4);
    assert!(entries[0].current && entries[0].by.as_deref() == Some("arn:aws:iam::123456789012:user/sandbox"));
}

#[tokio::test(start_paused = true)]
async fn a_second_deployment_is_told_which_one_runs_and_whose_it_is() {
    let bench = Bench::up().await;
    let request = tag("payments", "1");
    let second = async {
        wait(60).await;
        bench.deploy(&tag("payments", "2")).await
    };
    let (first, second) = tokio::join!(bench.deploy(&request), second);
    assert_eq!(first.verdict().outcome, Outcome::Succeeded);
    insta::assert_snapshot!("another_runs", second.recorded());
    assert!(second.error().to_string().contains("is under way"));
}
