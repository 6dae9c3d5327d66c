//! The other ways to show a deployment: JSON lines, and rows in place.

use platformctl::{
    engine::Interrupt,
    operation::deploy::{Limit, run},
    view::{Look, deploy::Deployments, printer::Manner, progress::Pace},
};
use serde_json::{Value, json};

use super::bench::{Bench, Sink, printer, redacted, tag};

#[tokio::test(start_paused = true)]
async fn json_lines_tell_everything() {
    let bench = Bench::up().await;
    let workspace = bench.workspace().await;
    let sink = Sink::default();
    let printer = printer(&sink, Manner::Json, Look { json: true, ..Look::default() });
    let view = Deployments::new(&printer, &["payments".to_owned()], Pace::Real);
    let request = tag("payments", "exits");
    run::deploy(&workspace, &request, Limit::Usual, true, &view, &Interrupt::default()).await.expect("begun");
    let text = redacted(&sink.text());
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let common = |line: &Value| line["version"] == 1 && line["type"] == "deployment" && line["service"] == "payments";
    assert!(lines.iter().all(common), "{text}");
    let first = |event: &str| lines.iter().find(|line| line["event"] == event).unwrap_or_else(|| panic!("no {event}"));
    assert_eq!(first("checked")["checks"][0]["name"], "image");
    assert_eq!(first("begun")["revision"], "task-payments-dev:2");
    assert_eq!(first("begun")["resumed"], false);
    let looked = &first("looked")["progress"];
    assert_eq!((&looked["new"]["color"], &looked["old"]["color"]), (&json!("green"), &json!("blue")));
    assert_eq!((&looked["new"]["weight"], &looked["old"]["weight"]), (&json!(0.0), &json!(100.0)));
    assert!(lines.iter().any(|line| line["event"] == "news" && line["bad"] == true), "{text}");
    let verdict = &first("ended")["verdict"];
    assert_eq!((&verdict["outcome"], &verdict["revision"]), (&json!("rolled-back"), &json!("task-payments-dev:2")));
    assert!(verdict["causes"][0].as_str().is_some_and(|cause| cause.contains("exit code 1")), "{verdict}");
    assert_eq!(verdict["log"][1], "fatal: can't reach the ledger: connection refused");
}

#[tokio::test(start_paused = true)]
async fn rows_are_redrawn_in_place_and_the_last_ones_stay() {
    let bench = Bench::up().await;
    let workspace = bench.workspace().await;
    let sink = Sink::default();
    let printer = printer(&sink, Manner::Live, Look::default());
    let view = Deployments::new(&printer, &["payments".to_owned(), "accounts".to_owned()], Pace::Real);
    let mut request = tag("payments", "1");
    request.services.extend(tag("accounts", "exits").services);
    let interrupt = Interrupt::default();
    let work = run::deploy(&workspace, &request, Limit::Usual, true, &view, &interrupt);
    let raise = async {
        tokio::time::sleep(std::time::Duration::from_secs(130)).await;
        interrupt.raise();
    };
    let (verdicts, ()) = tokio::join!(work, raise);
    verdicts.expect("begun");
    view.finish();
    let text = sink.text();
    for part in [
        "payments  unfinished: interrupted; ECS goes on with it",
        "  green  2 of 2 tasks run",
        "██████████ 100 % of the traffic",
        "  blue   2 of 2 tasks run",
        "░░░░░░░░░░ 0 % of the traffic",
        "Essential container in task exited: app ended with exit code 1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
