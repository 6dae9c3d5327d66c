//! Envoy itself accepts the bootstrap of every service of any configuration that platformctl accepts.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::Path,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use platformctl::{
    blueprint::{self, Draft, Facts, Rotation},
    config::{self, EnvSuffix},
    mesh::{
        MeshModel,
        envoy::{Layout, bootstrap, ingress_bootstrap, sds_leaf, sds_trust},
    },
};
use proptest::{
    collection::{btree_set, vec},
    prelude::*,
    test_runner::{Config, RngSeed, TestRunner},
};

use crate::support::{envoy, world::EXAMPLE};

/// So many configurations; Envoy takes about a fifth of a second for each of their services.
const CASES: u32 = 5;

/// One service: its callees by position, and what else bears on the bootstrap.
#[derive(Clone, Debug)]
struct Service {
    calls: BTreeSet<usize>,
    port: u16,
    health: &'static str,
    edge: (u32, u32, u32, u32),
}

fn service() -> impl Strategy<Value = Service> {
    let health = prop::sample::select(vec!["/healthz", "/", "/a/b-c_d~e/up", "/v1/status.json"]);
    let edge = (1..=300_u32, 0..=10_u32, 1..=100_u32, 1..=300_u32);
    let port = prop_oneof![1024..=8000_u16, 16_000..=65_535_u16];
    let calls = btree_set(0..30_usize, 0..=6);
    (calls, port, health, edge).prop_map(|(calls, port, health, edge)| Service { calls, port, health, edge })
}

fn services() -> impl Strategy<Value = Vec<Service>> {
    // The extremes are always among them.
    prop_oneof![2 => vec(service(), 1..=8), 1 => vec(service(), 30), 1 => vec(service(), 1)]
}

/// Names with and without hyphens and digits.
fn name(index: usize) -> String {
    ["s", "a-b-", "svc"][index % 3].to_owned() + &format!("{index}")
}

fn text(services: &[Service]) -> String {
    let mut text = String::from("[platform]\nteam = \"t\"\ncost_center = \"c\"\n");
    let _ = writeln!(text, "[mesh]\naccess_log_percent = {}", services.first().map_or(100, |first| first.edge.2));
    for (index, service) in services.iter().enumerate() {
        let callees: Vec<usize> =
            service.calls.iter().copied().filter(|callee| *callee < services.len() && *callee != index).collect();
        let calls: Vec<String> = callees.iter().map(|callee| format!("\"{}\"", name(*callee))).collect();
        let (port, health, own) = (service.port, service.health, name(index));
        let _ = write!(
            text,
            "[services.{own}]\nport = {port}\nhealth_path = \"{health}\"\ncalls = [{}]\n",
            calls.join(", ")
        );
        if let Some(callee) = callees.first() {
            let (timeout, retries, failures, ejection) = service.edge;
            let _ = write!(
                text,
                "[services.{own}.edges.{}]\nrequest_timeout_seconds = {timeout}\nretries = {retries}\n\
                 outlier_failures = {failures}\noutlier_ejection_seconds = {ejection}\n",
                name(*callee)
            );
        }
    }
    text
}

fn model(text: &str) -> MeshModel {
    let config = config::parse("platform.toml", text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let facts = Facts {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        partition: "aws".to_owned(),
        zones: ["a", "b", "c"].map(|zone| format!("us-east-1{zone}")),
        mesh: Default::default(),
        rotator: Default::default(),
        rotation: Rotation::default(),
    };
    let suffix = EnvSuffix::parse("pr-1").expect("a suffix");
    blueprint::mesh::model(&Draft::new(&config, &suffix, &facts))
}

/// Production's layout but for the two directories, which Envoy opens also when it only validates.
fn layout(directory: &Path) -> Layout {
    let below = |name: &str| directory.join(name).display().to_string();
    Layout { keys_dir: below("keys"), sds_dir: below("sds"), ..Layout::fargate() }
}

/// What Envoy has against a bootstrap.
fn objection(directory: &Path, file: &str) -> Option<String> {
    let output = Command::new(envoy::binary())
        .args(["--mode", "validate", "--log-level", "warning", "-c"])
        .arg(directory.join(file))
        .output()
        .expect("Envoy runs");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let good = said.contains(&format!("{file}' OK")) && !said.contains("[warning]") && !said.contains("eprecated");
    (!good).then_some(said)
}

/// Has Envoy look at the bootstraps, two at a time, and gives the first objection.
fn validate(bootstraps: &[serde_json::Value], directory: &Path) -> Result<(), String> {
    let files: Vec<String> = (0..bootstraps.len()).map(|index| format!("envoy-{index}.json")).collect();
    for (bootstrap, file) in bootstraps.iter().zip(&files) {
        std::fs::write(directory.join(file), bootstrap.to_string()).expect("a file");
    }
    let next = AtomicUsize::new(0);
    let look = || {
        let mut found = Vec::new();
        while let Some(file) = files.get(next.fetch_add(1, Ordering::SeqCst)) {
            found.extend(objection(directory, file));
        }
        found
    };
    let objections = thread::scope(|scope| {
        let workers = [scope.spawn(look), scope.spawn(look)];
        workers.map(|worker| worker.join().expect("no panic")).concat()
    });
    objections.into_iter().next().map_or(Ok(()), Err)
}

fn prepared() -> (tempfile::TempDir, Layout) {
    let directory = tempfile::tempdir().expect("a directory");
    let layout = layout(directory.path());
    for (name, file) in [("leaf", sds_leaf(&layout)), ("trust", sds_trust(&layout))] {
        std::fs::create_dir_all(&layout.sds_dir).expect("a directory");
        std::fs::write(Path::new(&layout.sds_dir).join(format!("{name}.json")), file.to_string()).expect("a file");
    }
    // What is loaded while it validates is really there.
    let (current, world) = (Path::new(&layout.keys_dir).join("current"), crate::support::World::new());
    let secret = world.issue("payments");
    std::fs::create_dir_all(&current).expect("a directory");
    let files =
        [("cert_chain", &secret.cert_chain), ("private_key", &secret.private_key), ("ca_bundle", &secret.ca_bundle)];
    for (name, text) in files {
        std::fs::write(current.join(format!("{name}.pem")), text).expect("a file");
    }
    (directory, layout)
}

#[test]
fn envoy_accepts_every_bootstrap_of_any_configuration() {
    let config = Config {
        cases: CASES,
        rng_seed: RngSeed::Fixed(20_261_127),
        failure_persistence: None,
        max_shrink_iters: 30,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&services(), |services| {
        let (directory, layout) = prepared();
        let model = model(&text(&services));
        let each = model.services().keys();
        let bootstraps: Vec<_> = each.map(|name| bootstrap(&model, name, &layout).expect("it exists")).collect();
        validate(&bootstraps, directory.path()).map_err(TestCaseError::fail)
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn envoy_accepts_every_kind_of_bootstrap() {
    let (directory, layout) = prepared();
    let model = model(EXAMPLE);
    let with_tls = Layout { ingress_tls: true, ..layout.clone() };
    let Layout { admin_port, by_name, .. } = Layout::beside_app_mesh();
    let beside = Layout { admin_port, by_name, ..layout.clone() };
    let mut kinds: Vec<_> =
        model.services().keys().map(|name| bootstrap(&model, name, &layout).expect("it exists")).collect();
    kinds.push(bootstrap(&model, "payments", &with_tls).expect("it exists"));
    kinds.push(ingress_bootstrap(&model, "payments", &beside).expect("it exists"));
    kinds.push(bootstrap(&model, "payments", &beside).expect("it exists"));
    assert_eq!(validate(&kinds, directory.path()), Ok(()));
    // Were it to accept everything, this would prove nothing.
    kinds[0]["static_resources"]["clusters"][0]["connect_timeout"] = "soon".into();
    assert!(validate(&kinds, directory.path()).is_err());
}
