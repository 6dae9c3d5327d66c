//! Rotations at the prompt, in the sandbox.

use insta::assert_snapshot;

use super::bench::Bench;

/// Two services with a short bake.
const PAIR: &str = "[platform]\nteam = \"platform\"\ncost_center = \"42\"\n\n[services.accounts]\nbake_minutes = 1\n\n\
                    [services.payments]\ncalls = [\"accounts\"]\nbake_minutes = 1\n";

fn brought_up() -> Bench {
    let bench = Bench::empty();
    bench.write("config/platform.toml", PAIR);
    bench.sandbox("up --yes").ended(0, &["created"]);
    bench
}

/// What is the same in every run: without times, dates, counts of calls and ids.
fn steady(text: &str) -> String {
    let mark = |word: &str| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        if digits >= 4 && word.contains('-') {
            word.replace(|c: char| c.is_ascii_digit(), "0")
        } else {
            word.to_owned()
        }
    };
    let lines = text.lines().map(|line| line.split(' ').map(mark).collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

fn no_key_anywhere(bench: &Bench, texts: &[&str]) {
    let journal = std::fs::read_to_string(bench.path(".platformctl/_sandbox/environments/dev/journal.jsonl"));
    let journal = journal.expect("a journal");
    for text in texts.iter().copied().chain([journal.as_str()]) {
        assert!(!text.contains("-----BEGIN"), "{text}");
    }
}

#[test]
fn certificates_and_then_their_authority_are_made_anew() {
    let bench = brought_up();
    let rotated = bench.sandbox("rotate certificates --yes --verbose");
    rotated.ended(0, &["mesh-certificate/accounts", "ecs-service/payments", "issued_after"]);
    assert_snapshot!("rotate-certificates", steady(&rotated.out));
    bench.sandbox("plan").ended(0, &[]);

    let status = bench.sandbox("status");
    status.ended(0, &[]);
    assert!(status.out.contains("authority") && status.out.contains("364 days"), "{}", status.out);

    let changed = bench.sandbox("rotate certificates --authority --yes");
    changed
        .ended(0, &["phase 1 of 3 (trust both authorities)", "phase 2 of 3", "phase 3 of 3 (drop the old authority)"]);
    assert_snapshot!("rotate-authority", steady(&changed.out));
    bench.sandbox("plan").ended(0, &[]);
    no_key_anywhere(&bench, &[&rotated.out, &rotated.err, &changed.out, &changed.err]);
    bench.sandbox("destroy --yes").ended(0, &["deleted"]);
}

#[test]
fn as_json_each_phase_is_a_line_and_the_end_a_summary() {
    let bench = brought_up();
    let ran = bench.sandbox("rotate certificates --authority --yes --json");
    let lines = ran.lines();
    let of = |kind: &str| lines.iter().filter(|line| line["type"] == kind).collect::<Vec<_>>();
    assert_eq!(of("phase").iter().map(|line| line["phase"].as_u64()).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    assert_eq!(of("plan").len(), 3);
    let summary = ran.summary();
    assert_eq!((ran.code, &summary["command"], &summary["rotation"]), (0, &"rotate".into(), &"authority".into()));
    assert!(summary["valid_until"]["payments"].is_string(), "{summary}");
    no_key_anywhere(&bench, &[&ran.out, &ran.err]);
}

#[test]
fn it_asks_and_refuses_what_it_can_not_do() {
    let bench = Bench::empty();
    bench.write("config/platform.toml", PAIR);
    bench.sandbox("rotate certificates").ended(3, &["`rotate` asks before it changes anything"]);
    bench
        .sandbox("rotate certificates --yes")
        .ended(3, &["knows no certificates of environment 'dev'", "platformctl up"]);
    bench
        .sandbox("rotate certificates --yes --service payment")
        .ended(3, &["no service 'payment'", "accounts, payments"]);
    let both = bench.sandbox("rotate certificates --yes --service payments --authority");
    both.ended(3, &["cannot be used with"]);
    bench.sandbox("rotate").ended(3, &["Usage: platformctl rotate"]);
}
