//! The help of the program and of each command.

use insta::assert_snapshot;

use super::bench::Bench;

#[track_caller]
fn help(command: &str) -> String {
    let ran = Bench::empty().run(&format!("{command} --help"));
    ran.ended(0, &[]);
    ran.out
}

#[test]
fn of_the_program() {
    assert_snapshot!("help", help(""));
}

#[test]
fn of_up() {
    assert_snapshot!("help-up", help("up"));
}

#[test]
fn of_plan() {
    assert_snapshot!("help-plan", help("plan"));
}

#[test]
fn of_destroy() {
    assert_snapshot!("help-destroy", help("destroy"));
}

#[test]
fn of_status() {
    assert_snapshot!("help-status", help("status"));
}

#[test]
fn of_rotate() {
    assert_snapshot!("help-rotate", help("rotate"));
}

#[test]
fn of_rotate_certificates() {
    assert_snapshot!("help-rotate-certificates", help("rotate certificates"));
}

#[test]
fn of_doctor() {
    assert_snapshot!("help-doctor", help("doctor"));
}

#[test]
fn of_deploy() {
    assert_snapshot!("help-deploy", help("deploy"));
}

#[test]
fn of_what_comes_with_deploy() {
    let all = ["rollback", "history", "continue", "abort", "logs", "exec"].map(help).join("\n----\n");
    assert_snapshot!("help-rollback", all);
}

#[test]
fn of_render() {
    assert_snapshot!("help-render", help("render"));
}

#[test]
fn every_command_is_in_the_help_of_the_program() {
    let text = help("");
    for command in [
        "up", "plan", "destroy", "status", "deploy", "rollback", "continue", "abort", "history", "logs", "exec",
        "rotate", "doctor", "policy", "render",
    ] {
        assert!(text.contains(&format!("\n  {command}")), "{command}: {text}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let ran = Bench::empty().run("--version");
    assert_eq!((ran.code, ran.out.as_str()), (0, concat!("platformctl ", env!("CARGO_PKG_VERSION"), "\n")));
}
