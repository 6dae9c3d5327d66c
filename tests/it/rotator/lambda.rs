//! The function as Lambda runs it: the real program against a local runtime API (Lambda developer guide, "Using the Lambda runtime API").

use std::{
    collections::VecDeque,
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use platformctl::rotator::{Step, settings::variable};
use serde_json::{Value, json};

use super::{
    certificates,
    http::{Request, Response},
    world::{AUTHORITY_SECRET, CLUSTER, DONE, MASTER_SECRET, State, World, now, with},
};

/// Events that wait for the function, and what it answered.
#[derive(Default)]
pub struct Runtime {
    pub events: VecDeque<Value>,
    pub answers: Vec<(String, String)>,
}

/// Answers the function.
pub fn answer(state: &Mutex<State>, request: &Request) -> Option<Response> {
    if request.method == "GET" {
        let deadline = Instant::now() + Duration::from_secs(600);
        while Instant::now() < deadline {
            if let Some(event) = with(state, |state| state.runtime.events.pop_front()) {
                let arn = "arn:aws:lambda:us-east-1:123456789012:function:rotator-dev".to_owned();
                let headers = vec![
                    ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
                    ("lambda-runtime-deadline-ms", format!("{:.0}", (now() + 60.0) * 1000.0)),
                    ("lambda-runtime-invoked-function-arn", arn),
                ];
                return Some(Response { status: 200, headers, body: event.to_string() });
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        return None;
    }
    let kind = request.path.rsplit('/').next().unwrap_or_default().to_owned();
    let body = String::from_utf8_lossy(&request.body).into_owned();
    with(state, |state| state.runtime.answers.push((kind, body)));
    Some(Response { status: 202, ..Response::ok(json!({ "status": "OK" })) })
}

/// The running program; gone with the test.
struct Function(Child);

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(world: &World, log: &std::path::Path) -> Function {
    let address = world.address.to_string();
    let log = std::fs::File::create(log).expect("a log");
    let child = Command::new(env!("CARGO_BIN_EXE_platformctl-rotator"))
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", &address)
        .env("AWS_LAMBDA_FUNCTION_NAME", "rotator-dev")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "key")
        .env("AWS_ENDPOINT_URL", format!("http://{address}"))
        .env(variable::SUFFIX, "dev")
        .env(variable::CLUSTER, CLUSTER)
        .env(variable::MASTER, MASTER_SECRET)
        .env(variable::HOST, "127.0.0.1")
        .env(variable::SERVICES, "cluster-dev")
        .env(variable::AUTHORITY, AUTHORITY_SECRET)
        .env(variable::TRUST_DOMAIN, "dev.platform")
        .env(variable::NAMESPACE, "dev.local")
        .env(variable::CERTIFICATE_DAYS, "30")
        .stdout(log.try_clone().expect("a log"))
        .stderr(Stdio::from(log))
        .spawn()
        .expect("the rotator starts");
    Function(child)
}

/// Sends an event and waits for the answer.
async fn invoke(world: &World, event: Value) -> (String, String) {
    let before = world.state().runtime.answers.len();
    world.state().runtime.events.push_back(event);
    let deadline = Instant::now() + Duration::from_secs(300);
    loop {
        if let Some(answer) = world.state().runtime.answers.get(before) {
            return answer.clone();
        }
        assert!(Instant::now() < deadline, "the function does not answer");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// MiB that a process holds at most.
fn peak(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_program_rotates_step_by_step_and_tells_nobody_a_password() {
    let world = World::new("payments").await;
    world.state().deployments.push((now(), DONE));
    let directory = tempfile::TempDir::new().expect("a directory");
    let log = directory.path().join("log");
    let started = Instant::now();
    let function = start(&world, &log);
    let mut took = Vec::new();
    for round in 0..2 {
        let token = world.order();
        for step in Step::ALL {
            let event = json!({
                "Step": step.name(), "SecretId": world.secret_arn(), "ClientRequestToken": token, "RotationToken": "x",
            });
            let begun = Instant::now();
            let (kind, body) = invoke(&world, event).await;
            assert_eq!(kind, "response", "{}: {body}", step.name());
            let since = if round == 0 && step == Step::CreateSecret { started } else { begun };
            took.push((round, step, since.elapsed()));
        }
        world.rotated();
        let secret = world.secret();
        assert!(world.logs_in(&secret.credentials("AWSCURRENT")).await);
        assert!(world.logs_in(&secret.credentials("AWSPREVIOUS")).await);
    }
    let token = world.order();
    let bad = json!({ "Step": "finishSecret", "SecretId": world.secret_arn(), "ClientRequestToken": token });
    let (kind, body) = invoke(&world, bad).await;
    assert!(kind == "error" && body.contains("before testSecret"), "a step out of order is an error: {body}");
    println!("the rotator as a function, debug build: {:.0} MiB at most", peak(function.0.id()));
    for (round, step, took) in &took {
        println!("  rotation {}: {:<12} {:>5} ms", round + 1, step.name(), took.as_millis());
    }
    drop(function);
    let written = std::fs::read_to_string(&log).expect("a log");
    assert_eq!(written.matches("\"outcome\":\"done\"").count(), 8, "{written}");
    assert!(written.contains("\"outcome\":\"failed\""), "{written}");
    super::rotations::assert_untold(&world, &written);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_program_renews_a_certificate_step_by_step_and_tells_nobody_a_key() {
    let world = certificates::world().await;
    world.state().deployments.push((now(), DONE));
    let directory = tempfile::TempDir::new().expect("a directory");
    let log = directory.path().join("log");
    let started = Instant::now();
    let function = start(&world, &log);
    let mut took = Vec::new();
    for round in 1..=2 {
        let before = certificates::leaf(&world, "AWSCURRENT");
        let token = world.order();
        for step in Step::ALL {
            let event = json!({ "Step": step.name(), "SecretId": world.secret_arn(), "ClientRequestToken": token });
            let begun = Instant::now();
            let (kind, body) = invoke(&world, event).await;
            assert_eq!(kind, "response", "{}: {body}", step.name());
            let since = if round == 1 && step == Step::CreateSecret { started } else { begun };
            took.push((round, step, since.elapsed()));
        }
        world.rotated();
        assert_eq!(certificates::leaf(&world, "AWSPREVIOUS"), before);
        certificates::assert_good(&world);
        assert_eq!(world.state().deployments.len(), 1 + round);
    }
    let token = world.order();
    let bad = json!({ "Step": "finishSecret", "SecretId": world.secret_arn(), "ClientRequestToken": token });
    let (kind, body) = invoke(&world, bad).await;
    assert!(kind == "error" && body.contains("before testSecret"), "a step out of order is an error: {body}");
    println!("the rotator with certificates, debug build: {:.0} MiB at most", peak(function.0.id()));
    for (round, step, took) in &took {
        println!("  rotation {round}: {:<12} {:>5} ms", step.name(), took.as_millis());
    }
    drop(function);
    let written = std::fs::read_to_string(&log).expect("a log");
    assert_eq!(written.matches("\"outcome\":\"done\"").count(), 8, "{written}");
    assert!(written.contains("there is nothing to set") && written.contains("\"outcome\":\"failed\""), "{written}");
    certificates::assert_untold(&world, &written);
}
