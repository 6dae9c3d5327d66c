//! Each kind of mistake is refused, at its line.

use super::super::EnvSuffix;
use super::{LEAST, read, refuse, with};

/// Asserts that `text` has exactly one problem, on the line that contains `place`, whose message or remedy contains `says`.
#[track_caller]
fn refused_at(text: &str, place: &str, says: &str) {
    let error = refuse(text);
    let problems = error.problems();
    assert_eq!(problems.len(), 1, "{error:?}");
    let line = text.lines().position(|line| line.contains(place)).expect("the place is in the text") + 1;
    assert_eq!(problems[0].position().map(|(line, _)| line), Some(line), "{error:?}");
    let said = format!("{} ({})", problems[0].message(), problems[0].remedy());
    assert!(said.contains(says), "{said}");
    assert!(!problems[0].remedy().is_empty());
}

/// Asserts that [`LEAST`] plus `lines` is refused at `place`.
#[track_caller]
fn line_refused(lines: &str, place: &str, says: &str) {
    refused_at(&with(lines), place, says);
}

#[test]
fn unknown_and_misspelt_keys() {
    line_refused("prot = 8080", "prot", "write `port`");
    line_refused("colour = 1", "colour", "`health_path`");
    line_refused("[netwrok]", "[netwrok]", "write `network`");
    line_refused("[network]\nnatt = \"single\"", "natt", "write `nat`");
    line_refused("[accounts]\nport = 8080", "[accounts]", "a service is a section [services.accounts]");
    line_refused("table = { partition_key = \"id\", sortkey = \"at\" }", "table", "write `sort_key`");
    line_refused("[ingress.health_check]\ninterval = 5", "interval", "`interval_seconds`");
}

#[test]
fn wrong_types() {
    line_refused("port = \"8080\"", "port", "must be a whole number, not a text");
    line_refused("port = 80.5", "port", "must be a whole number, not a fraction");
    line_refused("path = 5", "path", "put it in quotes: \"5\"");
    line_refused("bucket = \"yes\"", "bucket", "must be true or false, not a text");
    line_refused("calls = \"accounts\"", "calls", "`calls = [\"accounts\"]`");
    line_refused("calls = [1]", "calls", "must be a text");
    line_refused("table = \"id\"", "table", "must be a section");
    line_refused("environment = { A = 1 }", "environment", "put it in quotes: \"1\"");
    refused_at("services = 1\n[platform]\nteam = \"a\"\ncost_center = \"b\"", "services", "must be a section");
    refused_at(
        "[[services]]\n[platform]\nteam = \"a\"\ncost_center = \"b\"",
        "services",
        "must be a section, not a list",
    );
    refused_at("platform = 1\n[services.a]", "platform", "must be a section");
}

#[test]
fn team_and_cost_center() {
    refused_at(&LEAST.replace("team = \"payments\"\n", ""), "[platform]", "`platform.team` is missing");
    refused_at(&LEAST.replace("cost_center = \"4711\"\n", ""), "[platform]", "`platform.cost_center` is missing");
    refused_at(&LEAST.replace("4711", " "), "cost_center", "is blank");
    refused_at(&LEAST.replace("4711", "47#11"), "cost_center", "a character that no tag may have");
    let error = refuse("[services.a]");
    assert_eq!(error.to_string(), "platform.toml: `platform` is missing");
}

#[test]
fn region_and_zones() {
    let platform = |line: &str| LEAST.replace("[platform]\n", &format!("[platform]\n{line}\n"));
    refused_at(&platform("region = \"us-esat-1\""), "region", "did you mean `us-east-1`?");
    refused_at(&platform("zones = [\"us-east-1a\", \"us-east-1b\"]"), "zones", "exactly three");
    refused_at(&platform("zones = [\"us-east-1a\", \"us-east-1b\", \"us-west-2c\"]"), "zones", "no zone of us-east-1");
    refused_at(&platform("expires_after = 3"), "expires_after", "must be a text");
    refused_at(&platform("expires_after = \"soon\""), "expires_after", "\"3d\"");
    // A region that cannot be read leaves nothing to say about its zones.
    refused_at(&platform("region = \"x\"\nzones = [\"us-east-1a\"]"), "region", "is not an AWS region");
}

#[test]
fn networks() {
    line_refused("[network]\ncidr = \"10.20.0.0/24\"", "cidr", "is too small");
    line_refused("[network]\ncidr = \"10.0.0.0/8\"", "cidr", "is larger than a VPC can be");
    line_refused("[network]\ncidr = \"8.8.0.0/16\"", "cidr", "is not a private network");
    line_refused("[network]\ncidr = \"10.20.1.0/16\"", "cidr", "\"10.20.0.0/16\"");
    line_refused("[network]\navoid = [\"10.0.0.0/8\"]", "[network]", "overlaps 10.0.0.0/8");
    line_refused("[network]\navoid = [\"192.168.0.0/16\", \"10.20.7.0/24\"]", "[network]", "overlaps 10.20.7.0/24");
    line_refused("[network]\nnat = \"per-zoen\"", "nat", "did you mean \"per-zone\"?");
    line_refused("[network]\nflow_log_retention_days = 10", "flow_log", "1, 3, 5, 7, 14, 30");
}

#[test]
fn what_cannot_be_read_is_one_mistake_and_not_two() {
    line_refused("[network]\ncidr = \"here\"\navoid = [\"10.0.0.0/8\"]", "cidr", "in CIDR notation");
    line_refused("[network]\navoid = [\"10.0.0.0/8\", \"there\"]", "avoid", "in CIDR notation");
    line_refused("calls = [\"ledger\", 1]", "calls", "must be a text");
    line_refused("[observability]\nalarm_emails = [\"a@b.c\", \"a@b.c\", \"a\"]", "emails", "is not an e-mail address");
    line_refused("[ingress]\nallowed_cidrs = [\"10.0.0.0/8\", \"10.0.0.0/8\", \"x\"]", "allowed", "in CIDR notation");
    line_refused("cpu = 3\nmemory = 2000", "cpu", "256, 512");
    line_refused("min_tasks = 0\nmax_tasks = 1", "min_tasks", "choose 2 to 5000");
}

#[test]
fn the_load_balancer() {
    line_refused("[ingress]\nallowed_cidrs = []", "allowed_cidrs", "nobody");
    line_refused(
        "[ingress]\nallowed_cidrs = [\"10.0.0.0/8\", \"10.1.0.0/16\"]",
        "allowed_cidrs",
        "lies within 10.0.0.0/8",
    );
    line_refused("[ingress]\nallowed_cidrs = [\"10.0.0.0/8\", \"10.0.0.0/8\"]", "allowed_cidrs", "lies within");
    let many: String = (0..21).map(|n| format!("\"10.{n}.0.0/16\",")).collect();
    line_refused(&format!("[ingress]\nallowed_cidrs = [{many}]"), "allowed_cidrs", "room for 20");
    line_refused("[ingress]\nidle_timeout_seconds = 0", "idle", "choose 1 to 4000");
    line_refused("[ingress]\nderegistration_delay_seconds = 3601", "dereg", "choose 0 to 3600");
    line_refused("[ingress.health_check]\ntimeout_seconds = 10", "timeout", "not less than the interval of 10");
    line_refused("[ingress.health_check]\nhealthy_threshold = 1", "healthy", "choose 2 to 10");
    line_refused("[ingress]\ncertificate_arn = \"arn:aws:iam::1:x\"", "certificate_arn", "acm list-certificates");
    let elsewhere = "arn:aws:acm:eu-west-1:123456789012:certificate/1234";
    line_refused(&format!("[ingress]\ncertificate_arn = \"{elsewhere}\""), "certificate_arn", "stands in us-east-1");
}

#[test]
fn mesh_cluster_observability_and_encryption() {
    line_refused("[mesh]\nprovider = \"istio\"", "provider", "write one of \"auto\", \"app-mesh\", \"envoy\"");
    line_refused("[mesh]\nenvoy_image = \"envoy\"", "envoy_image", "its tag or digest");
    line_refused("[mesh]\nauthority_days = 30", "authority_days", "must outlive");
    line_refused("[mesh]\nretries = -1", "retries", "choose 0 to 10");
    line_refused("[mesh]\noutlier_failures = 0", "outlier_failures", "choose 1 to 100");
    line_refused("[cluster]\ncontainer_insights = \"on\"", "insights", "\"enhanced\"");
    line_refused("[cluster]\nexecute_command = 1", "execute_command", "write `execute_command = true`");
    line_refused("[observability]\nlog_retention_days = 31", "retention", "365");
    let many: String = (0..51).map(|n| format!("\"a{n}@example.com\",")).collect();
    line_refused(&format!("[observability]\nalarm_emails = [{many}]"), "alarm_emails", "mailing list");
    line_refused("[observability]\nalarm_emails = [\"ops\"]", "emails", "is not an e-mail address");
    line_refused("[observability]\nalarm_emails = [\"a@b.c\", \"a@b.c\"]", "emails", "twice");
    line_refused("[observability]\nerror_rate_percent = 101", "error_rate", "choose 1 to 100");
    line_refused("[encryption]\nkey_deletion_days = 6", "key_deletion", "choose 7 to 30");
    line_refused("[encryption]\nkey_deletion_days = 31", "key_deletion", "choose 7 to 30");
}

#[test]
fn service_names() {
    line_refused("[services.Accounts]", "Accounts", "such as `accounts`");
    line_refused("[services.\"a.b\"]", "a.b", "such as `a-b`");
    line_refused("[services.\"\"]", "[services.\"\"]", "is not a name for a service");
    line_refused("[services.a-very-long-name-indeed]", "a-very", "at most 21 characters");
    line_refused("[services.alb]", "alb", "`alb-service`");
    refused_at("[platform]\nteam = \"a\"\ncost_center = \"b\"\n[services]", "[services]", "names no service");
    assert!(refuse("[platform]\nteam = \"a\"\ncost_center = \"b\"").to_string().contains("names no service"));
}

#[test]
fn more_services_than_a_load_balancer_takes() {
    let sections: String = (1..46).map(|n| format!("[services.s{n}]\n")).collect();
    let error = refuse(&with(&sections));
    assert_eq!(error.problems().len(), 1);
    assert!(error.to_string().contains("45 services"), "{error}");
}

#[test]
fn paths() {
    line_refused("path = \"payments\"", "path", "is not a path");
    line_refused("path = \"/pay*\"", "path", "is not a path");
    line_refused("path = \"/pay?a=b\"", "path", "is not a path");
    line_refused("health_path = \"healthz\"", "health_path", "\"/healthz\"");
    line_refused("[services.other]\npath = \"/payments\"", "[services.payments]", "is \"/payments\", which is also");
    line_refused("[services.cards]\npath = \"/payments/cards\"", "path =", "nothing says which is tried first");
    line_refused("[services.all]\npath = \"/\"", "[services.payments]", "lies within \"/\" of `all`");
    line_refused("path_priority = 0", "path_priority", "choose 1 to 1000");
    // A priority that cannot be read leaves nothing to say about the order.
    line_refused(
        "path_priority = 0\n[services.cards]\npath = \"/payments/cards\"",
        "path_priority",
        "choose 1 to 1000",
    );
    let cards = |outer: u32, inner: u32| {
        format!("path_priority = {outer}\n[services.cards]\npath = \"/payments/cards\"\npath_priority = {inner}")
    };
    line_refused(&cards(10, 11), "path_priority = 11", "no request would ever reach");
    line_refused(&cards(10, 99), "path_priority = 99", "no request would ever reach");
    let same = refuse(&with(&cards(10, 10)));
    assert!(same.to_string().contains("is 10, as that of `payments`"), "{same}");
}

#[test]
fn three_services_with_one_path_are_all_named() {
    let error = refuse(&with("[services.a]\npath = \"/payments\"\n[services.b]\npath = \"/payments\""));
    let said = format!("{error:?}");
    for pair in
        ["services.payments.path` is \"/payments\", which is also the path of `a`", "of `b`", "services.b.path`"]
    {
        assert!(said.contains(pair), "{said}");
    }
}

#[test]
fn calls() {
    line_refused("calls = [\"acounts\"]\n[services.accounts]", "calls", "did you mean \"accounts\"?");
    line_refused("calls = [\"ledger\"]\n[services.accounts]", "calls", "the other services are accounts");
    line_refused("calls = [\"accounts\"]", "calls", "there is no other service");
    line_refused("calls = [\"payments\"]", "calls", "names the service itself");
    let edge = "calls = [\"accounts\"]\n[services.accounts]\n[services.payments.edges.";
    line_refused(&format!("{edge}acounts]"), "acounts", "did you mean `accounts`?");
    line_refused(&format!("{edge}accounts]\nretries = 11"), "retries", "choose 0 to 10");
    line_refused("calls = [\"accounts\", \"accounts\"]\n[services.accounts]", "calls", "names `accounts` twice");
}

#[test]
fn sizes_and_tasks() {
    line_refused("cpu = 1000", "cpu", "256, 512, 1024");
    line_refused("memory = 2000", "memory", "2048, 3072, 4096, 5120, 6144, 7168, 8192");
    line_refused("cpu = 2048", "cpu", "needs another memory than the default of 2048 MiB");
    line_refused("cpu = 256\nmemory = 4096", "memory", "512, 1024, 2048 (MiB)");
    line_refused(
        "cpu = 256\nmemory = 512\n[mesh]\nprovider = \"app-mesh\"",
        "memory",
        "App Mesh's sidecars (set memory = 1024",
    );
    line_refused("min_tasks = 1", "min_tasks", "choose 2 to 5000");
    line_refused("min_tasks = 5\nmax_tasks = 4", "max_tasks", "below the 5");
    line_refused("max_tasks = 1", "max_tasks", "below the 2");
    line_refused("on_demand_base = 11", "on_demand_base", "more than the 10");
    line_refused("cpu_target_percent = 0", "cpu_target", "choose 1 to 100");
    line_refused("requests_per_task = 0", "requests_per_task", "choose 1 to");
    line_refused("bake_minutes = 1441", "bake_minutes", "choose 0 to 1440");
    line_refused("stop_timeout_seconds = 121", "stop_timeout", "choose 2 to 120");
    line_refused("max_tasks = 99999999999999999999999999999999999999999999999", "max_tasks", "choose 1 to 5000");
}

#[test]
fn ports_images_tables_and_variables() {
    line_refused("port = 80", "port", "a port such as 8080");
    line_refused("port = 70000", "port", "1024 to 65535");
    line_refused("port = 15001", "port", "15000 to 15199");
    line_refused("image = \"Pay:1\"", "image", "is not an image");
    line_refused("table = {}", "table", "`services.payments.table.partition_key` is missing");
    line_refused("table = { partition_key = \"\" }", "table", "is not a name for a key");
    line_refused("table = { partition_key = \"id\", sort_key = \"id\" }", "table", "is the partition key");
    line_refused("environment = { PORT = \"1\" }", "environment", "is set by the platform");
    line_refused("environment = { AWS_REGION = \"x\" }", "environment", "is set by the platform");
    line_refused("environment = { A-B = \"x\" }", "environment", "LOG_LEVEL");
    line_refused("bucket = true\nenvironment = { BUCKET_NAME = \"x\" }", "environment", "is set by the platform");
    line_refused(
        "calls = [\"user-accounts\"]\nenvironment = { USER_ACCOUNTS_URL = \"x\" }\n[services.user-accounts]",
        "environment",
        "is set by the platform",
    );
    line_refused("credentials = true\nenvironment = { DATABASE_PASSWORD = \"x\" }", "environment", "is set by");
    line_refused(
        "table = { partition_key = \"id\" }\nenvironment = { TABLE_NAME = \"x\" }",
        "environment",
        "is set by",
    );
    line_refused(&format!("environment = {{ A = \"{}\" }}", "x".repeat(17_000)), "environment", "too large");
}

#[test]
fn databases() {
    line_refused("database = true", "database", "asks for a database, and there is none");
    line_refused("database = true\ncredentials = false\n[database]", "database", "needs credentials");
    for (lines, part) in [
        ("engine_version = \"16\"", "is not a version of Aurora PostgreSQL"),
        ("engine_version = \"16.2\"", "is not a version of Aurora PostgreSQL"),
        ("min_capacity = 0.3", "in steps of 0.5"),
        ("min_capacity = \"1\"", "must be a number, not a text"),
        ("max_capacity = 0.5", "from 1 to 256"),
        ("max_capacity = 257", "from 1 to 256"),
        ("min_capacity = 5", "below the 5 of `min_capacity`"),
        ("pause_after_seconds = 600", "but it never does"),
        ("min_capacity = 0\npause_after_seconds = 10", "must lie between 300 and 86400"),
        ("backup_days = 36", "must lie between 1 and 35"),
        ("rotation_days = 0", "must lie between 1 and 1000"),
        ("engine = \"x\"", "is not known"),
    ] {
        let error = refuse(&with(&format!("[database]\n{lines}")));
        assert!(error.to_string().contains(part) && error.problems().len() == 1, "{lines}: {error}");
        assert!(error.problems()[0].position().is_some_and(|(line, _)| line >= 6), "{lines}");
    }
}

#[test]
fn every_problem_is_reported_in_the_order_of_the_file() {
    let error = refuse("[platform]\nteam = \"\"\n[services.a]\nprot = 1\ncpu = 3\ncalls = [\"b\", \"a\"]\n");
    let places: Vec<_> = error.problems().iter().map(|problem| problem.position()).collect();
    assert_eq!(places, [Some((1, 1)), Some((2, 8)), Some((4, 1)), Some((5, 7)), Some((6, 10)), Some((6, 15))]);
    assert_eq!(error.to_string(), "platform.toml has 6 problems");
}

#[test]
fn a_hundred_problems_are_not_all_listed() {
    let keys: String = (0..100).map(|n| format!("unknown_key_{n} = 1\n")).collect();
    let error = refuse(&with(&keys));
    assert_eq!(error.problems().len(), 51);
    assert!(format!("{error:?}").contains("50 more problems are not shown"));
}

#[test]
fn suffixes() {
    assert_eq!(EnvSuffix::parse("").expect_err("empty").to_string(), "--env-suffix: the suffix is empty");
    for (bad, column) in
        [("Dev", 1), ("deV", 3), ("1dev", 1), ("-dev", 1), ("dev-", 4), ("d--v", 3), ("d_v", 2), ("d v", 2), ("dé", 2)]
    {
        let error = EnvSuffix::parse(bad).expect_err(bad);
        assert_eq!(error.problems()[0].position(), Some((1, column)), "{bad}");
        assert!(error.problems()[0].remedy().contains("such as `d"), "{}", error.problems()[0].remedy());
    }
    let long = EnvSuffix::parse("a23456789012345678901").expect_err("21 characters");
    assert_eq!(long.problems()[0].position(), Some((1, 21)));
}

#[test]
fn names_that_exceed_a_limit_are_refused_at_the_service() {
    let config = read(&with("[services.notifications]"));
    let error = config.check_names(&EnvSuffix::parse("feature-12").unwrap()).expect_err("33 characters");
    assert_eq!(error.problems().len(), 1);
    assert_eq!(error.problems()[0].position(), Some((6, 11)));
    assert!(error.to_string().contains("is 1 character too long for the suffix `feature-12`"), "{error}");
}

#[test]
fn another_region_must_be_one_and_fit_the_zones() {
    let error = read(LEAST).in_region("mars-north").expect_err("no region");
    assert_eq!(error.name(), "--region");
    let zones = "[platform]\nzones = [\"us-east-1a\", \"us-east-1b\", \"us-east-1c\"]\n";
    let error =
        read(&LEAST.replace("[platform]\n", zones)).in_region("eu-west-1").expect_err("zones of another region");
    assert_eq!(error.problems()[0].position().map(|(line, _)| line), Some(2));
}
