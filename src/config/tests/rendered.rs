//! How mistakes look to the person who made them.

use super::super::{EnvSuffix, load};
use super::{read, refuse, render, with};

fn rendered(text: &str) -> String {
    render(&refuse(text))
}

#[test]
fn a_misspelt_key() {
    insta::assert_snapshot!(rendered(&with("prot = 8080")), @"");
}

#[test]
fn a_size_that_fargate_does_not_offer() {
    insta::assert_snapshot!(rendered(&with("cpu = 1024\nmemory = 2000")), @"");
}

#[test]
fn a_path_within_another() {
    insta::assert_snapshot!(rendered(&with("path = \"/pay\"\n\n[services.cards]\npath = \"/pay/cards\"")), @"");
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
    insta::assert_snapshot!(rendered(text), @"");
}

#[test]
fn a_file_that_is_not_toml() {
    insta::assert_snapshot!(rendered("[platform]\nteam = payments\ncost_center = \"4711\"\n\n[services.payments\n"), @"");
}

#[test]
fn a_key_that_stands_twice() {
    insta::assert_snapshot!(rendered(&with("port = 8080\nport = 8081")), @"");
}

#[test]
fn a_file_that_is_absent() {
    let error = load(std::path::Path::new("platfrom.toml")).expect_err("absent");
    insta::assert_snapshot!(render(&error), @"");
}

#[test]
fn a_section_that_is_absent() {
    insta::assert_snapshot!(rendered("[services.payments]\n"), @"");
}

#[test]
fn a_suffix_with_a_wrong_character() {
    insta::assert_snapshot!(render(&EnvSuffix::parse("pr_123").expect_err("an underscore")), @"");
}

#[test]
fn a_suffix_that_is_too_long_for_a_service() {
    let config = read(&with("\n[services.notifications]\nport = 9000"));
    let suffix = EnvSuffix::parse("feature-12").expect("a suffix");
    insta::assert_snapshot!(render(&config.check_names(&suffix).expect_err("too long")), @"");
}
