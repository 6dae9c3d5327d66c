//! All ways to fail, each told with its reason.

use std::time::Duration;

use aws_sdk_cloudwatch::types::StateValue;
use platformctl::operation::deploy::{Image, Limit, Outcome, Severity};

use super::bench::{Bench, Seen, tag, wait};

async fn is_rolled_back(bench: &Bench, seen: &Seen, why: &str) {
    let verdict = seen.verdict();
    assert_eq!(verdict.outcome, Outcome::RolledBack, "{}", seen.text);
    let told = format!("{} {} {}", verdict.reason, verdict.causes.join(" "), verdict.log.join(" "));
    assert!(told.contains(why), "{why}: {told}");
    assert_eq!(bench.serving("payments").await, "blue");
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_not_there_is_refused_before_anything_changes() {
    let bench = Bench::up().await;
    let before = bench.lab.inventory();
    let seen = bench.deploy(&tag("payments", "nowhere")).await;
    insta::assert_snapshot!("image_missing", seen.recorded());
    assert!(seen.error().to_string().contains("does not exist"));
    assert_eq!(bench.lab.inventory(), before);
}

#[tokio::test(start_paused = true)]
async fn preflight_refuses_findings_and_what_the_execution_role_may_not_do() {
    let bench = Bench::up().await;
    let mut strict = tag("payments", "2");
    strict.demands.max_severity = Some(Severity::Medium);
    let seen = bench.deploy(&strict).await;
    assert!(seen.error().to_string().contains("scan: 2 high, 7 low"), "{}", seen.text);

    // The image of another service's repository: there, but not for this execution role.
    let mut foreign = tag("payments", "1");
    let other = "123456789012.dkr.ecr.us-east-1.amazonaws.com/ecr-accounts-dev:1";
    foreign.services[0].1 = Image::Reference(other.to_owned());
    let seen = bench.deploy(&foreign).await;
    insta::assert_snapshot!("preflight_refuses", seen.recorded());
    assert!(seen.error().to_string().contains("role-execution-payments-dev may not"), "{}", seen.text);
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn a_container_that_exits_trips_the_breaker_and_its_last_lines_are_shown() {
    let bench = Bench::up().await;
    let seen = bench.deploy(&tag("payments", "exits")).await;
    insta::assert_snapshot!("container_exits", seen.recorded());
    is_rolled_back(&bench, &seen, "app ended with exit code 1").await;
    assert!(seen.verdict().log.iter().any(|line| line.contains("can't reach the ledger")), "{:?}", seen.verdict().log);
}

#[tokio::test(start_paused = true)]
async fn a_health_check_that_fails_trips_the_breaker() {
    let bench = Bench::up().await;
    let seen = bench.deploy(&tag("payments", "unhealthy")).await;
    insta::assert_snapshot!("unhealthy", seen.recorded());
    is_rolled_back(&bench, &seen, "failed ELB health checks").await;
}

#[tokio::test(start_paused = true)]
async fn an_alarm_in_the_bake_takes_it_back() {
    let bench = Bench::up().await;
    let request = tag("payments", "1");
    let alarm = async {
        wait(170).await;
        bench.ring(StateValue::Alarm).await;
    };
    let (seen, ()) = tokio::join!(bench.deploy(&request), alarm);
    insta::assert_snapshot!("alarm_in_bake", seen.recorded());
    is_rolled_back(&bench, &seen, "alarm-payments-errors-dev went off: 7 % of the answers are errors").await;
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_takes_too_long_is_stopped_with_rollback() {
    let bench = Bench::up().await;
    let seen = bench.deploy_within(&tag("payments", "1"), Limit::Of(Duration::from_secs(60))).await;
    insta::assert_snapshot!("time_out", seen.recorded());
    is_rolled_back(&bench, &seen, "took longer than 1 min in SCALE_UP").await;
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_passes_while_old_tasks_go_does_not_spoil_a_success() {
    let bench = Bench::up().await;
    // Traffic has moved and baked by then; only the old tasks are still draining.
    let seen = bench.deploy_within(&tag("payments", "1"), Limit::Of(Duration::from_secs(240))).await;
    assert_eq!(seen.verdict().outcome, Outcome::Succeeded, "{}", seen.text);
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn a_first_deployment_that_fails_has_nothing_to_go_back_to() {
    let missing = "image = \"123456789012.dkr.ecr.us-east-1.amazonaws.com/ecr-payments-dev:first\"";
    let start = platformctl::sandbox::clock::Moment::from_millis(1_800_000_000_000);
    let options = platformctl::sandbox::SandboxOptions::in_memory();
    let lab = crate::lab::Lab::with(platformctl::sandbox::SandboxOptions { start: Some(start), ..options });
    let bench = Bench { lab, configuration: super::bench::configuration(missing) };
    let outcome = crate::lab::up(&bench.workspace().await).await.expect("a run");
    assert!(!outcome.is_complete(), "the image is not there");
    let seen = bench.resume("payments").await;
    insta::assert_snapshot!("first_fails", seen.recorded());
    assert_eq!(seen.verdict().outcome, Outcome::Failed);
    bench.push("payments", "1", "well", "").await;
    let seen = bench.deploy(&tag("payments", "1")).await;
    assert_eq!(seen.verdict().outcome, Outcome::Succeeded, "{}", seen.text);
    crate::lab::assert_done(&crate::lab::up(&bench.workspace().await).await.expect("up"));
    bench.is_sound().await;
}
