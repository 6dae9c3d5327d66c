//! The life of an environment at the prompt, in the sandbox.

use super::bench::Bench;

#[test]
fn an_environment_comes_up_stays_changes_and_goes() {
    let bench = Bench::new();
    let planned = bench.sandbox("plan");
    planned.ended(2, &[]);
    assert!(planned.out.contains("to create, 0 to change"), "{}", planned.out);

    let up = bench.sandbox("up --yes");
    up.ended(0, &["created", "API calls:"]);
    assert!(up.out.contains("environment 'dev' is up"), "{}", up.out);

    let again = bench.sandbox("up --yes --json");
    assert_eq!((again.code, again.summary()["done"].as_u64()), (0, Some(0)), "{}", again.out);
    bench.sandbox("plan").ended(0, &[]);

    let text = std::fs::read_to_string(bench.path("config/platform.toml")).expect("the configuration");
    bench.write("config/platform.toml", &text.replace("team = \"platform\"", "team = \"payments\""));
    let changed = bench.sandbox("plan");
    changed.ended(2, &[]);
    assert!(changed.out.contains("tag Team: → \"payments\""), "{}", changed.out);

    let gone = bench.sandbox("destroy --yes");
    gone.ended(0, &["deleted"]);
    assert!(gone.out.contains("nothing left of environment 'dev'"), "{}", gone.out);
    assert!(!bench.path(".platformctl/_sandbox/environments/dev").exists());

    let once_more = bench.sandbox("destroy --yes");
    once_more.ended(0, &["there is no environment 'dev'"]);

    bench.sandbox("up --yes").ended(0, &["created"]);
}

#[test]
fn quotas_of_the_sandbox_can_be_set() {
    let bench = Bench::new();
    // The table breaks its lines.
    let said = |arguments: &str| bench.sandbox(arguments).out.split_whitespace().collect::<Vec<_>>().join(" ");
    let usual = said("doctor");
    assert!(usual.contains("6 vCPU needed to start, 12 while everything is deployed; 100 in all"), "{usual}");
    let new = said("doctor --sandbox-quota L-36FBB829=6");
    assert!(new.contains("6 vCPU needed to start, 12 while everything is deployed; 6 in all"), "{new}");
    assert!(new.contains("ask Service Quotas for more (fargate L-36FBB829)"), "{new}");
    let wrong = bench.sandbox("doctor --sandbox-quota L-0=6");
    assert!(wrong.code != 0 && wrong.err.contains("there is no quota 'L-0'"), "{}", wrong.err);
}
