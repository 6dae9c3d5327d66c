//! Canary, linear, and waiting for a person.

use platformctl::{
    config::Strategy as Kind,
    engine::Interrupt,
    operation::deploy::{
        Limit, Outcome,
        request::{PausePoint, Strategy},
        run,
    },
};

use super::{
    bench::{Bench, tag, wait},
    crash::Nobody,
};

#[tokio::test(start_paused = true)]
async fn a_canary_gets_its_share_first_and_the_configuration_stays_what_it_is() {
    let bench = Bench::up().await;
    let mut request = tag("payments", "1");
    request.strategy =
        Strategy { kind: Some(Kind::Canary), step_percent: Some(20), step_minutes: Some(3), ..Strategy::default() };
    let seen = bench.deploy(&request).await;
    insta::assert_snapshot!("canary", seen.recorded());
    assert_eq!(seen.verdict().outcome, Outcome::Succeeded);
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn a_canary_may_come_from_the_configuration_and_is_not_asked_for_again() {
    let bench = Bench::with("strategy = \"canary\"\nstep_percent = 10\nstep_minutes = 2").await;
    let seen = bench.deploy(&tag("payments", "1")).await;
    assert_eq!(seen.verdict().outcome, Outcome::Succeeded);
    assert!(seen.text.contains("10 % of production traffic is on green"), "{}", seen.text);
    bench.is_sound().await;
    let at_once = Strategy { kind: Some(Kind::BlueGreen), ..Strategy::default() };
    let mut request = tag("payments", "2");
    request.strategy = at_once;
    let seen = bench.deploy(&request).await;
    assert_eq!(seen.verdict().outcome, Outcome::Succeeded);
    assert!(!seen.text.contains("10 % of"), "{}", seen.text);
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn linear_steps_come_from_the_configuration() {
    let bench = Bench::with("strategy = \"linear\"\nstep_percent = 50\nstep_minutes = 1").await;
    let seen = bench.deploy(&tag("payments", "1")).await;
    insta::assert_snapshot!("linear", seen.recorded());
    assert_eq!(seen.verdict().outcome, Outcome::Succeeded);
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_fails_gives_its_share_back() {
    let bench = Bench::up().await;
    let mut request = tag("payments", "1");
    request.strategy = Strategy { kind: Some(Kind::Canary), ..Strategy::default() };
    let alarm = async {
        wait(200).await;
        bench.ring(aws_sdk_cloudwatch::types::StateValue::Alarm).await;
    };
    let (seen, ()) = tokio::join!(bench.deploy(&request), alarm);
    assert_eq!(seen.verdict().outcome, Outcome::RolledBack, "{}", seen.text);
    assert_eq!(bench.serving("payments").await, "blue");
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn a_pause_waits_for_continue_or_abort() {
    for goes_on in [true, false] {
        let bench = Bench::up().await;
        let mut request = tag("payments", "1");
        request.strategy = Strategy { pause_before: Some(PausePoint::Traffic), ..Strategy::default() };
        let answer = async {
            wait(600).await;
            assert_eq!(bench.serving("payments").await, "blue", "nothing moves before the answer");
            let workspace = bench.workspace().await;
            run::answer(&workspace, "payments", goes_on, false, &Nobody, &Interrupt::default())
                .await
                .expect("answered");
        };
        let (seen, ()) = tokio::join!(bench.deploy(&request), answer);
        let (name, outcome) =
            if goes_on { ("continued", Outcome::Succeeded) } else { ("aborted", Outcome::RolledBack) };
        insta::assert_snapshot!(name, seen.recorded());
        assert_eq!(seen.verdict().outcome, outcome);
        bench.is_sound().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_nobody_answers_goes_back_after_an_hour() {
    let bench = Bench::up().await;
    let mut request = tag("payments", "1");
    request.strategy = Strategy { pause_before: Some(PausePoint::Start), ..Strategy::default() };
    let seen = bench.deploy(&request).await;
    assert_eq!(seen.verdict().outcome, Outcome::RolledBack, "{}", seen.text);
    assert!(seen.verdict().reason.contains("lifecycle hook timed out"), "{}", seen.text);
    let workspace = bench.workspace().await;
    let none = run::answer(&workspace, "payments", true, false, &Nobody, &Interrupt::default()).await;
    assert!(none.is_err_and(|error| error.to_string().contains("waits for an answer")));
    let late = bench.deploy_within(&tag("payments", "1"), Limit::Usual).await;
    assert_eq!(late.verdict().outcome, Outcome::Succeeded, "{}", late.text);
    bench.is_sound().await;
}
