//! The other ways to show a deployment: JSON lines, and rows in place.

use platformctl::{
    engine::Interrupt,
    operation::deploy::{Limit, run},
    view::{Look, deploy::Deployments, printer::Manner, progress::Pace},
};
use serde_json::Value;

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
    assert!(
        lines.iter().all(|line| line["version"] == 1 && line["type"] == "deployment" && line["service"] == "payments")
    );
    let first = |event: &str| lines.iter().find(|line| line["event"] == event).unwrap_or_else(|| panic!("no {event}"));
    let each = ["checked", "begun", "looked", "news", "ended"].map(first);
    insta::assert_json_snapshot!("json", each);
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
    insta::assert_snapshot!("rows", redacted(&sink.text()));
}
