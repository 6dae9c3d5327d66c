//! How mistakes look to the person who made them.

use super::super::{EnvSuffix, load};
use super::{LEAST, read, refuse, render, with};

fn rendered(text: &str) -> String {
    render(&refuse(text))
}

#[test]
fn a_misspelt_key() {
    insta::assert_snapshot!(rendered(&with("prot = 8080")), @r#"
     × `services.payments.prot` is not known
      ╭─[platform.toml:6:1]
    5 │ [services.payments]
    6 │ prot = 8080
      · ──┬─
      ·   ╰── did you mean `port`?
      ╰────
     help: write `port`, or remove the line
    "#);
}

#[test]
fn a_size_that_fargate_does_not_offer() {
    insta::assert_snapshot!(rendered(&with("cpu = 1024\nmemory = 2000")), @r#"
     × `services.payments.memory` is 2000 MiB, which Fargate does not offer with 1024 CPU units
      ╭─[platform.toml:7:10]
    6 │ cpu = 1024
    7 │ memory = 2000
      ·          ──┬─
      ·            ╰── not offered with cpu = 1024
      ╰────
     help: with cpu = 1024, choose memory = 2048, 3072, 4096, 5120, 6144, 7168, 8192 (MiB)
    "#);
}

#[test]
fn a_path_within_another() {
    insta::assert_snapshot!(rendered(&with("path = \"/pay\"\n\n[services.cards]\npath = \"/pay/cards\"")), @r#"
     × `services.cards.path` lies within "/pay" of `payments`, and nothing says which is tried first
      ╭─[platform.toml:6:8]
    5 │ [services.payments]
    6 │ path = "/pay"
      ·        ───┬──
      ·           ╰── holds it
    7 │
    8 │ [services.cards]
    9 │ path = "/pay/cards"
      ·        ──────┬─────
      ·              ╰── lies within the other
      ╰────
     help: the lower number is tried first: for example path_priority = 10 in [services.cards] and 20
           in [services.payments]
    "#);
}

#[test]
fn several_problems_at_once() {
    let text = "\
# The platform of the payments team.
[platform]
team = \"payments\"

[network]
cidr = \"10.20.0.0/24\"
nat = \"per_zone\"

[services.payments]
port = \"8080\"
calls = [\"acounts\", \"payments\"]
min_tasks = 1

[services.accounts]
";
    insta::assert_snapshot!(rendered(text), @r#"
      × platform.toml has 7 problems

    Error:
      × `platform.cost_center` is missing
       ╭─[platform.toml:2:1]
     1 │ # The platform of the payments team.
     2 │ [platform]
       · ─────┬────
       ·      ╰── `cost_center` belongs here
     3 │ team = "payments"
       ╰────
      help: add who pays for it: `cost_center = "4711"` (the tag CostCenter)

    Error:
      × `network.cidr` is too small
       ╭─[platform.toml:6:8]
     5 │ [network]
     6 │ cidr = "10.20.0.0/24"
       ·        ───────┬──────
       ·               ╰── 256 addresses; 4096 are needed
     7 │ nat = "per_zone"
       ╰────
      help: six subnets of a /24 each must fit, with room to grow: take a /16 to /20, such as
            "10.20.0.0/20"

    Error:
      × `network.nat` cannot be "per_zone"
       ╭─[platform.toml:7:7]
     6 │ cidr = "10.20.0.0/24"
     7 │ nat = "per_zone"
       ·       ─────┬────
       ·            ╰── not one of the choices
     8 │
       ╰────
      help: did you mean "per-zone"? It is one of "per-zone", "single"

    Error:
      × `services.payments.port` must be a whole number, not a text
        ╭─[platform.toml:10:8]
      9 │ [services.payments]
     10 │ port = "8080"
        ·        ───┬──
        ·           ╰── this is a text
     11 │ calls = ["acounts", "payments"]
        ╰────
      help: write it without quotes: `port = 8080`

    Error:
      × `services.payments.calls` names `acounts`, which is not a service
        ╭─[platform.toml:11:10]
     10 │ port = "8080"
     11 │ calls = ["acounts", "payments"]
        ·          ────┬────
        ·              ╰── no such service
     12 │ min_tasks = 1
        ╰────
      help: did you mean "accounts"?

    Error:
      × `services.payments.calls` names the service itself
        ╭─[platform.toml:11:21]
     10 │ port = "8080"
     11 │ calls = ["acounts", "payments"]
        ·                     ─────┬────
        ·                          ╰── this very service
     12 │ min_tasks = 1
        ╰────
      help: remove it: a service needs no mesh to call itself

    Error:
      × `services.payments.min_tasks` must lie between 2 and 5000
        ╭─[platform.toml:12:13]
     11 │ calls = ["acounts", "payments"]
     12 │ min_tasks = 1
        ·             ┬
        ·             ╰── too small
     13 │
        ╰────
      help: choose 2 to 5000; without the line it is 2
    "#);
}

#[test]
fn a_file_that_is_not_toml() {
    insta::assert_snapshot!(rendered("[platform]\nteam = payments\ncost_center = \"4711\"\n\n[services.payments\n"), @r#"
      × platform.toml has 2 problems

    Error:
      × the file is not TOML
       ╭─[platform.toml:2:8]
     1 │ [platform]
     2 │ team = payments
       ·        ────┬───
       ·            ╰── string values must be quoted, expected literal string
     3 │ cost_center = "4711"
       ╰────
      help: texts stand in quotes: team = "payments"

    Error:
      × the file is not TOML
       ╭─[platform.toml:5:19]
     4 │
     5 │ [services.payments
       ·                   ▲
       ·                   ╰── unclosed table, expected `]`
       ╰────
      help: close what was opened: a [section], a ["list"], a { table = "…" }
    "#);
}

#[test]
fn a_key_that_stands_twice() {
    insta::assert_snapshot!(rendered(&with("port = 8080\nport = 8081")), @r#"
     × the file is not TOML
      ╭─[platform.toml:7:1]
    6 │ port = 8080
    7 │ port = 8081
      · ──┬─
      ·   ╰── duplicate key
      ╰────
     help: each key stands once in its section, and each [section] once in the file: remove or merge
           one of the two
    "#);
}

#[test]
fn a_file_that_is_absent() {
    let error = load(std::path::Path::new("platfrom.toml")).expect_err("absent");
    insta::assert_snapshot!(render(&error), @r#"
    × platfrom.toml: there is no such file
    help: name it with --config, or start from the commented example, config/platform.toml of this
          project
    "#);
}

#[test]
fn a_section_that_is_absent() {
    insta::assert_snapshot!(rendered("[services.payments]\n"), @r#"
    × platform.toml: `platform` is missing
    help: say who owns the environment:
          [platform]
          team = "payments"
          cost_center = "4711"
    "#);
}

#[test]
fn a_suffix_with_a_wrong_character() {
    insta::assert_snapshot!(render(&EnvSuffix::parse("pr_123").expect_err("an underscore")), @r#"
     × --env-suffix `pr_123` is not a name for an environment
      ╭─[--env-suffix:1:3]
    1 │ pr_123
      ·   ┬
      ·   ╰── `_` is not allowed
      ╰────
     help: use lowercase letters, digits and single hyphens, first a letter, at most 20 characters,
           such as `pr-123`
    "#);
}

#[test]
fn a_suffix_that_is_empty() {
    insta::assert_snapshot!(render(&EnvSuffix::parse("").expect_err("empty")), @r#"
    × --env-suffix: the suffix is empty
    help: use lowercase letters, digits and single hyphens, first a letter, at most 20 characters,
          such as `dev`
    "#);
}

#[test]
fn a_region_that_is_misspelt() {
    insta::assert_snapshot!(render(&read(LEAST).in_region("eu-wset-1").expect_err("no region")), @r#"
     × --region `eu-wset-1` is not an AWS region
      ╭─[--region:1:1]
    1 │ eu-wset-1
      · ────┬────
      ·     ╰── no region has this name
      ╰────
     help: did you mean `eu-west-1`?
    "#);
}

#[test]
fn a_suffix_that_is_too_long_for_a_service() {
    let config = read(&with("\n[services.notifications]\nport = 9000"));
    let suffix = EnvSuffix::parse("feature-12").expect("a suffix");
    insta::assert_snapshot!(render(&config.check_names(&suffix).expect_err("too long")), @r#"
     × `services.notifications` is 1 character too long for the suffix `feature-12`
      ╭─[platform.toml:7:11]
    6 │
    7 │ [services.notifications]
      ·           ──────┬──────
      ·                 ╰── the target group `tg-notifications-green-feature-12` has 33 characters, AWS allows 32
    8 │ port = 9000
      ╰────
     help: shorten the service's name to 12 characters, or the suffix to 9
    "#);
}
