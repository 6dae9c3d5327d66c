//! What containers write, and commands in them.

use std::time::Duration;

use platformctl::{
    operation::{
        exec,
        logs::{Reader, Spoken, Wanted},
    },
    view::{self, Paint},
};

use super::bench::{Bench, redacted, tag, wait};

fn wanted(since: u64) -> Wanted {
    Wanted { service: "payments".into(), since: Duration::from_secs(since), filter: None, container: None, task: None }
}

fn shown(lines: &[Spoken]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| view::logs::line(Paint::new(false), line)).collect();
    // The first characters of a task's id are as random as the whole.
    let short: Vec<String> = lines.iter().map(|line| format!("{}<task>{}", &line[..25], &line[33..])).collect();
    redacted(&short.join("\n"))
}

#[tokio::test(start_paused = true)]
async fn lines_tell_containers_and_tasks_apart_and_come_once() {
    let bench = Bench::up().await;
    let workspace = bench.workspace().await;
    let mut reader = Reader::new(&workspace, wanted(3600)).expect("a reader");
    let (lines, more) = reader.next().await.expect("lines");
    assert!(!more);
    insta::assert_snapshot!("logs", shown(&lines));
    let containers: std::collections::BTreeSet<&str> = lines.iter().map(|line| line.container.as_str()).collect();
    assert_eq!(containers.into_iter().collect::<Vec<_>>(), ["agent", "app", "envoy", "mesh-init"]);
    assert_eq!(reader.next().await.expect("lines").0, [], "nothing is told twice");
    // What comes later is followed.
    let request = tag("payments", "1");
    let (_, ()) = tokio::join!(bench.deploy(&request), wait(1));
    let (lines, _) = reader.next().await.expect("lines");
    assert!(lines.iter().any(|line| line.text == "listening on port 8080"), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn lines_are_chosen_by_words_container_task_and_time() {
    let bench = Bench::up().await;
    let workspace = bench.workspace().await;
    let look = async |wanted: Wanted| {
        let mut reader = Reader::new(&workspace, wanted).expect("a reader");
        reader.next().await.expect("lines").0
    };
    let all = look(wanted(3600)).await;
    let listening = look(Wanted { filter: Some("listening".into()), ..wanted(3600) }).await;
    assert!(listening.len() == 2 && listening.iter().all(|line| line.container == "app"), "{listening:?}");
    let envoy = look(Wanted { container: Some("envoy".into()), ..wanted(3600) }).await;
    assert!(!envoy.is_empty() && envoy.iter().all(|line| line.container == "envoy"));
    let one = all[0].task.clone();
    let of_one = look(Wanted { task: Some(one[..6].to_owned()), ..wanted(3600) }).await;
    assert!(of_one.len() < all.len() && of_one.iter().all(|line| line.task == one));
    assert_eq!(look(wanted(1)).await, []);
    let typo = Reader::new(&workspace, Wanted { service: "payment".into(), ..wanted(1) });
    let remedy = typo.err().and_then(|error| error.remedy());
    assert_eq!(remedy.as_deref(), Some("did you mean payments?"));
}

#[tokio::test(start_paused = true)]
async fn a_command_runs_in_a_container_that_lets_it_in() {
    let bench = Bench::up().await;
    let workspace = bench.workspace().await;
    let wanted = |container: &str| exec::Wanted {
        service: "payments".into(),
        container: container.into(),
        task: None,
        command: "sh -c 'ls /tmp'".into(),
    };
    let start = exec::open(&workspace, &wanted("app"), "1.2.553.0").await.expect("a session");
    assert_eq!(start.arguments[..4], ["AWS_SSM_START_SESSION_RESPONSE", "us-east-1", "StartSession", ""]);
    assert!(start.arguments[4].starts_with("{\"Target\":\"ecs:cluster-dev_"), "{}", start.arguments[4]);
    let (name, session) = start.variable.clone().expect("by a variable");
    assert_eq!(name, "AWS_SSM_START_SESSION_RESPONSE");
    let token = serde_json::from_str::<serde_json::Value>(&session).expect("JSON")["TokenValue"].to_string();
    assert!(token.len() > 10 && !start.arguments.iter().any(|argument| argument.contains(token.trim_matches('"'))));
    let old = exec::open(&workspace, &wanted("app"), "1.2.497.0").await.expect("a session");
    assert!(old.variable.is_none() && old.arguments[0].contains("TokenValue"));
    let init = exec::open(&workspace, &wanted("mesh-init"), "1.2.553.0").await;
    assert!(init.is_err_and(|error| error.to_string().contains("does not run")));
}
