//! Bad input: refused before the first call, with the place, the remedy and the exit code.

use platformctl::state::Store;

use super::bench::{Bench, ran};

const SANDBOX: &str = ".platformctl/_sandbox/environments";

#[test]
fn an_unknown_command_is_bad_input() {
    Bench::new().run("upp").ended(3, &["unrecognized subcommand", "up"]);
}

#[test]
fn no_command_shows_the_help() {
    Bench::new().run("").ended(3, &["Usage: platformctl", "Exit codes:"]);
}

#[test]
fn options_that_contradict_each_other_are_bad_input() {
    Bench::new().run("plan --quiet --verbose").ended(3, &["cannot be used with"]);
    Bench::new().run("plan --sandbox-speed 0").ended(3, &["1000"]);
}

#[test]
fn an_endpoint_where_nobody_answers_is_named() {
    let bench = Bench::new();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let mut command = bench.command("plan --env-suffix dev");
    let ran =
        ran(command.env("AWS_ENDPOINT_URL", &endpoint).env("AWS_ACCESS_KEY_ID", "a").env("AWS_SECRET_ACCESS_KEY", "b"));
    ran.ended(1, &[&format!("nobody answers at {endpoint}"), "Connection refused", "hint:", "AWS_ENDPOINT_URL"]);
}

#[test]
fn the_environment_must_be_named() {
    let ran = Bench::new().run("plan --sandbox");
    ran.ended(3, &["error: which environment?", "hint:", "--env-suffix", "PLATFORMCTL_ENV_SUFFIX"]);
}

#[test]
fn a_suffix_that_is_none_is_shown_with_the_place() {
    Bench::new().run("plan --sandbox --env-suffix Dev").ended(3, &["--env-suffix", "Dev", "dev"]);
}

#[test]
fn the_suffix_may_come_from_the_environment() {
    let bench = Bench::new();
    let ran = ran(bench.command("render names").env("PLATFORMCTL_ENV_SUFFIX", "pr-7"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("-pr-7"), "{}", ran.out);
}

#[test]
fn a_configuration_that_is_not_there_is_bad_input() {
    Bench::empty().sandbox("plan").ended(3, &["config/platform.toml", "no such file", "--config"]);
}

#[test]
fn a_mistake_is_shown_with_its_line_and_the_remedy() {
    let bench = Bench::new();
    bench.write("bad.toml", "[platform]\nteam = \"a\"\ncost_centre = \"b\"\n\n[services.web]\n");
    bench.sandbox("up --yes --config bad.toml").ended(3, &["cost_centre", "cost_center", "bad.toml:3"]);
    let json = bench.sandbox("up --yes --config bad.toml --json");
    let summary = json.summary();
    assert_eq!((summary["command"].as_str(), summary["exit_code"].as_i64()), (Some("up"), Some(3)));
    let problems = summary["error"]["problems"].as_array().expect("problems");
    assert!(problems.iter().any(|problem| problem["line"] == 3 && problem["remedy"].is_string()), "{summary}");
    assert!(!bench.path(".platformctl").exists(), "nothing is written for bad input");
}

#[test]
fn a_region_of_another_place_is_bad_input() {
    Bench::new().sandbox("plan --region nowhere").ended(3, &["--region", "nowhere"]);
}

#[test]
fn nobody_is_asked_without_a_terminal() {
    for command in ["up", "destroy"] {
        let bench = Bench::new();
        bench.sandbox(command).ended(3, &["no terminal", "hint:", "--yes"]);
        assert!(!bench.path(".platformctl").exists());
    }
}

#[test]
fn a_locked_environment_says_who_has_it() {
    let bench = Bench::new();
    let store = Store::new(&bench.path(SANDBOX), "dev");
    let _lock = store.lock("destroy").expect("the lock");
    let ran = bench.sandbox("up --yes");
    ran.ended(5, &["locked", "'destroy' runs since", &format!("process {}", std::process::id())]);
    assert_eq!(bench.sandbox("up --yes --json").summary()["exit_code"], 5);
}

#[test]
fn a_damaged_state_is_named_with_its_line_and_left_alone() {
    let bench = Bench::new();
    let journal = format!("{SANDBOX}/dev/journal.jsonl");
    bench.write(&journal, "nonsense\n");
    bench.sandbox("plan").ended(3, &["damaged at line 1", "hint:"]);
    bench.sandbox("up --yes").ended(3, &["damaged at line 1"]);
    assert_eq!(std::fs::read_to_string(bench.path(&journal)).expect("still there"), "nonsense\n");
}

#[test]
fn a_service_that_is_not_configured_is_bad_input() {
    let ran = Bench::new().run("render --env-suffix dev --service ledger names");
    ran.ended(3, &["no service 'ledger'", "payments"]);
}

#[test]
fn without_credentials_the_exit_code_says_so() {
    Bench::new().run("plan --env-suffix dev").ended(4, &["error:", "hint:", "sign in"]);
}

#[test]
fn an_endpoint_that_does_not_answer_is_a_failure() {
    let bench = Bench::new();
    let mut command = bench.command("plan --env-suffix dev");
    command
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .env("AWS_ACCESS_KEY_ID", "a")
        .env("AWS_SECRET_ACCESS_KEY", "b");
    ran(&mut command).ended(1, &["error: sts:GetCallerIdentity"]);
}
