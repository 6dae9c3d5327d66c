//! What the tests of scaling and observability build on: the chapters before them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    aws::{
        ecs::{Cluster, Service},
        kms::KmsKey,
    },
    blueprint::{Draft, Encryption, Facts, Ingress, Rotation, cluster, data, ingress, network},
    config::{Config, EnvSuffix, parse},
    engine::{Chapter, Handle, Output},
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

/// A configuration of three services, and an account.
pub struct Bench {
    config: Config,
    suffix: EnvSuffix,
    /// The account; without App Mesh.
    pub facts: Facts,
}

/// The chapters, each under its name.
pub struct Before {
    pub encryption: Encryption,
    pub ingress: Ingress,
    pub cluster: Handle<Cluster>,
    pub services: BTreeMap<String, Handle<Service>>,
}

impl Bench {
    /// With more sections of the configuration.
    pub fn new(more: &str) -> Self {
        let facts = Facts {
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            partition: "aws".to_owned(),
            zones: ["us-east-1a", "us-east-1b", "us-east-1c"].map(str::to_owned),
            mesh: Default::default(),
            rotator: Default::default(),
            rotation: Rotation::default(),
        };
        let config = parse("platform.toml", &format!("{SERVICES}\n{more}")).expect("the configuration is right");
        Bench { config, suffix: EnvSuffix::parse("dev").expect("a suffix"), facts }
    }

    /// An empty draft.
    pub fn draft(&self) -> Draft<'_> {
        Draft::new(&self.config, &self.suffix, &self.facts)
    }

    /// Writes what comes before into it.
    pub fn before(&self, draft: &mut Draft<'_>) -> Before {
        let key = KmsKey { description: String::new(), policy: Value::Null, rotation: true, deletion_window_days: 7 };
        let encryption = Encryption { key: draft.add(Chapter::Encryption, "main", &["kms-key"], key) };
        let network = network::add(draft);
        let data = data::add(draft, &encryption);
        let ingress = ingress::add(draft, &network, &data);
        let cluster = cluster::add(draft, &encryption);
        let mut add = |name: &String| draft.add(Chapter::Services, name, &["service", name], service());
        let services = self.config.services.keys().map(|name| (name.clone(), add(name))).collect();
        Before { encryption, ingress, cluster, services }
    }
}

/// A service of which only the key matters here.
fn service() -> Service {
    let unknown = String::new;
    Service {
        cluster: Output::known(unknown()),
        task_definition: Output::known(unknown()),
        desired_count: 2,
        capacity: Vec::new(),
        subnets: Vec::new(),
        security_groups: Vec::new(),
        container: unknown(),
        container_port: 0,
        target_groups: Vec::new(),
        production_rule: Output::known(unknown()),
        test_rule: Output::known(unknown()),
        balancer_role: Output::known(unknown()),
        registry: Output::known(unknown()),
        strategy: unknown(),
        step: None,
        bake_minutes: 0,
        circuit_breaker: true,
        alarms: Vec::new(),
        pauses: Vec::new(),
        grace_seconds: 0,
        execute_command: false,
        after: Vec::new(),
    }
}
