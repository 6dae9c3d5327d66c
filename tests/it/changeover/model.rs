//! All task definitions that a change can bring together, without a run: for drawn configurations, each edge, each pair of revisions of each
//! phase, each set of rules that there can be meanwhile.

use std::collections::BTreeMap;

use platformctl::{
    blueprint::{self, Facts, Rotation},
    config::{self, Config, EnvSuffix},
    engine::{Blueprint, Key, Reference, output},
    mesh::DataPlane,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::reach::{Around, Container, Definition, Rule, Task, reaches};

/// A configuration of some services that call each other at random, in circles too.
fn drawn(seed: u64) -> Config {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let count = random.random_range(2..7);
    let mut text = "[platform]\nteam = \"a\"\ncost_center = \"b\"\n".to_owned();
    for one in 0..count {
        let callees: Vec<String> = (0..count)
            .filter(|other| *other != one && random.random_bool(0.5))
            .map(|other| format!("\"service-{other}\""))
            .collect();
        let port = random.random_range(1024..9000);
        text.push_str(&format!("[services.service-{one}]\nport = {port}\ncalls = [{}]\n", callees.join(", ")));
    }
    config::parse("platform.toml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn build(config: &Config, mesh: DataPlane) -> Blueprint {
    let facts = Facts {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        partition: "aws".to_owned(),
        zones: ["a", "b", "c"].map(|zone| format!("us-east-1{zone}")),
        mesh,
        rotator: Default::default(),
        rotation: Rotation::default(),
    };
    blueprint::build(config, &EnvSuffix::parse("dev").expect("a suffix"), &facts)
}

/// What a reference becomes: names where names are used, the path where it is an ARN.
fn resolved(blueprint: &Blueprint, spec: &Value) -> Value {
    output::resolve(spec, &|reference: &Reference| {
        let name = &blueprint.get(&reference.key)?.name;
        let value = match (reference.key.kind(), reference.output.as_str()) {
            ("virtual-node", "arn") => format!("arn:aws:appmesh:us-east-1:1:mesh/mesh-dev/virtualNode/{name}"),
            ("security-group", _) => reference.key.name().to_owned(),
            _ => name.clone(),
        };
        Some(value)
    })
}

fn texts(map: &Value) -> BTreeMap<String, String> {
    let entries = map.as_object().into_iter().flatten();
    entries.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// The task definition as AWS has it.
fn definition(blueprint: &Blueprint, service: &str) -> Definition {
    let node = blueprint.get(&Key::new("task-definition", service)).expect("there");
    let spec = resolved(blueprint, &node.spec);
    let all = spec["sidecars"].as_array().expect("containers").iter().chain([&spec["application"]]);
    let container = |it: &Value| {
        let ports = it["ports"].as_array().expect("ports").iter().filter_map(Value::as_u64);
        let ports = ports.map(|port| u16::try_from(port).expect("a port")).collect();
        let user = it["user"].as_str().map(str::to_owned);
        (
            it["name"].as_str().expect("a name").to_owned(),
            Container { environment: texts(&it["environment"]), ports, user },
        )
    };
    let proxy = Some(&spec["proxy"]).filter(|proxy| !proxy.is_null()).map(|proxy| {
        let ports: Vec<String> =
            proxy["application_ports"].as_array().expect("ports").iter().map(Value::to_string).collect();
        let properties = [
            ("AppPorts", ports.join(",")),
            ("ProxyEgressPort", proxy["egress_port"].to_string()),
            ("IgnoredUID", proxy["ignored_user"].to_string()),
        ];
        let properties = properties.map(|(name, value)| (name.to_owned(), value)).into();
        (proxy["container"].as_str().expect("a name").to_owned(), properties)
    });
    Definition { containers: all.map(container).collect(), proxy }
}

fn rules(blueprint: &Blueprint) -> Vec<Rule> {
    let nodes = blueprint.nodes().iter().filter(|node| node.key.kind() == "security-group-rule");
    let rule = |spec: Value| {
        Some(Rule {
            group: spec["group"].as_str()?.to_owned(),
            is_egress: spec["direction"] == "egress",
            port: spec["ports"]["from"].as_u64().and_then(|port| u16::try_from(port).ok())?,
            peer: spec["peer"]["group"].as_str()?.to_owned(),
        })
    };
    nodes.filter_map(|node| rule(resolved(blueprint, &node.spec))).collect()
}

fn app_mesh(blueprint: &Blueprint) -> BTreeMap<String, Value> {
    let nodes = blueprint.nodes().iter().filter_map(|node| {
        let spec = resolved(blueprint, &node.spec);
        let path = match node.key.kind() {
            "virtual-node" => format!("mesh/mesh-dev/virtualNode/{}", node.name),
            "virtual-service" => format!("mesh/mesh-dev/virtualService/{}", node.name),
            "mesh-route" => format!("mesh/mesh-dev/virtualRouter/{}/route/{}", spec["router"].as_str()?, node.name),
            _ => return None,
        };
        Some((path, spec["spec"].clone()))
    });
    nodes.collect()
}

/// Calls that find no way while services are of these two data planes, each in any mixture.
fn broken(config: &Config, from: DataPlane, to: DataPlane) -> Vec<String> {
    let (before, after) = (build(config, from), build(config, to));
    // What is needed is made before services roll, and what is not needed any more goes after: meanwhile there is all of both.
    let mut rules_meanwhile = rules(&before);
    rules_meanwhile.extend(rules(&after));
    let mut told = app_mesh(&before);
    told.extend(app_mesh(&after));
    let around = Around { rules: &rules_meanwhile, app_mesh: &told };
    let mut broken = Vec::new();
    for (caller, service) in &config.services {
        for callee in &service.calls {
            for (one, from) in [(&before, "before"), (&after, "after")] {
                for (other, to) in [(&before, "before"), (&after, "after")] {
                    let (one, other) = (definition(one, caller), definition(other, callee));
                    let task = Task { service: caller, definition: &one, group: caller };
                    let peer = Task { service: callee, definition: &other, group: callee };
                    if let Err(why) = reaches(task, peer, &around) {
                        broken.push(format!("{caller} {from} → {callee} {to}: {why}"));
                    }
                }
            }
        }
    }
    broken
}

#[test]
fn within_each_phase_every_call_finds_its_way_whatever_has_rolled() {
    let mut edges = 0;
    for seed in 0..8 {
        let config = drawn(seed);
        edges += config.services.values().map(|service| service.calls.len()).sum::<usize>();
        for pair in DataPlane::ALL.windows(2) {
            for (from, to) in [(pair[0], pair[1]), (pair[1], pair[0])] {
                let broken = broken(&config, from, to);
                assert!(broken.is_empty(), "seed {seed}, {from} to {to}: {broken:#?}");
            }
        }
    }
    assert!(edges > 30, "{edges} edges are too few to say anything");
}

/// The change in one step, and each that leaves a phase out, would break calls: between what has changed and what has not.
#[test]
fn a_change_that_leaves_a_phase_out_breaks_calls() {
    let config = drawn(1);
    let edges: usize = config.services.values().map(|service| service.calls.len()).sum();
    assert!(edges > 2, "{edges}");
    use DataPlane::{AppMesh, BothCallingAppMesh, BothCallingEnvoy, Envoy};
    for (from, to) in [(AppMesh, BothCallingEnvoy), (BothCallingAppMesh, Envoy)] {
        assert_eq!(broken(&config, from, to).len(), edges, "callers of one way, callees of the other: {from} to {to}");
    }
    assert_eq!(broken(&config, AppMesh, Envoy).len(), 2 * edges, "both ways");
}

/// Rules that are opened or closed at the wrong end of a phase would break calls, too.
#[test]
fn rules_of_both_ways_are_open_while_both_are_called() {
    let config = drawn(1);
    for plane in [DataPlane::BothCallingAppMesh, DataPlane::BothCallingEnvoy] {
        let count = |of: DataPlane| rules(&build(&config, of)).len();
        let edges: usize = config.services.values().map(|service| service.calls.len()).sum();
        assert_eq!(count(plane), count(DataPlane::Envoy) + 2 * edges);
        assert_eq!(count(DataPlane::AppMesh), count(DataPlane::Envoy));
    }
}
