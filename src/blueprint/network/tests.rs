//! What the chapter writes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::{
    blueprint::examples,
    config::{Config, parse},
    engine::{Blueprint, Key, Node},
};

const SERVICES: &str = r#"
    [platform]
    team = "platform"
    cost_center = "cc-1001"
    [services.payments]
    calls = ["accounts", "notifications"]
    [services.accounts]
    calls = ["notifications"]
    [services.notifications]
"#;

fn config(more: &str) -> Config {
    parse("platform.toml", &format!("{SERVICES}\n{more}")).expect("the configuration is right")
}

fn write(config: &Config) -> Blueprint {
    let (suffix, facts) = (examples::suffix(), examples::facts());
    let mut draft = Draft::new(config, &suffix, &facts);
    add(&mut draft);
    draft.blueprint.check().expect("references point backwards and keys are unique");
    draft.blueprint
}

fn of_kind<'a>(blueprint: &'a Blueprint, kind: &'a str) -> impl Iterator<Item = &'a Node> {
    blueprint.nodes().iter().filter(move |node| node.key.kind() == kind)
}

fn keys(blueprint: &Blueprint, kind: &str) -> Vec<String> {
    of_kind(blueprint, kind).map(|node| node.key.name().to_owned()).collect()
}

/// Every rule as text: `payments egress tcp 443 0.0.0.0/0`.
fn rules(blueprint: &Blueprint) -> BTreeSet<String> {
    let name = |value: &Value| {
        let reference = value["$ref"].as_str().and_then(|text| text.split_once('#')).expect("a reference");
        reference.0.parse::<Key>().expect("a key").name().to_owned()
    };
    let text = |node: &Node| {
        let spec = &node.spec;
        let peer = match spec["peer"]["cidr"].as_str() {
            Some(range) => range.to_owned(),
            None => name(&spec["peer"]["group"]),
        };
        assert_eq!(spec["ports"]["from"], spec["ports"]["to"]);
        let word = |field: &str| spec[field].as_str().expect("a word").to_owned();
        format!("{} {} {} {} {peer}", name(&spec["group"]), word("direction"), word("protocol"), spec["ports"]["from"])
    };
    of_kind(blueprint, "security-group-rule").map(text).collect()
}

fn spec<'a>(blueprint: &'a Blueprint, kind: &str, name: &str) -> &'a Value {
    &blueprint.get(&Key::new(kind, name)).expect("it is in the blueprint").spec
}

#[test]
fn each_zone_has_a_public_and_a_private_subnet() {
    let blueprint = write(&config(""));
    let subnets: Vec<(&str, &str, &Value)> =
        of_kind(&blueprint, "subnet").map(|node| (node.key.name(), node.name.as_str(), &node.spec["zone"])).collect();
    assert_eq!(
        subnets,
        [
            ("public-a", "subnet-public-a-dev", &json!("us-east-1a")),
            ("public-b", "subnet-public-b-dev", &json!("us-east-1b")),
            ("public-c", "subnet-public-c-dev", &json!("us-east-1c")),
            ("private-a", "subnet-private-a-dev", &json!("us-east-1a")),
            ("private-b", "subnet-private-b-dev", &json!("us-east-1b")),
            ("private-c", "subnet-private-c-dev", &json!("us-east-1c")),
        ]
    );
    let ranges: Vec<Ipv4Net> = of_kind(&blueprint, "subnet")
        .map(|node| serde_json::from_value(node.spec["cidr"].clone()).expect("a range"))
        .collect();
    let vpc: Ipv4Net = serde_json::from_value(spec(&blueprint, "vpc", "main")["cidr"].clone()).expect("a range");
    for (position, one) in ranges.iter().enumerate() {
        assert!(vpc.contains(one));
        assert!(ranges[..position].iter().all(|other| !other.contains(one) && !one.contains(other)), "{one}");
    }
}

#[test]
fn each_private_table_leads_through_the_gateway_of_its_zone_or_the_only_one() {
    let through = |blueprint: &Blueprint| -> Vec<Value> {
        of_kind(blueprint, "nat-route").map(|node| node.spec["gateway"]["$ref"].clone()).collect()
    };
    let per_zone = write(&config(""));
    assert_eq!(keys(&per_zone, "nat-gateway"), ["a", "b", "c"]);
    assert_eq!(keys(&per_zone, "elastic-ip"), ["a", "b", "c"]);
    assert_eq!(through(&per_zone), ["nat-gateway/a#id", "nat-gateway/b#id", "nat-gateway/c#id"]);
    let single = write(&config("[network]\nnat = \"single\""));
    assert_eq!((keys(&single, "nat-gateway"), keys(&single, "elastic-ip")), (vec!["a".into()], vec!["a".into()]));
    assert_eq!(through(&single), ["nat-gateway/a#id", "nat-gateway/a#id", "nat-gateway/a#id"]);
}

#[test]
fn nothing_waits_for_a_nat_gateway_but_the_routes_through_it() {
    let blueprint = write(&config(""));
    let waiting: BTreeSet<&str> = blueprint
        .nodes()
        .iter()
        .filter(|node| node.dependencies().iter().any(|key| key.kind() == "nat-gateway"))
        .map(|node| node.key.kind())
        .collect();
    assert_eq!(waiting, BTreeSet::from(["nat-route"]));
}

#[test]
fn endpoints_and_internet_gateway_serve_the_right_tables() {
    let blueprint = write(&config(""));
    assert_eq!(spec(&blueprint, "route-table", "public")["routes"][0]["target"]["$ref"], "internet-gateway/main#id");
    for service in ["s3", "dynamodb"] {
        let endpoint = spec(&blueprint, "vpc-endpoint", service);
        assert_eq!(endpoint["service"], format!("com.amazonaws.us-east-1.{service}"));
        let tables = endpoint["route_tables"].as_array().expect("a list");
        let tables: Vec<&str> = tables.iter().filter_map(|table| table["$ref"].as_str()).collect();
        assert_eq!(
            tables,
            ["route-table/private-a#id", "route-table/private-b#id", "route-table/private-c#id"],
            "{service}"
        );
    }
}

#[test]
fn groups_are_open_exactly_along_the_declared_calls() {
    let mut expected: BTreeSet<String> = [
        "alb ingress tcp 80 0.0.0.0/0",
        "alb egress tcp 15008 payments",
        "alb egress tcp 15008 accounts",
        "alb egress tcp 15008 notifications",
        "payments egress tcp 15006 accounts",
        "accounts ingress tcp 15006 payments",
        "payments egress tcp 15006 notifications",
        "notifications ingress tcp 15006 payments",
        "accounts egress tcp 15006 notifications",
        "notifications ingress tcp 15006 accounts",
    ]
    .map(str::to_owned)
    .into();
    for service in ["payments", "accounts", "notifications"] {
        expected.extend([
            format!("{service} ingress tcp 15008 alb"),
            format!("{service} egress tcp 443 0.0.0.0/0"),
            format!("{service} egress tcp 53 10.20.0.0/16"),
            format!("{service} egress udp 53 10.20.0.0/16"),
        ]);
    }
    assert_eq!(rules(&write(&config(""))), expected);
}

#[test]
fn https_and_the_allowed_ranges_open_the_load_balancer() {
    let arn = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";
    let more =
        format!("[ingress]\ncertificate_arn = \"{arn}\"\nallowed_cidrs = [\"192.0.2.0/24\", \"198.51.100.0/24\"]");
    let rules = rules(&write(&config(&more)));
    let open: Vec<&str> = rules.iter().filter_map(|rule| rule.strip_prefix("alb ingress tcp ")).collect();
    assert_eq!(open, ["443 192.0.2.0/24", "443 198.51.100.0/24", "80 192.0.2.0/24", "80 198.51.100.0/24"]);
}

#[test]
fn descriptions_keep_to_the_characters_that_ec2_takes() {
    // EC2 API reference, CreateSecurityGroup and IpRange: a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*
    let fits = |text: &str| {
        text.len() <= 255
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(letter))
    };
    let blueprint = write(&config(""));
    for kind in ["security-group", "security-group-rule"] {
        for node in of_kind(&blueprint, kind) {
            let text = node.spec["description"].as_str().expect("a text");
            assert!(fits(text), "{}: {text}", node.key);
        }
    }
}

#[test]
fn flow_logs_go_to_an_encrypted_group() {
    let config = config("[network]\nflow_log_retention_days = 90");
    let (suffix, facts) = (examples::suffix(), examples::facts());
    let mut draft = Draft::new(&config, &suffix, &facts);
    let network = add(&mut draft);
    let key = KmsKey { description: String::new(), policy: json!({}), rotation: true, deletion_window_days: 7 };
    let key = draft.add(Chapter::Encryption, "main", &["kms-key"], key);
    let role =
        Role { description: String::new(), trust: json!({}), policies: BTreeMap::new(), managed: BTreeSet::new() };
    let role = draft.add(Chapter::Identity, "flow-logs", &["role", "flow-logs"], role);
    add_flow_logs(&mut draft, &network, &key, &role);
    draft.blueprint.check().expect("references point backwards");
    let group = draft.blueprint.get(&Key::new("log-group", "flow-logs")).expect("it is there");
    assert_eq!(group.name, "/platformctl/dev/flow-logs");
    assert_eq!((&group.spec["retention_days"], &group.spec["key"]["$ref"]), (&json!(90), &json!("kms-key/main#arn")));
    let log = spec(&draft.blueprint, "flow-log", "vpc");
    assert_eq!(log["log_group"]["$ref"], "log-group/flow-logs#name");
    assert_eq!(log["role"]["$ref"], "iam-role/flow-logs#arn");
}
