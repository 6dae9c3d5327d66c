//! platformctl is killed in each stage; the same command, `--resume` and `status` go on from there.

use std::time::Duration;

use platformctl::{
    engine::{Interrupt, Key},
    operation::{
        self, Intention,
        deploy::{
            DeployEvent, DeployObserver, Limit, Outcome,
            request::{PausePoint, Strategy},
            run,
        },
    },
};

use super::bench::{Bench, tag, wait};
use crate::lab::{assert_done, up};

/// Listens to nothing.
pub struct Nobody;

impl DeployObserver for Nobody {
    fn tell(&self, _: &DeployEvent) {}
}

#[tokio::test(start_paused = true)]
async fn killed_in_any_stage_it_is_followed_to_its_end_by_whoever_asks() {
    // One moment in each stage, from before anything was sent to after the end.
    for seconds in [0.05, 0.3, 0.5, 2.0, 30.0, 92.0, 102.0, 112.0, 130.0, 245.0, 400.0] {
        let bench = Bench::up().await;
        let workspace = bench.workspace().await;
        let interrupt = Interrupt::default();
        let request = tag("payments", "1");
        let work = run::deploy(&workspace, &request, Limit::Usual, true, &Nobody, &interrupt);
        let killed = tokio::time::timeout(Duration::from_secs_f64(seconds), work).await;
        drop(workspace);
        let status = operation::status(&bench.workspace().await).await.expect("a status");
        let payments = status.services.iter().find(|service| service.name == "payments").expect("there");
        assert!(payments.deployment.is_some(), "after {seconds} s");
        assert!(status.problems.is_empty(), "{:?}", status.problems);
        // From when ECS has it on, whoever asks may follow it; the same command takes it up too.
        if seconds >= 2.0 {
            let followed = bench.resume("payments").await;
            assert_eq!(followed.verdict().outcome, Outcome::Succeeded, "after {seconds} s: {}", followed.text);
            insta::assert_snapshot!(format!("killed_after_{seconds}_s_and_followed"), followed.recorded());
        }
        // The same command again takes up what is under way, or begins.
        let seen = bench.deploy(&request).await;
        insta::assert_snapshot!(format!("killed_after_{seconds}_s_and_run_again"), seen.recorded());
        let outcome = seen.verdict().outcome;
        let done = [Outcome::Succeeded, Outcome::Unchanged].contains(&outcome);
        assert!(done, "after {seconds} s: {}", seen.text);
        assert!(killed.is_err() || outcome == Outcome::Unchanged, "after {seconds} s: {}", seen.text);
        assert!(bench.image("payments").await.contains("@sha256:"));
        assert_eq!(bench.serving("payments").await, "green", "after {seconds} s it is deployed once");
        bench.is_sound().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_was_left_behind_is_seen_and_goes_with_the_next_up_or_deploy() {
    for by_deploy in [true, false] {
        let bench = Bench::up().await;
        let mut request = tag("payments", "1");
        request.strategy = Strategy { pause_before: Some(PausePoint::Traffic), ..Strategy::default() };
        {
            let (workspace, interrupt) = (bench.workspace().await, Interrupt::default());
            let work = run::deploy(&workspace, &request, Limit::Usual, true, &Nobody, &interrupt);
            assert!(tokio::time::timeout(Duration::from_secs(150), work).await.is_err(), "killed while it waits");
        }
        let workspace = bench.workspace().await;
        let status = operation::status(&workspace).await.expect("a status");
        let payments = status.services.iter().find(|service| service.name == "payments").expect("there");
        assert!(payments.deployment.as_ref().is_some_and(|deployment| deployment.waits_for_you), "{payments:?}");
        // Answered by somebody who doesn't stay either, so that nobody sets it back.
        run::answer(&workspace, "payments", true, false, &Nobody, &Interrupt::default()).await.expect("answered");
        wait(600).await;
        let prepared = operation::prepare(&workspace, Intention::Plan).await.expect("a plan");
        let step = prepared.plan.step(&Key::new("ecs-service", "payments")).expect("it differs");
        let fields: Vec<&str> = step.changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["pauses"]);
        drop((prepared, workspace));
        if by_deploy {
            let seen = bench.deploy(&tag("payments", "2")).await;
            assert_eq!(seen.verdict().outcome, Outcome::Succeeded, "{}", seen.text);
        } else {
            let image = bench.image("payments").await;
            assert_done(&up(&bench.workspace().await).await.expect("up"));
            assert_eq!(bench.image("payments").await, image);
        }
        bench.is_sound().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_up_in_the_middle_waits_with_a_deployment_that_waits_for_a_person() {
    let bench = Bench::up().await;
    let mut request = tag("payments", "1");
    request.strategy = Strategy { pause_before: Some(PausePoint::Traffic), ..Strategy::default() };
    let up = async {
        wait(150).await;
        up(&bench.workspace().await).await.expect("up")
    };
    // Later than what `up` gives a deployment that has not moved its traffic.
    let answer = async {
        wait(2400).await;
        let workspace = bench.workspace().await;
        run::answer(&workspace, "payments", true, false, &Nobody, &Interrupt::default()).await.expect("answered");
    };
    let (seen, outcome, ()) = tokio::join!(bench.deploy(&request), up, answer);
    assert_eq!(seen.verdict().outcome, Outcome::Succeeded, "{}", seen.text);
    assert_done(&outcome);
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn resume_follows_and_tells_the_verdict_even_after_the_end() {
    let bench = Bench::up().await;
    let workspace = bench.workspace().await;
    let request = tag("payments", "exits");
    let verdicts = run::deploy(&workspace, &request, Limit::Usual, false, &Nobody, &Interrupt::default()).await;
    assert_eq!(verdicts.expect("begun")[0].1.outcome, Outcome::Begun);
    wait(30).await;
    let seen = bench.resume("payments").await;
    insta::assert_snapshot!("resume", seen.recorded());
    assert_eq!(seen.verdict().outcome, Outcome::RolledBack);
    wait(600).await;
    let later = bench.resume("payments").await;
    assert_eq!(later.verdict().outcome, Outcome::RolledBack);
    assert!(later.verdict().causes.iter().any(|cause| cause.contains("exit code 1")), "{:?}", later.verdict());
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_ends_the_watching_and_not_the_deployment() {
    let bench = Bench::up().await;
    let workspace = bench.workspace().await;
    let interrupt = Interrupt::default();
    let request = tag("payments", "1");
    let work = run::deploy(&workspace, &request, Limit::Usual, true, &Nobody, &interrupt);
    let raise = async {
        wait(40).await;
        interrupt.raise();
    };
    let (verdicts, ()) = tokio::join!(work, raise);
    let verdict = &verdicts.expect("begun")[0].1;
    assert_eq!(verdict.outcome, Outcome::Unfinished);
    assert!(verdict.remedy.as_ref().is_some_and(|remedy| remedy.contains("--resume")), "{verdict:?}");
    assert_eq!(bench.resume("payments").await.verdict().outcome, Outcome::Succeeded);
    bench.is_sound().await;
}
